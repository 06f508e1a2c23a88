"""Metrics that only scoring has."""

from prometheus_client import Gauge

FIGURES = Gauge("mashang_figures", "The public figures of rule 16 that count something", ["figure"])
PAID_FEN = Gauge("mashang_figures_rewards_paid_fen", "What all rewards that were paid add up to")
DEDUCTED = Gauge(
    "mashang_figures_points_deducted", "Points that all units together have lost so far"
)
