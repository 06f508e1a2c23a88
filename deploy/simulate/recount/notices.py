"""Rule 6: which notices there must be, by every deadline that passed without a verdict."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from deploy.simulate.facts import Acknowledged, Fact, Nightly, Swept
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Span, Story

Notice = tuple[str, datetime, int, str]
# Of a notice by case, deadline and level, the how-manieth reminder.
Reminder = tuple[str, datetime, int, int]


class Issued(NamedTuple):
    """A notice, when it was issued, and the spell for which it was."""

    story: Story
    span: Span
    level: int
    name: str
    at: datetime


def expected(stories: Stories) -> set[Notice]:
    """Case, deadline, level and its name."""
    return {(one.story.case, one.span.due, one.level, one.name) for one in _issued(stories)}


def _issued(stories: Stories) -> Iterator[Issued]:
    """Level 1 at the due time, then every 24 h one level higher, as long as nobody reported.

    What was due while nothing ran is due when it runs again, if nobody has reported before.
    """
    sweeps = [fact.at for fact in stories.facts if isinstance(fact, Swept)]
    for story in stories:
        rule = story.edition.rule["supervision"]
        for span in story.spans:
            for number, name in enumerate(rule["levels"]):
                at = span.due + number * timedelta(hours=rule["repeat_hours"])
                found = _first(sweeps, max(at, span.begins), span.ends)
                if found:
                    yield Issued(story, span, number + 1, name, found)


def _first(times: Sequence[datetime], since: datetime, until: datetime | None) -> datetime | None:
    """The first of these from a moment on, if it is before another."""
    place = bisect_left(times, since)
    there = place < len(times) and (until is None or times[place] < until)
    return times[place] if there else None


def reminders(stories: Stories) -> set[Reminder]:
    """What nobody acknowledged is reminded of after so many hours, so often, while it stands."""
    nights = [fact.at for fact in stories.facts if isinstance(fact, Nightly)]
    known = {(one.case, one.deadline, one.level): one.at for one in acknowledged(stories.facts)}
    found: set[Reminder] = set()
    for one in _issued(stories):
        rule, key = one.story.edition.rule["supervision"], (one.story.case, one.span.due, one.level)
        ends = [at for at in (one.span.ends, known.get(key)) if at]
        for number in range(1, rule.get("reminders", 2) + 1):
            at = one.at + number * timedelta(hours=rule.get("remind_hours", 8))
            if _first(nights, at, min(ends, default=None)):
                found.add((*key, number))
    return found


def acknowledged(facts: Collection[Fact]) -> list[Acknowledged]:
    """What places said."""
    return [fact for fact in facts if isinstance(fact, Acknowledged)]
