"""The directory's SQL, one module per noun."""
