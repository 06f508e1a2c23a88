"""Rules 4, 5 and 16: what was received, called back, verified, found true, answered by citizens."""

from collections.abc import Sequence
from datetime import datetime

from deploy.simulate.recount.stories import Stories, Story

Figures = dict[str, int]
# A case, when its duty was met, and when it was due.
Met = tuple[Story, datetime, datetime]


def desk(stories: Stories) -> Figures:
    """As things stand at the desk; all but cases, in_review and open count complaints."""
    complaints = [story for story in stories if story.complaint]
    closed = [story for story in complaints if story.state == "verified"]
    true = [story for story in closed if story.counts]
    rated = [story.rating for story in closed if story.rating]
    return {
        "cases": len(stories.of),
        "complaints": len(complaints),
        **_times("called_back", [_called(one) for one in complaints if one.callback == "reached"]),
        **_times("verified", [_handed(story, len(story.spans)) for story in closed]),
        "substantiated": len(true),
        "partly": sum(story.ruling is not None and story.ruling.verdict == "partly"
                      for story in true),
        "in_review": sum(story.state == "in_review" for story in stories),
        "open": sum(story.state == "open" for story in stories),
        "rated": len(rated),
        "solved": sum(one.solved is True for one in rated),
        "not_solved": sum(one.solved is False for one in rated),
        "satisfied": sum(one.satisfied is True for one in rated),
        "withdrawn": sum(story.withdrawn for story in complaints),
    }  # fmt: skip


def ever(stories: Stories) -> Figures:
    """What happened to complaints, whatever is open again now."""
    complaints = [story for story in stories if story.complaint]
    judged = [story for story in complaints if story.effects]
    calls = [(story, *story.calls[-1]) for story in complaints if story.calls]
    reached = [one for one in calls if one[3] == "reached"]
    rated = [story.rating for story in complaints if story.rating]
    return {
        "cases": len(stories.of),
        "complaints": len(complaints),
        **_times("called_back", [(story, call.at, due) for story, call, due, _ in reached]),
        **_times("verified", [_handed(story, story.effects[0].spans) for story in judged]),
        "substantiated": sum(story.counts for story in judged),
        "rated": len(rated),
        "solved": sum(one.solved is True for one in rated),
        "not_solved": sum(one.solved is False for one in rated),
        "satisfied": sum(one.satisfied is True for one in rated),
        "not_satisfied": sum(one.satisfied is False for one in rated),
    }


def _times(what: str, met: Sequence[Met]) -> Figures:
    """How many, how many by when they were due, how many on the literal day of receipt."""
    return {
        what: len(met),
        f"{what}_in_time": sum(at <= due for _, at, due in met),
        f"{what}_same_day": sum(
            story.edition.day(at) == story.edition.day(story.filed.at) for story, at, _ in met
        ),
    }


def _called(story: Story) -> Met:
    at = story.calls[-1][0].at
    return story, at, story.callback_due or at


def _handed(story: Story, spans: int) -> Met:
    """The clock stops when a verdict is submitted, also when it takes effect only later."""
    span = story.spans[spans - 1]
    return story, span.ends or span.due, span.due
