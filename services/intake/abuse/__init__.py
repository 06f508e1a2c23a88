"""Abuse: how often is too often, counted in the database so that all instances share it."""
