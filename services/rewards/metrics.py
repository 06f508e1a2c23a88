"""What rewards shows beside what every service shows."""

from prometheus_client import Counter, Gauge

REWARDS = Gauge("mashang_payouts", "Rewards by state of their payout", ["state"])
UNKNOWN_AGE = Gauge(
    "mashang_payout_unknown_age_seconds", "Age of the oldest order whose fate is unknown"
)
ACCEPTED_AGE = Gauge(
    "mashang_payout_accepted_age_seconds", "Age of the oldest order that the vendor has not settled"
)
OVERDUE = Gauge("mashang_rewards_overdue", "Rewards that should have been paid by now")
DUE_SOON = Gauge("mashang_rewards_due_soon", "Unpaid rewards whose two days are nearly over")
UNPAID_AGE = Gauge(
    "mashang_rewards_unpaid_age_seconds", "Time since the verdict of the oldest unpaid reward"
)
PAUSED = Gauge("mashang_airtime_paused", "Vendors that take no orders until an operator acts")
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
    "mashang_statement_age_days", "Days since that of each vendor's newest statement", ["vendor"]
)
STOPPED = Gauge("mashang_airtime_stopped", "Stops of vendors whose statement has what we have not")
STRANDED = Gauge(
    "mashang_payouts_stranded", "Rewards whose vendor or product is not configured", ["lacks"]
)
PRODUCTS = Gauge(
    "mashang_airtime_products",
    "Products for new orders: confirmed by the vendor, not yet, or wrong by its own word",
    ["vendor", "state"],
)
STUCK = Counter("mashang_payouts_stuck_total", "Steps of a reward that failed and were put off")
OUTCOMES = Counter(
    "mashang_airtime_outcomes_total", "Vendors' answers", ["vendor", "call", "outcome"]
)
CONTRADICTIONS = Counter(
    "mashang_airtime_contradictions_total", "Paid orders that the vendor denies", ["vendor"]
)
REPORTS = Counter("mashang_airtime_callbacks_total", "Vendors' reports", ["vendor", "outcome"])
