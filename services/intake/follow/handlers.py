"""What intake does with what it hears: it keeps the directory and writes each story's next line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake.accept.store import officers, submissions, units
from services.intake.follow import reading, story
from services.intake.follow.answering import Answering, Moment
from services.intake.follow.bodies import FollowupBody
from services.intake.follow.store import contacts, holds, said, timeline
from services.intake.follow.story import Entry, latest
from shared.bus.handling import Heard
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import (
    AnswerHeard,
    AnswerRated,
    AnswerReplied,
    CallbackLogged,
    CaseOpened,
    CaseRescheduled,
    CaseVerified,
    ClockChanged,
    MessageSettled,
    PhoneRefused,
    RewardDecided,
    RewardPaid,
    RewardReversed,
    WordGiven,
)
from shared.keeping import keep
from shared.observe import log
from shared.values import clock
from shared.web.texts import home, texts

OfASubmission = (
    CallbackLogged | ClockChanged | CaseVerified | CaseRescheduled | RewardDecided | RewardPaid
    | RewardReversed | MessageSettled | WordGiven
)  # fmt: skip
Owing = CaseOpened | CallbackLogged | ClockChanged | CaseRescheduled | WordGiven

on_unit_changed = keep(units.put)
on_officer_changed = keep(officers.put)
on_hold_ended = keep(holds.put)


async def on_cases_opened(conn: Connection, heard: Sequence[Heard[CaseOpened]]) -> None:
    """The cases and their due times."""
    steps = [(one.event.submission_id, str(one.event.case_id), _opened(one.event)) for one in heard]
    if added := await timeline.add_all(conn, steps):
        ids = list(map(str, added))
        log.get().info("stories continued", count=len(ids), submission_ids=ids, state="opened")


def _opened(event: CaseOpened) -> Entry:
    due = {
        "callback_due_at": event.callback_due_at.isoformat(),
        "verification_due_at": event.verification_due_at.isoformat(),
        **_word(event),
    }
    return Entry("opened", event.opened_at, due)


async def on_callback_logged(conn: Connection, event: CallbackLogged) -> None:
    """One attempt to call."""
    what = {"number": event.attempt, "outcome": event.outcome, "state": event.state}
    told = what | _word(event)
    await _tell(conn, event, Entry("called", event.called_at, told), event.case_id, event.attempt)


async def on_word_given(conn: Connection, event: WordGiven) -> None:
    """A word to the citizen, sealed."""
    told = {"number": event.number, "word_sealed": event.word_sealed, **_word(event)}
    await _tell(conn, event, Entry("word", event.given_at, told), event.case_id, event.number)


async def on_clock_changed(conn: Connection, event: ClockChanged) -> None:
    """The verification's clock stopped, or runs again."""
    stopped = event.stopped_at and event.stopped_at.isoformat()
    told = {"number": event.number, "stopped_at": stopped, "due_at": event.due_at.isoformat()}
    entry = Entry("clock", event.changed_at, told | _word(event))
    await _tell(conn, event, entry, event.case_id, event.number)


async def on_case_verified(conn: Connection, event: CaseVerified) -> None:
    """The verdict and, sealed, the answer; each revision is a line of its own."""
    told = {
        "number": event.revision,
        "verdict": event.verdict,
        "rewarded_by": event.overturned or event.verdict,
        "answer_sealed": event.answer_sealed,
        "handed_at": event.handed_at and event.handed_at.isoformat(),
    }
    entry = Entry("verified", event.verified_at, told)
    await _tell(conn, event, entry, event.case_id, event.revision)


async def on_reward_decided(conn: Connection, event: RewardDecided) -> None:
    """Scheduled, held, refused, with a person, or withdrawn while it was under way."""
    told = {
        "number": event.version,
        "decision": event.decision,
        "reason": event.reason,
        "amount_fen": event.amount_fen,
        "due_at": event.due_at.isoformat(),
        "begun_at": (event.verified_at or event.decided_at).isoformat(),
    }
    entry = Entry("reward_decided", event.decided_at, told)
    await _tell(conn, event, entry, event.reward_id, event.version)


async def on_reward_paid(conn: Connection, event: RewardPaid) -> None:
    """The airtime has arrived; it may have been under way to a phone that counts no more."""
    told = {"amount_fen": event.amount_fen, "elsewhere": await _is_elsewhere(conn, event)}
    await _tell(conn, event, Entry("reward_paid", event.paid_at, told), event.reward_id)


async def _is_elsewhere(conn: Connection, event: RewardPaid) -> bool:
    bound = await contacts.get(conn, event.submission_id)
    return bound is not None and event.phone_index not in (None, bound.phone_index)


async def on_reward_reversed(conn: Connection, event: RewardReversed) -> None:
    """The provider took it back."""
    told = {"amount_fen": event.amount_fen}
    await _tell(conn, event, Entry("reward_reversed", event.reversed_at, told), event.reward_id)


async def on_phone_refused(conn: Connection, event: PhoneRefused) -> None:
    """No vendor tops the phone up; one that another has replaced meanwhile is nobody's trouble."""
    await said.lock(conn, event.submission_id)
    facts = await submissions.get(conn, event.submission_id)
    told = await reading.load(conn, facts) if facts else None
    if told is None or told.phone_index != event.phone_index:
        log.get().info("refused phone counts no more", submission_id=str(event.submission_id))
        return
    number = story.of_phone(latest(told.entries, "bound"))
    entry = Entry("phone_refused", event.refused_at, {"number": number})
    await timeline.add(conn, event.submission_id, str(number), entry)


async def on_case_rescheduled(conn: Connection, event: CaseRescheduled) -> None:
    """New due times: the case was opened again, or the citizen can be called now."""
    due = {
        "callback_due_at": event.callback_due_at and event.callback_due_at.isoformat(),
        "verification_due_at": event.verification_due_at and event.verification_due_at.isoformat(),
    }
    told = {"number": event.number, "why": event.why, "revision": event.revision, **due}
    entry = Entry("rescheduled", event.changed_at, told | _word(event))
    await _tell(conn, event, entry, event.case_id, event.number)


async def on_answer_heard(conn: Connection, event: AnswerHeard) -> None:
    """What a citizen answered by phone: the next of their answers, told to all as any of them."""
    await said.lock(conn, event.submission_id)
    named = {"kind": event.kind, "unit_code": event.unit_code}
    await _take_over(conn, event, event.heard_at, **named)
    log.get().info("answers by phone taken over", submission_id=str(event.submission_id))


async def on_answer_replied(answering: Answering, conn: Connection, event: AnswerReplied) -> None:
    """The same of a reply by SMS; not solved is a follow-up, where one is still possible.

    One that is to an answer which was changed meanwhile stays a word about that answer.
    """
    await said.lock(conn, event.submission_id)
    facts = await submissions.get(conn, event.submission_id)
    if facts is None:
        log.get().warning("reply to nothing", submission_id=str(event.submission_id))
        return
    told, now = await reading.load(conn, facts), clock.now()
    standing = told.standing(answering.seal, answering.policies, now)
    named = {"kind": facts.kind, "unit_code": facts.unit_code}
    await _take_over(conn, event, event.replied_at, **named)
    log.get().info("answers by SMS taken over", submission_id=str(event.submission_id))
    if not event.solved and standing.revision == event.revision and standing.may("follow_up"):
        # Words for the desk, which speaks the city's language.
        words = FollowupBody(words=texts(home()).text("followup_by_sms"))
        await answering.follow_up(Moment(conn, told, standing, now, home()), words)


async def _take_over(
    conn: Connection, event: AnswerHeard | AnswerReplied, at: datetime, **named: str
) -> None:
    newest = latest(await timeline.list_of(conn, event.submission_id), "rated")
    number = newest.details["number"] + 1 if newest else 1
    told = {name: getattr(event, name) for name in ("solved", "satisfied", "revision")}
    await timeline.add(
        conn, event.submission_id, str(number), Entry("rated", at, told | {"number": number})
    )
    await publish(conn, AnswerRated.of(event, version=number, rated_at=at, **named))


async def on_message_settled(conn: Connection, event: MessageSettled) -> None:
    """An SMS arrived, or did not."""
    told = {"purpose": event.purpose, "outcome": event.outcome}
    entry = Entry("message", event.settled_at, told)
    await _tell(conn, event, entry, event.message_id, event.outcome)


def _word(event: Owing) -> dict[str, Any]:
    """By when the desk owes the next word, and which."""
    due_at = event.word_due_at
    return {"word_owed": event.word_owed, "word_due_at": due_at and due_at.isoformat()}


async def _tell(conn: Connection, event: OfASubmission, entry: Entry, *key: object) -> None:
    """The next line of a story; `key` is what makes it this line and no other."""
    submission_id, name = event.submission_id, "/".join(map(str, key))
    if await timeline.add(conn, submission_id, name, entry):
        log.get().info("story continued", submission_id=str(submission_id), state=entry.step)
