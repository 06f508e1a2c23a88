"""Metrics that only notifications has."""

from prometheus_client import Counter, Gauge

MESSAGES = Gauge("mashang_sms_messages", "SMS by state", ["purpose", "state"])
CALLS = Counter("mashang_sms_calls_total", "Answers of the vendor", ["vendor", "call", "outcome"])
SPENT = Gauge("mashang_sms_spent_fen", "What today's SMS have cost so far", ["purse"])
MOST = Gauge("mashang_sms_most_fen", "What a day's SMS may cost", ["purse"])
WAITING = Gauge("mashang_sms_waiting", "SMS that are due, and rules keep here", ["reason"])
REPLIES = Counter("mashang_sms_replies_total", "What citizens wrote back", ["vendor", "said"])
SHARES = Gauge("mashang_sms_vendor_share_ratio", "Which part of new SMS goes to it", ["vendor"])
