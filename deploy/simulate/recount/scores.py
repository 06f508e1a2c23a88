"""Rules 7 and 10 to 14: points, marks, sanctions, criticisms, clearing notes."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deploy.simulate.recount.stories import Stories
from deploy.simulate.recount.story import Story

YEAR = timedelta(days=365)
Sanction = tuple[str, str, str]


@dataclass(frozen=True)
class Strike:
    """An officer's incident under its first complaint: the how-manieth of the year it is."""

    badge: str
    first: Story
    cases: frozenset[str]
    number: int


def deduction(story: Story) -> int:
    """Rule 7, in centipoints: the dearest of its categories, a part of it where partly true."""
    ruling, rule = story.ruling, story.edition.rule["assessment"]
    if ruling is None or not story.counts or ruling.attribution not in ("officers", "unit"):
        return 0
    prices = rule[f"{ruling.attribution}_centipoints"]
    known = [prices[name] for name in ruling.categories if name in prices]
    price = int(max(known) if known else min(prices.values()))
    return price * int(rule["partly_percent"]) // 100 if ruling.verdict == "partly" else price


def strikes(stories: Stories) -> list[Strike]:
    """Rules 10 and 13: named officers of what was found true; one incident is one strike."""
    marks: dict[str, dict[str, list[Story]]] = defaultdict(lambda: defaultdict(list))
    for story in stories:
        ruling = story.ruling
        if ruling and story.counts and ruling.attribution == "officers":
            for badge in ruling.officers:
                marks[badge][story.incident].append(story)
    return [one for badge in marks for one in _of_officer(badge, list(marks[badge].values()))]


def _of_officer(badge: str, incidents: list[list[Story]]) -> Iterator[Strike]:
    for group in incidents:
        group.sort(key=_received)
    incidents.sort(key=lambda group: _received(group[0]))
    firsts: list[Story] = []
    for group in incidents:
        first = group[0]
        firsts.append(first)
        number = sum(_together(one, first) for one in firsts)
        yield Strike(badge, first, frozenset(one.case for one in group), number)


def _received(story: Story) -> tuple[datetime, str]:
    return story.filed.at, story.case


def _together(earlier: Story, last: Story) -> bool:
    """年內: one calendar year of receipt, or 365 days."""
    edition = last.edition
    if edition.rule["strikes"]["window"] == "rolling_365_days":
        return earlier.filed.at > last.filed.at - YEAR
    return edition.day(earlier.filed.at).year == edition.day(last.filed.at).year


def points(stories: Stories) -> dict[str, int]:
    """What each unit has lost, in centipoints."""
    lost: Counter[str] = Counter()
    for story in stories:
        lost[story.filed.unit] += deduction(story)
    for strike in strikes(stories):
        for name in _crossed(strike):
            rule = strike.first.edition.rule["strikes"]
            lost[strike.first.filed.unit] += rule[f"{name}_centipoints"]
    return {unit: number for unit, number in lost.items() if number}


def _crossed(strike: Strike) -> list[str]:
    rule = strike.first.edition.rule["strikes"]
    return [name for name in ("accountability", "transfer") if strike.number == rule[f"{name}_at"]]


def sanctions(stories: Stories) -> set[Sanction]:
    """Which are proposed, of whom, for which year or month (nothing where it rolls)."""
    found: set[Sanction] = set()
    for strike in strikes(stories):
        edition = strike.first.edition
        rolls = edition.rule["strikes"]["window"] == "rolling_365_days"
        year = "" if rolls else str(edition.day(strike.first.filed.at).year)
        found |= {(name, strike.badge, year) for name in _crossed(strike)}
        if strike.number > edition.rule["strikes"]["transfer_at"]:
            found.add(("alert", strike.badge, year))
    return found | set(_interviews(stories)) | set(_inspections(stories))


def counted(stories: Stories, rule: str, badge: str) -> list[frozenset[str]]:
    """For each time that an officer's strikes cross a line: all cases of those strikes."""
    own = [strike for strike in strikes(stories) if strike.badge == badge]
    found = []
    for last in own:
        if rule in _crossed(last):
            before = [one for one in own if _received(one.first) <= _received(last.first)]
            year = [one for one in before if _together(one.first, last.first)]
            found.append(frozenset(case for one in year for case in one.cases))
    return found


def prominent(stories: Stories) -> dict[str, Counter[date]]:
    """Rule 12: for each unit how many substantiated incidents each month had."""
    firsts: dict[tuple[str, str], Story] = {}
    for story in sorted(stories, key=_received):
        if story.counts:
            firsts.setdefault((story.filed.unit, story.incident), story)
    months: dict[str, Counter[date]] = defaultdict(Counter)
    for (unit, _), story in firsts.items():
        months[unit][story.edition.day(story.filed.at).replace(day=1)] += 1
    return months


def _interviews(stories: Stories) -> Iterator[Sanction]:
    for unit, months in prominent(stories).items():
        for month in months:
            rule = stories.book.at(stories.book.editions[-1].midnight(month - timedelta(days=1)))
            wanted = rule.rule["prominent"]
            run, last = [month], month
            while len(run) < wanted["months"]:
                last = (last - timedelta(days=1)).replace(day=1)
                run.append(last)
            if all(months[one] >= wanted["incidents"] for one in run):
                yield "interview", unit, f"{month:%Y-%m}"


def _inspections(stories: Stories) -> Iterator[Sanction]:
    """Rule 13: so many cases of a quarter for which only the unit answers."""
    quarters: Counter[tuple[str, int, int]] = Counter()
    for story in stories:
        if story.counts and story.ruling and story.ruling.attribution == "unit":
            day = story.edition.day(story.filed.at)
            quarters[story.filed.unit, day.year, (day.month + 2) // 3] += 1
    for (unit, year, quarter), cases in quarters.items():
        last = date(year, quarter * 3 - 2, 1) - timedelta(days=1)
        rule = stories.book.at(stories.book.editions[-1].midnight(last)).rule["unknown_officer"]
        if cases >= rule["cases"]:
            yield "inspection", unit, f"{year}-Q{quarter}"


def criticisms(stories: Stories) -> set[str]:
    """Rule 7: one circulated criticism for each complaint that was found true."""
    return {story.case for story in stories if story.counts}


def clearings(stories: Stories) -> set[tuple[str, str]]:
    """Rule 17: a clearing note to whom an unfounded complaint named."""
    return {
        (story.filed.officer, story.case)
        for story in stories
        if story.complaint and story.filed.officer
        and story.ruling and story.ruling.verdict == "unsubstantiated"
    }  # fmt: skip
