"""Photos and recordings: opened in a child, made anew, sealed, and kept beside the database."""
