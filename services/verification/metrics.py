"""Metrics that only verification has."""

from prometheus_client import Gauge, Histogram

OVERDUE = Gauge(
    "mashang_cases_overdue",
    "Cases with a duty whose time is over; a case may have several",
    ["duty"],
)
DUTIES = Gauge(
    "mashang_duties",
    "Duties of complaints so far: met in time, or missed, those that are overdue now among them",
    ["duty", "outcome"],
)
NOTICE_DELAY_SECONDS = Histogram(
    "mashang_notice_delay_seconds",
    "From when a supervision notice was due to when it was issued",
    buckets=(1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400),
)
UNSEEN = Gauge(
    "mashang_cases_unseen",
    "Open cases of integrity and pressure for which there is no inspection that may see them",
)
UNANSWERED = Gauge("mashang_urgent_unanswered", "Urgent requests that nobody has acknowledged yet")
UNANSWERED_AGE_SECONDS = Gauge(
    "mashang_urgent_unanswered_age_seconds", "How long the oldest of them waits; 0 where none does"
)
APPEALS = Gauge("mashang_appeals_waiting", "Officers' appeals that nobody has answered yet")
APPEAL_AGE_SECONDS = Gauge(
    "mashang_appeal_age_seconds", "How long the oldest of them waits; 0 where none does"
)
SEEDS_LOST = Gauge(
    "mashang_sample_seeds_lost",
    "Seeds of the random review that do not open, or are not what was committed to",
)
