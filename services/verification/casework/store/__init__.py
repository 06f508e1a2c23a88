"""Verification's SQL, one function per statement, one module per noun."""
