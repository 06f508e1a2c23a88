"""Metrics that only scoring has."""

from prometheus_client import Gauge

FIGURES = Gauge("mashang_scoring_figures", "The public figures of rule 16", ["figure"])
