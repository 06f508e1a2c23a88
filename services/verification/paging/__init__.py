"""Paging: an urgent request rings for who is on duty until somebody says that they have it."""
