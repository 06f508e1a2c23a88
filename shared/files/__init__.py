"""Files from outside: opened in a child, made anew, and never kept as they came."""
