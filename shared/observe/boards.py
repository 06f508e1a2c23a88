"""What an operator looks at: boards of panels, each a question to Prometheus in its language.

Grafana's dashboards are made of them (`deploy/observability`), and the console draws the same for
whoever has no Grafana. A test holds each query to the metrics that there are.

In a query `$__rate_interval` is a time that holds several scrapes, `$service` the services chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "s", "percentunit", "bytes"]


@dataclass(frozen=True)
class Panel:
    """One question: the queries by their legends. Its title is the text `chart_<key>`.

    A legend is a pattern of labels as `{{service}}`, or a word; empty, it is the title. `unit` is
    Grafana's word, and so is `kind`: `stat` where only the present value counts.
    """

    key: str
    queries: Mapping[str, str]
    unit: Unit = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"


def one(key: str, query: str, by: str = "", unit: Unit = "short") -> Panel:
    """A graph of one query, a line for each of what it is told by."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", ")) if by else ""
    return Panel(key, {legend: query}, unit)


def most(key: str, name: str, by: str = "", unit: Unit = "short") -> Panel:
    """The largest that any instance tells, since they tell of the same table."""
    return one(key, f"{_told('max', by)}({name})", by, unit)


def rate(key: str, name: str, by: str = "", where: str = "", unit: Unit = "short") -> Panel:
    """How many a second."""
    return one(key, f"{_told('sum', by)}({_each(name, where)})", by, unit)


def slowest(key: str, name: str, by: str, where: str = "") -> Panel:
    """By what, the eight of which one in a hundred takes the longest."""
    asked = f"sum by ({by}, le) ({_each(name + '_bucket', where)})"
    return one(key, f"topk(8, histogram_quantile(0.99, {asked}))", by, "s")


def quantiles(key: str, name: str, where: str = "") -> Panel:
    """Half, and all but one in a hundred, of what a histogram counts."""
    asked = f"sum by (le) ({_each(name + '_bucket', where)})"
    parts = {"50 %": 0.5, "99 %": 0.99}
    told = {name: f"histogram_quantile({part}, {asked})" for name, part in parts.items()}
    return Panel(key, told, "s")


def now(key: str, query: str) -> Panel:
    """A number."""
    return Panel(key, {"": query}, kind="stat")


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
        now("services_up", f"sum(up{{{OURS}}})"),
        now("cases_overdue", "max by (duty) (mashang_cases_overdue)"),
        now("rewards_late", "max(mashang_rewards_overdue)"),
        now("events_parked", "sum(max by (service) (mashang_inbox_parked_events))"),
        one("budgets_left_of_28_days", "slo:budget_left:ratio", "slo", "percentunit"),
        rate("submissions_a_second", "mashang_submissions_total", "kind"),
        quantiles("accept", "mashang_accept_duration_seconds", 'outcome="ok"'),
        rate("answers_that_fail", "mashang_http_requests_total", "service", 'status=~"5.."'),
        most("oldest_event_that_waits", "mashang_outbox_age_seconds", "service", "s"),
        rate("processor", "process_cpu_seconds_total", "service", OURS, "percentunit"),
        most("memory", "process_resident_memory_bytes", "service", "bytes"),
    ),
    "bus": (
        rate("published_a_second", "mashang_events_published_total", "service, outcome"),
        rate("handled_a_second", "mashang_events_handled_total", "service, outcome"),
        most("outbox", "mashang_outbox_events", "service"),
        most("oldest_in_the_outbox", "mashang_outbox_age_seconds", "service", "s"),
        quantiles("from_an_event_s_making_to_its_effect", "mashang_event_delay_seconds"),
        slowest("events_the_slowest", "mashang_event_delay_seconds", "service, event"),
        slowest("handlers_the_slowest", "mashang_handler_duration_seconds", "service, event"),
        most("waiting_for_a_retry", "mashang_inbox_pending_events", "service"),
        most("the_oldest_of_them", "mashang_inbox_pending_age_seconds", "service", "s"),
        most("parked", "mashang_inbox_parked_events", "service"),
        most("connected", "mashang_broker_connected", "service, role"),
        most("blocked_by_the_broker", "mashang_broker_blocked", "service"),
    ),
    "service": (
        rate("requests_a_second", "mashang_http_requests_total", "status", CHOSEN),
        quantiles("requests", "mashang_http_request_duration_seconds", CHOSEN),
        slowest(
            "the_slowest_routes", "mashang_http_request_duration_seconds", "method, route", CHOSEN
        ),
        rate(
            "routes_that_fail", "mashang_http_request_duration_seconds_count", "route", FAILED
        ),
        one(
            "jobs_since_the_last_success",
            f"time() - mashang_job_last_success_timestamp_seconds{{{CHOSEN}}}", "job_name", "s",
        ),
        rate("jobs_that_fail", "mashang_job_runs_total", "job_name", FAILED),
        slowest("the_slowest_jobs", "mashang_job_duration_seconds", "job_name", CHOSEN),
        rate("postgresql_puts_off", "mashang_database_faults_total", "fault", CHOSEN),
        rate("connections_ended_by_us", "mashang_connections_ended_total", "reason", CHOSEN),
        rate("commits_of_submissions_a_second", "mashang_batch_rows_count"),
        one("submissions_waiting_for_theirs", "sum(mashang_submissions_waiting)"),
        rate("spans_a_second", "mashang_spans_total", "outcome", CHOSEN),
        rate("photos_and_recordings", "mashang_attachments_opened_total", "outcome"),
    ),
    "deadlines": (
        one("budgets_left_of_28_days", "slo:budget_left:ratio", "slo", "percentunit"),
        one("missed_in_a_day", "slo:errors:ratio_1d", "slo", "percentunit"),
        one("missed_in_a_week", "slo:errors:ratio_7d", "slo", "percentunit"),
        one("duties_of_a_day", "mashang:duties:increase_1d", "duty, outcome"),
        most("cases_overdue", "mashang_cases_overdue", "duty"),
        most("urgent_and_nobody_has_it", "mashang_urgent_unanswered"),
        most("the_oldest_of_them", "mashang_urgent_unanswered_age_seconds", unit="s"),
        quantiles("notices_after_their_time", "mashang_notice_delay_seconds"),
        most("appeals_that_wait", "mashang_appeals_waiting"),
        most("cases_that_nobody_may_see", "mashang_cases_unseen"),
        rate("held_for_review", "mashang_submissions_held_total", "reason"),
        most("figures_of_rule_16", "mashang_figures", "figure"),
    ),
    "money": (
        most("rewards_by_state", "mashang_payouts", "state"),
        most("late", "mashang_rewards_overdue"),
        most("nearly_late", "mashang_rewards_due_soon"),
        quantiles("from_the_verdict_to_the_airtime", "mashang_reward_wait_seconds"),
        most("oldest_unpaid", "mashang_reward_unpaid_age_seconds", unit="s"),
        most("oldest_unknown", "mashang_payout_unknown_age_seconds", unit="s"),
        most("vendors_that_take_orders", "mashang_airtime_vendor_open", "vendor"),
        rate("answers_of_airtime_vendors", "mashang_airtime_calls_total", "vendor, outcome"),
        most("mismatches", "mashang_payout_mismatches"),
        most("lines_of_statements_that_differ", "mashang_statement_differences", "vendor"),
        most("paid_so_far_fen", "mashang_figures_rewards_paid_fen"),
        most("sms_by_state", "mashang_sms_messages", "purpose, state"),
        rate("answers_of_sms_vendors", "mashang_sms_calls_total", "vendor, outcome"),
        most("spent_on_sms_today_fen", "mashang_sms_spent_fen", "purse"),
        most("what_may_be_fen", "mashang_sms_most_fen", "purse"),
    ),
}  # fmt: skip
