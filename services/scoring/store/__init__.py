"""SQL of scoring, one module a noun."""
