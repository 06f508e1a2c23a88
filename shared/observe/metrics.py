"""Every shared metric, declared once, and the words in which all metrics speak.

A name is `mashang_`, what it is of, and its unit: seconds, fen, or none where things are counted;
what only grows ends in `_total`. Which service tells it, whoever scrapes knows (`service`). Labels
have few values, by design: never a phone, an id, a unit or a text that somebody typed.
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# When each was made nobody asks, and it would be a third of a page.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Each label and what it says, the same everywhere.
LABELS = {
    "call": "what a vendor was asked: send, query, check",
    "duty": "what is owed by a deadline: callback, verification, review, word",
    "event": "an event's type, as FLOWS has it",
    "fault": "the class of PostgreSQL's error",
    "figure": "a figure of rule 16's table",
    "job_name": "a job's, as service.py lists it; `job` is Prometheus's own label",
    "kind": "a submission's kind",
    "method": "HTTP's method",
    "outcome": "how it ended",
    "purpose": "what an SMS is for",
    "purse": "of which money: the day's, or the reserve for what is urgent",
    "reason": "why",
    "role": "of which of the two connections to the broker",
    "route": "an endpoint's path with its placeholders, as its table has it",
    "said": "what a reply by SMS was read as",
    "state": "where in its life it is",
    "status": "HTTP's status",
    "vendor": "a vendor's name, as the settings list it",
}

# Where several workers have one page (`together`), these gauges are added, and of those the least
# is told; of all others the largest, since each tells of one and the same table.
OF_PROCESS = {
    "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
}  # fmt: skip
LEAST = {
    "mashang_broker_connected", "mashang_database_writable",
    "mashang_job_last_success_timestamp_seconds",
}  # fmt: skip
# From a millisecond, since most are that quick, to what a person gives up on.
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300)


def ended(status: int) -> str:
    """How a request ended: `ok`, `refused` for the caller's part, `failed` for ours."""
    return "ok" if status < 400 else "refused" if status < 500 else "failed"


def of_process(name: str, about: str) -> Gauge:
    """A gauge of what one process has."""
    OF_PROCESS.add(name)
    return Gauge(name, about)


EVENTS_PUBLISHED = Counter(
    "mashang_events_published_total",
    "Events by what the broker said: confirmed, unroutable, unsure, refused",
    ["event", "outcome"],
)
EVENTS_HANDLED = Counter(
    "mashang_events_handled_total",
    "Events taken by the inbox: handled, pending, failed, excused, parked",
    ["event", "outcome"],
)
EVENT_DELAY_SECONDS = Histogram(
    "mashang_event_delay_seconds",
    "From the making of an event to the end of its handling here",
    ["event"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)
HANDLER_SECONDS = Histogram(
    "mashang_handler_duration_seconds",
    "Time of one call of a handler; in bulk it takes many events",
    ["event"],
    buckets=QUICK,
)
OUTBOX_EVENTS = Gauge("mashang_outbox_events", "Events waiting in the outbox")
OUTBOX_AGE_SECONDS = Gauge("mashang_outbox_age_seconds", "Age of the oldest waiting event")
INBOX_PENDING_EVENTS = Gauge("mashang_inbox_pending_events", "Events waiting for a retry")
INBOX_PENDING_AGE_SECONDS = Gauge(
    "mashang_inbox_pending_age_seconds", "Age of the oldest event that waits for a retry"
)
INBOX_PARKED_EVENTS = Gauge("mashang_inbox_parked_events", "Events set aside for a person")
BROKER_CONNECTED = Gauge("mashang_broker_connected", "1 while connected", ["role"])
BROKER_BLOCKED = Gauge(
    "mashang_broker_blocked", "1 while the broker takes no event, for its memory or its disk"
)
DATABASE_WRITABLE = Gauge(
    "mashang_database_writable", "1 while PostgreSQL answers and can be written to"
)
JOB_RUNS = Counter("mashang_job_runs_total", "Runs of periodic jobs", ["job_name", "outcome"])
JOB_SUCCEEDED = Gauge(
    "mashang_job_last_success_timestamp_seconds",
    "When a job last succeeded, or its process started (Unix time)",
    ["job_name"],
)
JOB_LATE_AFTER_SECONDS = Gauge(
    "mashang_job_late_after_seconds", "So long without a success a job is late", ["job_name"]
)
JOB_SECONDS = Histogram(
    "mashang_job_duration_seconds", "Time of one run of a job", ["job_name"], buckets=_LONG
)
DATABASE_FAULTS = Counter(
    "mashang_database_faults_total", "Work that PostgreSQL put off: away, full, locked", ["fault"]
)
HTTP_REQUESTS = Counter(
    "mashang_http_requests_total", "HTTP answers", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "mashang_http_request_duration_seconds",
    "Time of one HTTP request, its body's way included",
    ["method", "route", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SPANS = Counter(
    "mashang_spans_total",
    "Spans: made, sent, refused by who takes them; made and neither of both there was no room for",
    ["outcome"],
)
CONNECTIONS_ENDED = Counter(
    "mashang_connections_ended_total",
    "Ended by us: refused, displaced, untaken answers",
    ["reason"],
)
WORKERS_SILENT = of_process(
    "mashang_workers_silent", "Processes behind this page that do not answer; then nothing else is"
)
