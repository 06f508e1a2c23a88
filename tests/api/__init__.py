"""The public API under generated cases, each and in chains that follow its own links."""
