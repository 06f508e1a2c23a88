"""Calls to others for money: one client, one set of outcomes, one errand, one way to report."""
