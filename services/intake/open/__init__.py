"""Open figures: what was counted of all that came in, for anybody, and nobody recognisable."""
