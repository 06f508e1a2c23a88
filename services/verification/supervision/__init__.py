"""Supervision 督办: a late verification makes notices that climb until there is a verdict."""
