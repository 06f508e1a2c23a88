"""What intake counts beside what every service counts."""

from prometheus_client import Counter, Gauge, Histogram

from shared.observe.metrics import of_process

SUBMISSIONS = Counter(
    "mashang_submissions_total", "Submissions by what became of them", ["kind", "outcome"]
)
BATCH_ROWS = Histogram(
    "mashang_intake_batch_rows",
    "Submissions that shared one commit",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
HELD = Counter("mashang_held_submissions_total", "Submissions held for review", ["reason"])
WAITING = of_process("mashang_intake_waiting_submissions", "Submissions waiting for their commit")
WITHOUT_UNIT = Gauge(
    "mashang_submissions_without_unit", "Submissions of the last day for an unknown unit"
)
