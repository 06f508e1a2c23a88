"""Scoring: what a verdict costs, with every point and strike explained and reversible.

It hears case.verified, incident.changed and appeal.changed, and keeps the points ledger of each
unit, the strikes of each officer and the circulated criticisms; a later revision of a verdict
writes compensating entries and deletes nothing. It says score.changed for every entry. It also
hears the directory, submissions, cases, call-backs and rewards, for the figures.
"""
