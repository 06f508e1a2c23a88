"""Every shared metric, declared once. Labels are event, outcome, route; never a phone or an id."""

from prometheus_client import Counter, Gauge, Histogram

# Where several workers have one page (`together`), these gauges are added, and of those the least
# is told; of all others the largest, since each tells of one and the same table.
OF_PROCESS = {
    "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
}  # fmt: skip
LEAST = {"mashang_broker_connected"}


def of_process(name: str, about: str) -> Gauge:
    """A gauge of what one process has."""
    OF_PROCESS.add(name)
    return Gauge(name, about)


EVENTS_PUBLISHED = Counter(
    "mashang_events_published_total", "Events confirmed by the broker", ["event", "outcome"]
)
EVENTS_HANDLED = Counter(
    "mashang_events_handled_total", "Events taken by the inbox", ["event", "outcome"]
)
HANDLER_SECONDS = Histogram("mashang_handler_duration_seconds", "Time of one handler", ["event"])
OUTBOX_EVENTS = Gauge("mashang_outbox_events", "Events waiting in the outbox")
OUTBOX_AGE_SECONDS = Gauge("mashang_outbox_age_seconds", "Age of the oldest waiting event")
INBOX_PENDING_EVENTS = Gauge("mashang_inbox_pending_events", "Events waiting for a retry")
INBOX_PENDING_AGE_SECONDS = Gauge(
    "mashang_inbox_pending_age_seconds", "Age of the oldest event that waits for a retry"
)
INBOX_PARKED_EVENTS = Gauge("mashang_inbox_parked_events", "Events set aside for a person")
BROKER_CONNECTED = Gauge("mashang_broker_connected", "1 while connected", ["role"])
JOB_RUNS = Counter("mashang_job_runs_total", "Runs of periodic jobs", ["job", "outcome"])
JOB_SUCCEEDED = Gauge(
    "mashang_job_last_success_timestamp_seconds", "When a job last succeeded (Unix time)", ["job"]
)
JOB_SECONDS = Histogram("mashang_job_duration_seconds", "Time of one job run", ["job"])
DATABASE_FAULTS = Counter(
    "mashang_database_faults_total", "Work that PostgreSQL put off: away, full, locked", ["kind"]
)
HTTP_REQUESTS = Counter(
    "mashang_http_requests_total", "HTTP answers", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "mashang_http_duration_seconds",
    "Time of one HTTP request",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
CONNECTIONS_ENDED = Counter(
    "mashang_connections_ended_total", "Ended by us: refused, displaced, untaken answers", ["why"]
)
