"""Which statements may touch more where more lies behind, and why; by module and function."""

BOUNDED = {
    "services/intake/open/store.py:list_months":
        "a row a day and kind: as many as days, however much a day brings; asked once a week",
    "services/intake/open/store.py:count_day":
        "a day that was touched, counted anew: as many as came in that day",
    "services/scoring/store/days.py:count_all":
        "the same of complaints: as many as came in that day, however many lie behind",
    "services/scoring/store/days.py:count_earlier":
        "the same of the day before the earliest that is counted; after an upgrade only",
    "services/scoring/store/counted.py:list_all":
        "once after an upgrade, until the job has noted the days of before",
    "services/scoring/store/troubled.py:list_all":
        "the same of months",
    "services/verification/casework/store/sampling.py:list_untold":
        "a row a day, however many lots it had; asked once a minute",
    "services/verification/casework/store/sampling.py:list_lots":
        "the lots of a day that is over, which are told once",
    "services/intake/sample/store.py:add_reveal":
        "the same, heard once",
    "services/intake/sample/store.py:get_day":
        "a day's lots, for whoever draws them again",
    "services/intake/sample/store.py:_lots":
        "the same",
    "services/rewards/store/lateness.py:count_waiting_for_phone":
        "counts to 999 and no further",
    "services/scoring/store/totals.py:read":
        "what has changed since the last sum, seconds ago",
}  # fmt: skip
