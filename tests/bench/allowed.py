"""Which statements may touch more where more lies behind, and why; by module and function."""

BOUNDED = {
    "services/intake/open/store.py:list_months":
        "a row a day and kind: as many as days, however much a day brings; asked once a week",
    "services/intake/open/store.py:count_day":
        "a day that was touched, counted anew: as many as came in that day",
    "services/scoring/store/days.py:count_all":
        "the same of complaints: as many as came in that day, however many lie behind",
    "services/scoring/store/counted.py:list_all":
        "once after an upgrade, until the job has noted the days of before",
    "services/scoring/store/troubled.py:list_all":
        "the same of months",
    "services/scoring/store/totals.py:read":
        "what has changed since the last sum, seconds ago",
}  # fmt: skip

# Known to grow, and to be mended: whoever mends one takes its line out.
OWED: set[str] = set()
