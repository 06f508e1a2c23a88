"""Metrics that only notifications has."""

from prometheus_client import Counter, Gauge

MESSAGES = Gauge("mashang_sms_messages", "SMS by state", ["purpose", "state"])
CALLS = Counter("mashang_sms_calls_total", "Answers of the vendor", ["vendor", "call", "outcome"])
