"""One function per SQL statement, one module per noun, all in the caller's transaction."""
