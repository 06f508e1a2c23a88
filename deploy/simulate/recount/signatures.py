"""Rule 15: what is done to an officer waits until none of its strikes may fall any more."""

from collections.abc import Iterator
from datetime import datetime

from deploy.simulate.facts import Appealed, Settled, Signed
from deploy.simulate.recount.scores import counted
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story

HARD = ("accountability", "transfer")


def wrong(stories: Stories) -> Iterator[Signed]:
    """Signatures taken too early, refused though nothing was in their way, or for other cases."""
    then: Stories | None = None
    for order, fact in enumerate(stories.facts):
        if not isinstance(fact, Signed):
            then = None  # one after the other, nothing happens between two signatures
        elif fact.rule not in HARD:
            if not fact.taken:
                yield fact
        else:
            then = then or Stories(stories.facts[:order], stories.book)
            told = frozenset(fact.cases) in counted(then, fact.rule, fact.badge)
            if not told or _early(then, fact) == fact.taken:
                yield fact


def _early(then: Stories, signed: Signed) -> bool:
    """Whether an incident has no mark that is firm; `then` is how things stood."""
    firm: dict[str, bool] = {}
    for case in signed.cases:
        story = then.of[case]
        if _marks(story, signed.badge):
            stands = signed.at >= _until(story) and not _asked(then, story, signed.badge)
            firm[story.incident] = firm.get(story.incident, False) or stands
    return not all(firm.values())


def _marks(story: Story, badge: str) -> bool:
    ruling = story.ruling
    named = ruling is not None and ruling.attribution == "officers" and badge in ruling.officers
    return story.counts and named


def _until(story: Story) -> datetime:
    """For so many working days after the verdict the officer may appeal."""
    edition = story.edition
    days = edition.rule["appeal"]["officer_working_days"]
    return edition.midnight(edition.working_days_after(edition.day(story.effects[-1].at), days))


def _asked(then: Stories, story: Story, badge: str) -> bool:
    """Whether an appeal against the mark waits; a verdict without the mark is its answer, too.

    What was overturned waits for its new verdict, which may itself wait for a second look.
    """
    waits = overturned = False
    marks = {one.order: badge in one.ruling.officers for one in story.effects}
    for order, fact in enumerate(then.facts):
        if isinstance(fact, Appealed) and (fact.case, fact.badge) == (story.case, badge):
            waits, overturned = True, False
        if isinstance(fact, Settled) and (fact.case, fact.badge) == (story.case, badge):
            waits = overturned = fact.overturned
        if order in marks:
            waits = waits and marks[order] and not overturned
    return waits
