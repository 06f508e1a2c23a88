"""Grafana's dashboards, each as a table of panels: `python -m deploy.observability.dashboards`.

The JSON beside is made from here, so that a panel is a line to read and to change. A test holds
each query to the metrics that there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "dashboards"
WIDE, HIGH, ACROSS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One question and its answer: the queries by their legends; `unit` is Grafana's word.

    `kind` is `timeseries`, or `stat` where only the present value counts.
    """

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"


def one(title: str, query: str, by: str = "", unit: str = "short") -> Panel:
    """A graph of one query, a line for each of what it is told by."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", ")) if by else title
    return Panel(title, {legend: query}, unit)


def most(title: str, name: str, by: str = "", unit: str = "short") -> Panel:
    """The largest that any instance tells, since they tell of the same table."""
    return one(title, f"{_told('max', by)}({name})", by, unit)


def rate(title: str, name: str, by: str = "", where: str = "", unit: str = "short") -> Panel:
    """How many a second."""
    return one(title, f"{_told('sum', by)}({_each(name, where)})", by, unit)


def slowest(title: str, name: str, by: str, where: str = "") -> Panel:
    """By what, the eight of which one in a hundred takes the longest."""
    asked = f"sum by ({by}, le) ({_each(name + '_bucket', where)})"
    return one(title, f"topk(8, histogram_quantile(0.99, {asked}))", by, "s")


def quantiles(title: str, name: str, where: str = "") -> Panel:
    """Half, and all but one in a hundred, of what a histogram counts."""
    asked = f"sum by (le) ({_each(name + '_bucket', where)})"
    parts = {"median": 0.5, "99 %": 0.99}
    told = {name: f"histogram_quantile({part}, {asked})" for name, part in parts.items()}
    return Panel(title, told, "s")


def now(title: str, query: str) -> Panel:
    """A number."""
    return Panel(title, {title: query}, kind="stat")


def _told(how: str, by: str) -> str:
    return f"{how} by ({by}) " if by else how


def _each(name: str, where: str) -> str:
    chosen = f"{{{where}}}" if where else ""
    return f"rate({name}{chosen}[$__rate_interval])"


OURS = 'job="mashang"'
CHOSEN = 'service=~"$service"'
FAILED = f'{CHOSEN},outcome="failed"'
BOARDS: Mapping[str, Sequence[Panel]] = {
    "overview": (
        now("Services up", f"sum(up{{{OURS}}})"),
        now("Cases overdue", "max by (duty) (mashang_cases_overdue)"),
        now("Rewards late", "max(mashang_rewards_overdue)"),
        now("Events parked", "sum(max by (service) (mashang_inbox_parked_events))"),
        one("Budgets left of 28 days", "slo:budget_left:ratio", "slo", "percentunit"),
        rate("Submissions a second", "mashang_submissions_total", "kind"),
        quantiles("Accept", "mashang_accept_duration_seconds", 'outcome="ok"'),
        rate("Answers that fail", "mashang_http_requests_total", "service", 'status=~"5.."'),
        most("Oldest event that waits", "mashang_outbox_age_seconds", "service", "s"),
        rate("Processor", "process_cpu_seconds_total", "service", OURS, "percentunit"),
        most("Memory", "process_resident_memory_bytes", "service", "bytes"),
    ),
    "bus": (
        rate("Published a second", "mashang_events_published_total", "service, outcome"),
        rate("Handled a second", "mashang_events_handled_total", "service, outcome"),
        most("Outbox", "mashang_outbox_events", "service"),
        most("Oldest in the outbox", "mashang_outbox_age_seconds", "service", "s"),
        quantiles("From an event's making to its effect", "mashang_event_delay_seconds"),
        slowest("Events, the slowest", "mashang_event_delay_seconds", "service, event"),
        slowest("Handlers, the slowest", "mashang_handler_duration_seconds", "service, event"),
        most("Waiting for a retry", "mashang_inbox_pending_events", "service"),
        most("The oldest of them", "mashang_inbox_pending_age_seconds", "service", "s"),
        most("Parked", "mashang_inbox_parked_events", "service"),
        most("Connected", "mashang_broker_connected", "service, role"),
        most("Blocked by the broker", "mashang_broker_blocked", "service"),
    ),
    "service": (
        rate("Requests a second", "mashang_http_requests_total", "status", CHOSEN),
        quantiles("Requests", "mashang_http_request_duration_seconds", CHOSEN),
        slowest(
            "The slowest routes", "mashang_http_request_duration_seconds", "method, route", CHOSEN
        ),
        rate(
            "Routes that fail", "mashang_http_request_duration_seconds_count", "route", FAILED
        ),
        one(
            "Jobs: since the last success",
            f"time() - mashang_job_last_success_timestamp_seconds{{{CHOSEN}}}", "job_name", "s",
        ),
        rate("Jobs that fail", "mashang_job_runs_total", "job_name", FAILED),
        slowest("The slowest jobs", "mashang_job_duration_seconds", "job_name", CHOSEN),
        rate("PostgreSQL puts off", "mashang_database_faults_total", "fault", CHOSEN),
        rate("Connections ended by us", "mashang_connections_ended_total", "reason", CHOSEN),
        rate("Commits of submissions a second", "mashang_batch_rows_count"),
        one("Submissions waiting for theirs", "sum(mashang_submissions_waiting)"),
        rate("Spans a second", "mashang_spans_total", "outcome", CHOSEN),
        rate("Photos and recordings", "mashang_attachments_opened_total", "outcome"),
    ),
    "deadlines": (
        one("Budgets left of 28 days", "slo:budget_left:ratio", "slo", "percentunit"),
        one("Missed in a day", "slo:errors:ratio_1d", "slo", "percentunit"),
        one("Missed in a week", "slo:errors:ratio_7d", "slo", "percentunit"),
        one("Duties of a day", "mashang:duties:increase_1d", "duty, outcome"),
        most("Cases overdue", "mashang_cases_overdue", "duty"),
        most("Urgent, and nobody has it", "mashang_urgent_unanswered"),
        most("The oldest of them", "mashang_urgent_unanswered_age_seconds", unit="s"),
        quantiles("Notices after their time", "mashang_notice_delay_seconds"),
        most("Appeals that wait", "mashang_appeals_waiting"),
        most("Cases that nobody may see", "mashang_cases_unseen"),
        rate("Held for review", "mashang_submissions_held_total", "reason"),
        most("Figures of rule 16", "mashang_figures", "figure"),
    ),
    "money": (
        most("Rewards by state", "mashang_payouts", "state"),
        most("Late", "mashang_rewards_overdue"),
        most("Nearly late", "mashang_rewards_due_soon"),
        quantiles("From the verdict to the airtime", "mashang_reward_wait_seconds"),
        most("Oldest unpaid", "mashang_reward_unpaid_age_seconds", unit="s"),
        most("Oldest unknown", "mashang_payout_unknown_age_seconds", unit="s"),
        most("Vendors that take orders", "mashang_airtime_vendor_open", "vendor"),
        rate("Answers of airtime vendors", "mashang_airtime_calls_total", "vendor, outcome"),
        most("Mismatches", "mashang_payout_mismatches"),
        most("Lines of statements that differ", "mashang_statement_differences", "vendor"),
        most("Paid so far, fen", "mashang_figures_rewards_paid_fen"),
        most("SMS by state", "mashang_sms_messages", "purpose, state"),
        rate("Answers of SMS vendors", "mashang_sms_calls_total", "vendor, outcome"),
        most("Spent on SMS today, fen", "mashang_sms_spent_fen", "purse"),
        most("What may be, fen", "mashang_sms_most_fen", "purse"),
    ),
}  # fmt: skip


def board(name: str) -> dict[str, Any]:
    """A whole dashboard as Grafana imports it."""
    return {
        "uid": f"mashang-{name}",
        "title": f"Mashang: {name}",
        "tags": ["mashang"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_source(), *([_service()] if name == "service" else [])]},
        "panels": [_panel(place, panel) for place, panel in enumerate(BOARDS[name])],
    }


def text(name: str) -> str:
    """The file."""
    return json.dumps(board(name), indent=1, ensure_ascii=False) + "\n"


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus"}


def _service() -> dict[str, Any]:
    return {
        "name": "service", "type": "query", "datasource": SOURCE, "refresh": 2, "multi": True,
        "includeAll": True, "query": f"label_values(up{{{OURS}}}, service)",
    }  # fmt: skip


def _panel(place: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(place, ACROSS)
    return {
        "id": place + 1,
        "title": panel.title,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDE, "y": row * HIGH, "w": WIDE, "h": HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(65 + number), "expr": query, "legendFormat": legend}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def main() -> None:
    """Write them all."""
    HERE.mkdir(exist_ok=True)
    for name in BOARDS:
        (HERE / f"{name}.json").write_text(text(name), "utf-8")


if __name__ == "__main__":
    main()
