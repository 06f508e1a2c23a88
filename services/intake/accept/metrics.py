"""What intake counts beside what every service counts."""

from prometheus_client import Counter, Gauge, Histogram

from shared.observe.metrics import of_process

SUBMISSIONS = Counter(
    "mashang_submissions_total", "Submissions by what became of them", ["kind", "outcome"]
)
ACCEPT_SECONDS = Histogram(
    "mashang_accept_duration_seconds",
    "From a submission that is read to its receipt, whichever way it came",
    ["outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
for _outcome in ("ok", "refused", "failed"):  # each from 0 on, so that the first counts as well
    ACCEPT_SECONDS.labels(_outcome)
BATCH_ROWS = Histogram(
    "mashang_batch_rows",
    "Submissions that shared one commit",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
HELD = Counter("mashang_submissions_held_total", "Submissions held for review", ["reason"])
WAITING = of_process("mashang_submissions_waiting", "Submissions waiting for their commit")
WITHOUT_UNIT = Gauge(
    "mashang_submissions_without_unit", "Submissions of the last day for an unknown unit"
)
