"""Rules 4, 5 and 16: what was received, called back, verified, found true, answered by citizens."""

from collections.abc import Sequence
from datetime import datetime

from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story

Figures = dict[str, int]
# A case, when its duty was met, and when it was due.
Met = tuple[Story, datetime, datetime]


def counted(stories: Stories) -> Figures:
    """What was done, as every service counts it: a case that is open again is called and verified.

    All but cases, in_review and open count complaints.
    """
    complaints = [story for story in stories if story.complaint]
    judged = [story for story in complaints if story.effects]
    rated = [story.rating for story in complaints if story.rating]
    return {
        "cases": sum(story.filed.kind != "pressure" for story in stories),
        "complaints": len(complaints),
        **_times("called_back", [met for story in complaints for met in _called(story)]),
        **_times("verified", [_handed(story) for story in judged]),
        "substantiated": sum(story.counts for story in judged),
        "rated": len(rated),
        "solved": sum(one.solved is True for one in rated),
        "not_solved": sum(one.solved is False for one in rated),
        "satisfied": sum(one.satisfied is True for one in rated),
    }


def desk(stories: Stories) -> Figures:
    """What only the desk counts: how things stand."""
    complaints = [story for story in stories if story.complaint]
    told = [story for story in stories if story.filed.kind != "pressure"]
    return {
        "partly": sum(story.ruling is not None and story.ruling.verdict == "partly"
                      for story in complaints),
        "in_review": sum(story.state == "in_review" for story in told),
        "open": sum(story.state == "open" for story in told),
        "withdrawn": sum(story.withdrawn for story in complaints),
    }  # fmt: skip


def scoring(stories: Stories) -> Figures:
    """What only scoring counts."""
    rated = [story.rating for story in stories if story.complaint and story.rating]
    return {"not_satisfied": sum(one.satisfied is False for one in rated)}


def _times(what: str, met: Sequence[Met]) -> Figures:
    """How many, how many by when they were due, how many on the literal day of receipt."""
    return {
        what: len(met),
        f"{what}_in_time": sum(at <= due for _, at, due in met),
        f"{what}_same_day": sum(
            story.edition.day(at) == story.edition.day(story.filed.at) for story, at, _ in met
        ),
    }


def _called(story: Story) -> list[Met]:
    """The first call that reached the citizen."""
    calls = [(story, call.at, due) for call, due, state in story.calls if state == "reached"]
    return calls[:1]


def _handed(story: Story) -> Met:
    """The first verdict that took effect.

    The clock stops when it is submitted, also when it takes effect only later.
    """
    span = story.spans[story.effects[0].spans - 1]
    return story, span.ends or span.due, span.due
