"""What rewards shows beside what every service shows."""

from prometheus_client import Counter, Gauge, Histogram

_HOUR = 3600
REWARDS = Gauge("mashang_payouts", "Rewards by state of their payout", ["state"])
UNKNOWN_AGE = Gauge(
    "mashang_payout_unknown_age_seconds", "Age of the oldest order whose fate is unknown"
)
ACCEPTED_AGE = Gauge(
    "mashang_payout_accepted_age_seconds", "Age of the oldest order that the vendor has not settled"
)
WAIT_SECONDS = Histogram(
    "mashang_reward_wait_seconds",
    "From the verdict to the airtime that arrived, in time or late by rule 8",
    ["outcome"],
    buckets=(60, 300, 900, *(n * _HOUR for n in (1, 4, 12, 24, 36, 48, 72, 96, 168, 336))),
)
for _outcome in ("in_time", "late"):  # both from 0 on, so that the first counts as well
    WAIT_SECONDS.labels(_outcome)
OVERDUE = Gauge("mashang_rewards_overdue", "Rewards that should have been paid by now")
DUE_SOON = Gauge("mashang_rewards_due_soon", "Unpaid rewards whose two days are nearly over")
UNPAID_AGE = Gauge(
    "mashang_reward_unpaid_age_seconds", "Time since the verdict of the oldest unpaid reward"
)
PAUSED = Gauge(
    "mashang_airtime_vendors_paused", "Vendors that take no orders until an operator acts"
)
OPEN = Gauge(
    "mashang_airtime_vendor_open",
    "Whether a vendor takes new orders: 0 until an operator acts",
    ["vendor"],
)
MISMATCHES = Gauge("mashang_payout_mismatches", "Mismatches of money that nobody settled")
DIFFERENCES = Gauge(
    "mashang_statement_differences", "Differences on each vendor's newest statement", ["vendor"]
)
STATEMENT_AGE = Gauge(
    "mashang_statement_age_seconds",
    "Time since the day of each vendor's newest statement",
    ["vendor"],
)
STOPPED = Gauge("mashang_airtime_stops", "Stops of vendors whose statement has what we have not")
STRANDED = Gauge(
    "mashang_payouts_stranded", "Rewards whose vendor or product is not configured", ["reason"]
)
PRODUCTS = Gauge(
    "mashang_airtime_products",
    "Products for new orders: confirmed by the vendor, not yet, or wrong by its own word",
    ["vendor", "state"],
)
STUCK = Counter("mashang_payouts_stuck_total", "Steps of a reward that failed and were put off")
OUTCOMES = Counter("mashang_airtime_calls_total", "Vendors' answers", ["vendor", "call", "outcome"])
CONTRADICTIONS = Counter(
    "mashang_airtime_contradictions_total", "Paid orders that the vendor denies", ["vendor"]
)
REPORTS = Counter("mashang_airtime_reports_total", "Vendors' reports", ["vendor", "outcome"])
