"""Rule 6: which notices there must be, by every deadline that passed without a verdict."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from deploy.simulate.recount.stories import Stories

Notice = tuple[str, datetime, int, str]


def expected(stories: Stories, sweeps: Sequence[datetime]) -> set[Notice]:
    """Case, deadline, level and its name.

    Level 1 at the due time, then every 24 h one level higher, as long as nobody reported. What was
    due while nothing ran is due when it runs again, if nobody has reported before.
    """
    found: set[Notice] = set()
    for story in stories:
        rule = story.edition.rule["supervision"]
        for span in story.spans:
            for number, name in enumerate(rule["levels"]):
                at = span.due + number * timedelta(hours=rule["repeat_hours"])
                place = bisect_left(sweeps, max(at, span.begins))
                if place < len(sweeps) and (span.ends is None or sweeps[place] < span.ends):
                    found.add((story.case, span.due, number + 1, name))
    return found
