"""What citizens hear while their case is open: words that were given, and those that were not."""

from collections import Counter
from datetime import datetime, timedelta

from deploy.simulate.facts import Called, Fact, Followed, Nightly, Opened, Reviewed, Said
from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story

Missed = tuple[str, datetime]


def given(stories: Stories) -> Counter[str]:
    """How many by case."""
    return Counter(fact.case for fact in stories.facts if isinstance(fact, Said))


def missed(stories: Stories) -> set[Missed]:
    """Case and when the word was due: what nobody gave by the night after, each once."""
    final = {(one.order, story.case) for story in stories for one in story.effects}
    found: set[Missed] = set()
    due: dict[str, datetime | None] = {}
    first: set[str] = set()
    for order, fact in enumerate(stories.facts):
        if isinstance(fact, Nightly):
            found |= {(case, at) for case, at in due.items() if at and at <= fact.at}
        elif story := _story(stories, fact):
            _owe(story, fact, due, first)
            if (order, story.case) in final:
                due[story.case] = None
    return found


def _story(stories: Stories, fact: Fact) -> Story | None:
    match fact:
        case Opened() | Said() | Called() | Reviewed():
            found: Story | None = stories.of[fact.case]
        case Followed():
            found = stories.of_submission(fact.submission)
        case _:
            found = stories.of.get(getattr(fact, "case", ""))
    return None if found is None or found.filed.kind == "pressure" else found


def _owe(story: Story, fact: Fact, due: dict[str, datetime | None], first: set[str]) -> None:
    case = story.case
    match fact:
        case Opened():
            due[case] = _acknowledged(story)
            first.add(case) if due[case] else None
            due[case] = due[case] or _next(story, story.filed.at)
        case Said() | Followed():
            due[case] = _next(story, fact.at)
            first.discard(case)
        case Reviewed() if fact.decision == "return" and due.get(case) is None:
            due[case] = _next(story, fact.at)
        case Called() if fact.outcome == "reached" and case in first:
            due[case] = _next(story, story.filed.at)
            first.discard(case)


def _acknowledged(story: Story) -> datetime | None:
    """That somebody has it, within so many working days, where the policy wants that said."""
    days = story.edition.rule.get("acknowledgement", {}).get("working_days")
    bare = story.filed.kind == "rating" and not (story.filed.words or story.filed.phone)
    if not days or bare:
        return None
    edition = story.edition
    return edition.midnight(edition.working_days_after(edition.day(story.filed.at), days))


def _next(story: Story, since: datetime) -> datetime | None:
    """How it goes on: by the end of so many days."""
    days = story.edition.rule.get("progress", {}).get("every_days")
    edition = story.edition
    return edition.midnight(edition.day(since) + timedelta(days=days)) if days else None
