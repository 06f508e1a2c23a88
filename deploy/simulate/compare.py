"""What the program holds beside what the recount expects, each difference by whose it is."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.simulate.facts import Log, Looked, Pressed
from deploy.simulate.recount import messages, notices, pages, rates, scores, signatures, words
from deploy.simulate.recount.edition import Book
from deploy.simulate.recount.money import Money
from deploy.simulate.recount.stories import Stories
from deploy.simulate.witnesses import Held

# Of these states the program knows several where the recount sees one.
OPEN = ("eligible", "ready", "submitting", "accepted", "unknown", "rejected", "sent")


@dataclass(frozen=True)
class Difference:
    """Of what, whose, what was expected and what was found."""

    what: str
    whose: str
    expected: object
    found: object


@dataclass(frozen=True)
class Comparison:
    """The two sides."""

    log: Log
    book: Book
    held: Held

    def differences(self) -> list[Difference]:
        """All of them."""
        stories = Stories(self.log.facts, self.book)
        money = Money(stories, self.log.roster)
        money.count(self.log.facts)
        return [
            *self._notices(stories),
            *self._attention(stories),
            *self._pressure(),
            *self._signatures(stories),
            *self._scores(stories),
            *self._rewards(money),
            *self._alerts(money),
            *self._rates(stories),
            *self._left(),
        ]

    def _rows(self, name: str, *columns: str) -> set[tuple[Any, ...]]:
        return {tuple(str(row[c]) for c in columns) for row in self.held.rows[name]}

    def _notices(self, stories: Stories) -> Iterator[Difference]:
        expected = {(case, str(due.timestamp()), str(level), name)
                    for case, due, level, name in notices.expected(stories)}  # fmt: skip
        found = {
            (str(row["case_id"]), str(row["deadline_at"].timestamp()), str(row["level"]),
             row["level_key"])
            for row in self.held.rows["notices"]
        }  # fmt: skip
        yield from _apart("notice", expected, found)
        said = {(one.case, one.deadline, one.level) for one in notices.acknowledged(stories.facts)}
        told = self._timed("acknowledgements", "case_id", "deadline_at", "level")
        yield from _apart("acknowledgement", said, told)
        told = self._timed("reminders", "case_id", "deadline_at", "level", "number")
        yield from _apart("reminder", notices.reminders(stories), told)

    def _timed(self, name: str, *columns: str) -> set[tuple[Any, ...]]:
        """As they are, but for ids."""
        rows = self.held.rows[name]
        return {(str(row[columns[0]]), *(row[c] for c in columns[1:])) for row in rows}

    def _attention(self, stories: Stories) -> Iterator[Difference]:
        rung = self._timed("pages", "case_id", "number", "level", "phone_place")
        yield from _apart("page", pages.expected(stories, self.log.above), rung)
        missed = self._timed("missed", "case_id", "due_at")
        yield from _apart("word missed", words.missed(stories), missed)
        given = {str(row["case_id"]): row["words_given"] for row in self.held.rows["words"]}
        yield from _unequal("words", words.given(stories), given)

    def _pressure(self) -> Iterator[Difference]:
        told = {(one.submission, one.about) for one in self.log.facts if isinstance(one, Pressed)}
        yield from _apart("pressure", told, self._rows("pressure", "submission_id", "about"))
        for one in self.log.facts:
            if isinstance(one, Looked) and one.seen:
                yield Difference("pressure", one.case, "hidden", "seen at the unit")

    def _signatures(self, stories: Stories) -> Iterator[Difference]:
        for one in signatures.wrong(stories):
            found = ("taken", "refused") if one.taken else ("refused", "taken")
            yield Difference(f"signature of {one.rule}", one.badge, found[1], found[0])

    def _scores(self, stories: Stories) -> Iterator[Difference]:
        points = scores.points(stories)
        for name in ("balances", "ledger"):
            key = "balance_centipoints" if name == "balances" else "balance"
            found = {r["unit_code"]: -r[key] for r in self.held.rows[name] if r[key]}
            yield from _unequal(f"points ({name})", points, found)
        expected = {(one.badge, *sorted(one.cases)) for one in scores.strikes(stories)}
        yield from _apart("strike", expected, self._strikes())
        proposed = {(whose, rule, period) for rule, whose, period in scores.sanctions(stories)}
        sanctions = self._rows("sanctions", "subject", "rule", "period")
        yield from _apart("sanction", proposed, sanctions)
        criticisms = {(case,) for case in scores.criticisms(stories)}
        yield from _apart("criticism", criticisms, self._rows("criticisms", "case_id"))
        clearings = self._rows("clearings", "badge", "case_id")
        yield from _apart("clearing note", scores.clearings(stories), clearings)

    def _strikes(self) -> set[tuple[str, ...]]:
        marks: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.held.rows["strikes"]:
            marks[row["badge"], str(row["incident_id"])].append(str(row["case_id"]))
        return {(badge, *sorted(cases)) for (badge, _), cases in marks.items()}

    def _rewards(self, money: Money) -> Iterator[Difference]:
        expected = {
            case: (_state(one.state), one.reason, one.fen) for case, one in money.rewards.items()
        }
        found = {
            str(row["case_id"]): (_state(row["state"]), row["reason"] or "", row["amount_fen"])
            for row in self.held.rows["rewards"]
        }
        yield from _unequal("reward", expected, found)
        delivered = [row for row in self.held.rows["messages"] if row["state"] == "delivered"]
        sent = {(str(row["case_id"]), row["purpose"]) for row in delivered if row["case_id"]}
        sent = {one for one in sent if one[1] in messages.PURPOSES}
        yield from _apart("message", messages.expected(money.stories, money), sent)
        for order in money.strange:
            yield Difference("order of nobody", order, "none", "sent")

    def _alerts(self, money: Money) -> Iterator[Difference]:
        """By day: that rewards tells of it, and that it became an SMS."""
        for name, column in (("alerts", "alerted_at"), ("alerted", "created_at")):
            told = [row[column] for row in self.held.rows[name]]
            days = [self.book.at(at).day(at) for at in told]
            missing, idle = money.alerts.wrong(days)
            yield from _apart(f"{name} of money", {(str(one),) for one in missing}, ())
            yield from _apart(f"{name} of money", (), {(str(one),) for one in idle})
            if len(days) > len(set(days)):
                yield Difference(f"{name} of money", "a day", 1, "more")

    def _rates(self, stories: Stories) -> Iterator[Difference]:
        both = rates.counted(stories)
        for name, own in (
            ("verification", rates.desk(stories)),
            ("scoring", rates.scoring(stories)),
        ):
            told, expected = self.held.figures[name], both | own
            yield from _unequal(f"figure of {name}", expected, {w: told[w] for w in expected})

    def _left(self) -> Iterator[Difference]:
        yield from _unequal("left", dict.fromkeys(self.held.left, 0), self.held.left)


def _state(state: str) -> str:
    return "open" if state in OPEN else state


def _apart(
    what: str, expected: Iterable[tuple[Any, ...]], found: Iterable[tuple[Any, ...]]
) -> Iterator[Difference]:
    left, right = set(expected), set(found)
    for one in sorted(left - right):
        yield Difference(what, str(one[0]), one[1:] or "is there", "missing")
    for one in sorted(right - left):
        yield Difference(what, str(one[0]), "none", one[1:] or "is there")


def _unequal(
    what: str, expected: Mapping[str, Hashable], found: Mapping[str, Hashable]
) -> Iterator[Difference]:
    for key in sorted({**expected, **found}):
        if expected.get(key) != found.get(key):
            yield Difference(what, key, expected.get(key, "none"), found.get(key, "none"))
