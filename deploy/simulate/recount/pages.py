"""Rule 3: an urgent request pages at once, again and again, higher and higher, until it is had."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from deploy.simulate.facts import Answered, Called, Judged, Opened, Rang
from deploy.simulate.recount.stories import Stories

# Case, the how-manieth of its pages, the level, and the place whose phone rang.
Page = tuple[str, int, int, str]


def expected(stories: Stories, above: Mapping[str, tuple[str, ...]]) -> set[Page]:
    """By what rang when; the unit has no phone, so that of the place above it rings."""
    found: set[Page] = set()
    due: dict[str, datetime] = {}
    rung: dict[str, int] = {}
    for fact in stories.facts:
        match fact:
            case Opened():
                story = stories.of[fact.case]
                if story.edition.urgent(story.filed.kind, story.filed.words):
                    due[fact.case], rung[fact.case] = fact.at, 0
            case Answered() | Called() | Judged():
                due.pop(fact.case, None)
            case Rang():
                for case in [one for one, at in due.items() if at <= fact.at]:
                    story = stories.of[case]
                    rule, places = story.edition.rule["urgent"], above[story.filed.unit]
                    level = min(rung[case] // rule.get("page_times", 3), len(places) - 1)
                    rung[case] += 1
                    found.add((case, rung[case], level + 1, places[max(level, 1)]))
                    due[case] = fact.at + timedelta(minutes=rule.get("page_minutes", 10))
    return found
