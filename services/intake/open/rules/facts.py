"""What a submission's story amounts to in the public figures, as of a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.follow.story import CALLBACK_DONE, Entry, extension, latest, reopening
from shared.values import clock

Call = Literal["none", "waiting", "on_time", "late", "unreached"]
Pace = Literal["none", "waiting", "on_time", "late"]


@dataclass(frozen=True)
class Told:
    """A submission with its story. `owed` says that a call was owed when it was counted before,
    which stays so after the phone has been erased.
    """

    submission_id: UUID
    kind: str
    received_at: datetime
    owed: bool
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Fact:
    """In which numbers a case is counted; from `turns_at` on it may be in others by itself."""

    submission_id: UUID
    day: date
    state: str
    call: Call
    same_day: bool
    pace: Pace
    verified_same_day: bool
    extended: bool
    solved: bool | None
    satisfied: bool | None
    paid_fen: int
    turns_at: datetime | None


def fact_of(told: Told, now: datetime, zone: ZoneInfo) -> Fact:
    """The fact of a story; the order in which its entries arrived does not matter."""
    day = clock.service_day(told.received_at, zone)
    reached = _reached(told.entries)
    call, call_turns = _call(told, now)
    pace, pace_turns = _pace(told.entries, now)
    handed = _handed(told.entries)
    # Opened again, it is in hand again, and what was said of the answer before says nothing now.
    verdict = None if reopening(told.entries) else latest(told.entries, "verified")
    said = _said(told.entries, verdict)
    return Fact(
        submission_id=told.submission_id,
        day=day,
        state=verdict.details["verdict"] if verdict else "open",
        call=call,
        same_day=reached is not None and clock.service_day(reached.at, zone) == day,
        pace=pace,
        verified_same_day=handed is not None and clock.service_day(handed, zone) == day,
        extended=extension(told.entries) is not None,
        solved=said.get("solved"),
        satisfied=said.get("satisfied"),
        paid_fen=_paid(told.entries),
        turns_at=min((at for at in (call_turns, pace_turns) if at), default=None),
    )


def _said(entries: Sequence[Entry], verdict: Entry | None) -> Mapping[str, Any]:
    """What the citizen says of the verdict that counts."""
    rated = latest(entries, "rated")
    if verdict is None or rated is None or rated.details["revision"] != verdict.details["number"]:
        return {}
    return rated.details


def _reached(entries: Sequence[Entry]) -> Entry | None:
    done = [e for e in entries if e.step == "called" and e.details["state"] == "reached"]
    return min(done, key=lambda e: e.at, default=None)


def _call(told: Told, now: datetime) -> tuple[Call, datetime | None]:
    opened, called = latest(told.entries, "opened"), latest(told.entries, "called")
    reached = _reached(told.entries)
    ended = called and called.details["state"] in CALLBACK_DONE and not reached
    if called and ended:
        return ("unreached" if called.details["state"] == "unreached" else "none"), None
    moved = [e for e in told.entries if _moves_call(e)]
    # What a follow-up owes anew says nothing of a call that was made before.
    before = [e for e in moved if reached is None or e.at <= reached.at]
    bound = latest(before, "rescheduled")
    if not (told.owed or called or bound):
        return "none", None
    promised = bound or opened
    if promised is None:
        return "waiting", None
    due = datetime.fromisoformat(promised.details["callback_due_at"])
    if reached:
        return _met(reached.at, due), None
    return ("late", None) if now > due else ("waiting", due)


def _moves_call(entry: Entry) -> bool:
    """A phone that was bound later gets a due time of its own."""
    return entry.step == "rescheduled" and entry.details["callback_due_at"] is not None


def _pace(entries: Sequence[Entry], now: datetime) -> tuple[Pace, datetime | None]:
    """The clock stops when the verdict is handed in, not when it is confirmed."""
    if latest(entries, "opened") is None:
        return "waiting", None
    if stopped := _stopped(entries):
        return _met(stopped, _due(entries, stopped)), None
    due = _due(entries, now)
    return ("late", None) if now > due else ("waiting", due)


def _stopped(entries: Sequence[Entry]) -> datetime | None:
    """When the first verdict was handed in, or the one that is being looked at."""
    return _handed(entries) or _stop(latest(entries, "clock"))


def _handed(entries: Sequence[Entry]) -> datetime | None:
    """When the first verdict that took effect was handed in: a follow-up takes that from nobody.

    One that waited for its second look took effect later than that.
    """
    verdicts = [e for e in entries if e.step == "verified"]
    first = min(verdicts, key=lambda e: int(e.details["number"]), default=None)
    if first is None:
        return None
    if told := first.details.get("handed_at"):
        return datetime.fromisoformat(told)
    number = 2 * int(first.details["number"])
    waited = (e for e in entries if e.step == "clock" and e.details["number"] == number)
    return _stop(next(waited, None)) or first.at


def _stop(changed: Entry | None) -> datetime | None:
    """When a change of the clock stopped it, if it did."""
    at = changed and changed.details["stopped_at"]
    return datetime.fromisoformat(at) if at else None


def _due(entries: Sequence[Entry], at: datetime) -> datetime:
    """The due time that was in force at a moment; what was moved later does not count."""
    then = [e for e in entries if e.at <= at]
    moved, longer = latest(then, "clock"), extension(then)
    if longer and (moved is None or moved.at < longer.at):
        return datetime.fromisoformat(longer.details["verification_due_at"])
    opened = latest(entries, "opened")
    told = moved.details["due_at"] if moved else opened and opened.details["verification_due_at"]
    return datetime.fromisoformat(str(told))


def _met(at: datetime, due: datetime) -> Literal["on_time", "late"]:
    return "on_time" if at <= due else "late"


def _paid(entries: Sequence[Entry]) -> int:
    paid, back = latest(entries, "reward_paid"), latest(entries, "reward_reversed")
    return int(paid.details["amount_fen"]) if paid and not back else 0
