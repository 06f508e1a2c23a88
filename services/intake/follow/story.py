"""The story of a submission in plain words: what happened, what is due, when. Plain values only.

A line names a text by its key and the values that fill it; the page and the JSON answer
put it into the citizen's language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Step = Literal[
    "opened",
    "called",
    "word",
    "clock",
    "verified",
    "reward_decided",
    "reward_paid",
    "reward_reversed",
    "message",
    "rescheduled",
    "bound",
    "phone_refused",
    "followup",
    "withdrawn",
    "rated",
]
Details = Mapping[str, Any]
# Before anything happens: somebody looks at it first, or has found nothing to act on.
Waits = Literal["held", "set_aside"]
CALLBACK_DONE = ("reached", "unreached", "no_phone")
# After these nothing arrives by the time that was promised; what never arrived is reversed, too.
_ENDS: tuple[Step, ...] = ("reward_paid", "reward_reversed")
_RATED: Mapping[bool | None, str] = {
    True: "line_solved",
    False: "line_not_solved",
    None: "line_rated",
}


@dataclass(frozen=True)
class Entry:
    """A step as it was stored."""

    step: Step
    at: datetime
    details: Details


@dataclass(frozen=True)
class Line:
    """One line of the story; `waiting` is still to come and due at `at`, `late` is overdue."""

    at: datetime
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    waiting: bool = False
    late: bool = False


def story(
    received_at: datetime, entries: Sequence[Entry], now: datetime, phone: bool
) -> list[Line]:
    """All lines in the order of time, what is still due at the end."""
    told = [Line(received_at, "line_received"), *_told(entries)]
    due = sorted(_due(entries, now, phone), key=lambda line: line.at)
    return sorted(told, key=lambda line: line.at) + due


def latest(entries: Sequence[Entry], step: Step) -> Entry | None:
    """The newest entry of a kind by its own number (attempt, revision, version), not by arrival."""
    return max(
        (e for e in entries if e.step == step),
        key=lambda e: (e.details.get("number", 0), e.at),
        default=None,
    )


def verdict(entries: Sequence[Entry]) -> Entry | None:
    """The verdict that counts: the one of the highest revision."""
    return latest(entries, "verified")


def reopening(entries: Sequence[Entry]) -> Entry | None:
    """The follow-up after which the case is still open; None once there is a newer verdict."""
    moved = [e for e in entries if e.step == "rescheduled" and e.details["verification_due_at"]]
    again = [e for e in moved if e.details["why"] != "extended"]
    newest, told = latest(again, "rescheduled"), verdict(entries)
    if newest is None:
        return None
    answered = told is not None and told.details["number"] > newest.details["revision"]
    return None if answered else newest


def phone_refused(entries: Sequence[Entry]) -> bool:
    """Whether the vendors refuse the phone that counts: none was bound since they said so."""
    refused, bound = latest(entries, "phone_refused"), latest(entries, "bound")
    return refused is not None and refused.details["number"] == of_phone(bound)


def of_phone(bound: Entry | None) -> int:
    """Which phone counts: 0 is the one that was left, then each that was bound."""
    return int(bound.details["number"]) if bound else 0


def decided_before(entries: Sequence[Entry]) -> bool:
    """Whether rewards has said nothing yet of the phone that was bound last: only of one before.

    The days of a reward to it begin with its binding; where that is not told, as in older
    entries, the decision's own time stands for it. `clearing` is a word about the bound one.
    """
    decided, bound = latest(entries, "reward_decided"), latest(entries, "bound")
    if decided is None or bound is None or decided.details["decision"] == "clearing":
        return False
    told = decided.details.get("begun_at")
    return (datetime.fromisoformat(told) if told else decided.at) < bound.at


def extension(entries: Sequence[Entry]) -> Entry | None:
    """The newest time that the level above added to the verification's."""
    longer = (e for e in entries if e.step == "rescheduled" and e.details["why"] == "extended")
    return latest(list(longer), "rescheduled")


def _told(entries: Sequence[Entry]) -> Iterator[Line]:
    paid = latest(entries, "reward_paid")
    newest = {step: latest(entries, step) for step in ("reward_decided", "rated")}
    for entry in entries:
        superseded = entry.step in newest and entry is not newest[entry.step]
        if superseded or (entry.step == "reward_decided" and paid):
            continue
        yield from _line(entry)


def _line(entry: Entry) -> Iterator[Line]:
    details = entry.details
    match entry.step:
        case "opened":
            yield Line(entry.at, "line_opened")
        case "rescheduled" if details["why"] == "extended":
            due = datetime.fromisoformat(details["verification_due_at"])
            yield Line(entry.at, "line_extended", {"due": due})
        case "clock" | "rescheduled":
            return  # told by what is still due
        case "bound" | "followup" | "phone_refused":
            yield Line(entry.at, f"line_{entry.step}")
        case "withdrawn":
            yield Line(entry.at, "line_withdrawn" if details["withdrawn"] else "line_goes_on")
        case "rated":
            yield Line(entry.at, _RATED[details["solved"]])
        case "called":
            yield Line(entry.at, f"line_called_{details['outcome']}", {"n": details["number"]})
        case "word":
            yield Line(entry.at, "line_word", {"word": details["word"]})
        case "verified":
            changed = "_again" if details["number"] > 1 else ""
            yield Line(entry.at, f"line_verified{changed}", {"verdict": details["verdict"]})
        case "reward_decided":
            yield Line(
                entry.at, f"line_reward_{details['decision']}", {"yuan": details["amount_fen"]}
            )
        case "message":
            name = f"line_message_{details['purpose']}_{details['outcome']}"
            yield Line(entry.at, name)
        case "reward_paid" | "reward_reversed":
            yield Line(entry.at, f"line_{entry.step}", {"yuan": details["amount_fen"]})


def _due(entries: Sequence[Entry], now: datetime, phone: bool) -> Iterator[Line]:
    opened, verified = latest(entries, "opened"), verdict(entries)
    decided, again = latest(entries, "reward_decided"), reopening(entries)
    yield from _word_due(entries, now)
    if phone and (promised := _to_call(entries)):
        yield _waiting(promised, "callback_due_at", "line_callback_due", now)
    if again:
        # Each revision has two numbers of its own: its stop, and its being given back.
        later = [
            e for e in entries if e.details.get("number", 0) > 2 * again.details["revision"] + 1
        ]
        yield _verification(again, latest(later, "clock"), extension(entries), now)
    elif opened and not verified:
        yield _verification(opened, latest(entries, "clock"), extension(entries), now)
    scheduled = decided and decided.details["decision"] == "scheduled"
    ended = any(latest(entries, step) for step in _ENDS)
    of_another = phone_refused(entries) or decided_before(entries)
    if decided and scheduled and not ended and not of_another:
        yield _waiting(decided, "due_at", "line_reward_due", now)


def _word_due(entries: Sequence[Entry], now: datetime) -> Iterator[Line]:
    """The word that is owed next, as the desk said last; an answer owes none."""
    told = [e for e in entries if e.step == "verified" or "word_due_at" in e.details]
    newest = max(told, key=lambda e: e.at, default=None)
    if newest and newest.details.get("word_due_at"):
        yield _waiting(newest, "word_due_at", f"line_word_due_{newest.details['word_owed']}", now)


def _to_call(entries: Sequence[Entry]) -> Entry | None:
    """The newest promise to call the citizen, unless it is kept, or given up, since."""
    moved = [e for e in entries if e.step == "rescheduled" and e.details["callback_due_at"]]
    promised = latest(moved, "rescheduled") or latest(entries, "opened")
    called = latest(entries, "called")
    if promised is None or called is None:
        return promised
    since = promised.step == "opened" or called.at >= promised.at
    return None if since and called.details["state"] in CALLBACK_DONE else promised


def _verification(opened: Entry, clock: Entry | None, longer: Entry | None, now: datetime) -> Line:
    """What is found is due, unless the clock has stopped: then only the second look is missing."""
    if longer and longer.at >= (clock or opened).at:
        return _waiting(longer, "verification_due_at", "line_verification_due", now)
    if clock is None:
        return _waiting(opened, "verification_due_at", "line_verification_due", now)
    if clock.details["stopped_at"] is None:
        return _waiting(clock, "due_at", "line_verification_due", now)
    stopped = datetime.fromisoformat(clock.details["stopped_at"])
    late = stopped > datetime.fromisoformat(clock.details["due_at"])
    return Line(stopped, "line_in_review", waiting=True, late=late)


def _waiting(entry: Entry, due: str, text: str, now: datetime) -> Line:
    at = datetime.fromisoformat(entry.details[due])
    late = now > at
    return Line(at, f"{text}_late" if late else text, {"due": at}, waiting=True, late=late)
