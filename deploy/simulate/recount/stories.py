"""What became of each case, by the facts in their order: its verdicts, clock and callback."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from deploy.simulate.facts import (
    TRUE,
    Bound,
    Called,
    Ended,
    Extended,
    Fact,
    Filed,
    Followed,
    Joined,
    Judged,
    Opened,
    Rated,
    Reviewed,
    Withdrew,
)
from deploy.simulate.recount.edition import Book
from deploy.simulate.recount.story import Effect, Merge, Span, Story


class Stories:
    """All cases, told in one pass over the facts."""

    def __init__(self, facts: Sequence[Fact], book: Book) -> None:
        self.facts, self.book = facts, book
        self.of: dict[str, Story] = {}
        self.merges: list[Merge] = []
        self.filed: dict[str, Filed] = {}
        self._case: dict[str, str] = {}
        self._since: dict[str, datetime] = {}
        self.bound: dict[str, Bound] = {}
        for order, fact in enumerate(facts):
            self._tell(order, fact)

    def __iter__(self) -> Iterator[Story]:
        return iter(self.of.values())

    def of_submission(self, submission: str) -> Story | None:
        """The case of a submission."""
        return self.of.get(self._case.get(submission, ""))

    def phone(self, story: Story, at: datetime) -> str:
        """The phone that was known at a moment."""
        bound = self.bound.get(story.filed.submission)
        return bound.phone if bound and bound.at <= at else story.filed.phone

    def _tell(self, order: int, fact: Fact) -> None:
        match fact:
            case Filed():
                self.filed[fact.submission] = fact
            case Ended():
                self._since[fact.submission] = fact.at
            case Opened():
                self._open(fact)
            case Called():
                self._call(fact)
            case Judged():
                self._judge(order, fact)
            case Reviewed():
                self._review(order, fact)
            case Extended():
                self._extend(fact)
            case Joined():
                self._join(order, fact.at, fact.case, fact.other)
            case Bound():
                self._bind(fact)
            case Rated():
                if story := self.of_submission(fact.submission):
                    story.rating = fact
            case Withdrew():
                if story := self.of_submission(fact.submission):
                    story.withdrawn = True
            case Followed():
                self._reopen(fact)

    def _open(self, fact: Opened) -> None:
        filed = self.filed[fact.submission]
        edition = self.book.at(filed.at)
        since = self._since.get(fact.submission, filed.at)
        story = Story(fact.case, filed, edition, filed.phone, fact.case)
        due = story.due(since, "verification")
        if filed.kind == "rating" and not (filed.words or filed.phone):
            days = edition.rule["verification"]["bare_working_days"]
            due = edition.midnight(edition.working_days_after(edition.day(since), days))
        story.callback = "open" if filed.phone else "no_phone"
        story.callback_due = story.due(since, "callback")
        story.spans.append(Span(fact.at, due))
        self._case[fact.submission] = fact.case
        self.of[fact.case] = story

    def _call(self, fact: Called) -> None:
        story = self.of[fact.case]
        rule = story.edition.rule["callback"]
        story.tries.append(fact.at)
        if fact.outcome == "reached":
            story.callback = "reached"
        elif _apart(story.tries, rule["spacing_minutes"]) >= rule["attempts"]:
            story.callback = "unreached"
        else:
            story.callback = "open"
        due = story.callback_due or fact.at
        story.calls.append((fact, due, story.callback))

    def _judge(self, order: int, fact: Judged) -> None:
        story = self.of[fact.case]
        rule = story.edition.rule["verification"]
        earlier = [one.verdict for one in story.verdicts]
        clears = fact.verdict not in TRUE and any(one in TRUE for one in earlier)
        passed_on = fact.verdict == "out_of_scope" and fact.role == "unit_operator"
        listed = fact.verdict in rule["second_review_verdicts"]
        waits = listed or passed_on or clears or story.confirmed or bool(fact.joins)
        story.verdicts.append(fact)
        if story.spans[-1].ends is None:
            story.spans[-1].ends = fact.at
        story.state = "in_review" if waits else "verified"
        if not waits:
            self._take_effect(order, fact.at, story)

    def _take_effect(self, order: int, at: datetime, story: Story) -> None:
        effect = Effect(order, at, len(story.verdicts), story.verdicts[-1], len(story.spans))
        story.effects.append(effect)

    def _review(self, order: int, fact: Reviewed) -> None:
        story = self.of[fact.case]
        if fact.decision == "confirm":
            story.confirmed = True
            newest = story.verdicts[-1]
            if newest.joins:
                self._join(order, fact.at, fact.case, newest.joins)
            if story.state == "in_review":
                self._take_effect(order, fact.at, story)
            story.state = "verified"
        elif fact.decision == "return":
            story.state = "open"
            story.spans.append(Span(fact.at, story.due(fact.at, "verification")))

    def _extend(self, fact: Extended) -> None:
        story = self.of[fact.case]
        span = story.spans[-1]
        span.ends = fact.at
        last = story.edition.day(span.due - timedelta(seconds=1))
        due = story.edition.midnight(last + timedelta(days=fact.days))
        story.spans.append(Span(fact.at, due))

    def _bind(self, fact: Bound) -> None:
        self.bound[fact.submission] = fact
        story = self.of_submission(fact.submission)
        if story is None:
            return
        story.phone = fact.phone
        if story.callback == "no_phone":
            story.callback = "open"
            story.callback_due = story.due(fact.at, "callback")

    def _reopen(self, fact: Followed) -> None:
        story = self.of_submission(fact.submission)
        if story is None:
            return
        story.state, story.tries = "open", []
        story.callback = "open" if story.phone else "no_phone"
        story.callback_due = story.due(fact.at, "callback")
        story.spans.append(Span(fact.at, story.due(fact.at, "verification")))

    def _join(self, order: int, at: datetime, case: str, other: str) -> None:
        own = self.of[case].incident
        members = [story for story in self if story.incident == own]
        if case == other:
            if len(members) == 1:
                return
            story = self.of[case]
            story.splits += 1
            moved, target = [story], f"{case}/{story.splits}"
        else:
            moved, target = members, self.of[other].incident
            if target == own:
                return
        names = tuple(story.case for story in moved)
        self.merges.append(Merge(order, at, names, (own,) * len(names), target))
        for story in moved:
            story.incident = target


def _apart(times: Sequence[datetime], minutes: int) -> int:
    """How many of these lie so far apart from the last that counted."""
    counted, last = 0, None
    for at in sorted(times):
        if last is None or at - last >= timedelta(minutes=minutes):
            counted, last = counted + 1, at
    return counted
