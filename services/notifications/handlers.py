"""What notifications does when it hears something."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from uuid_utils.compat import uuid7

from services.notifications.rules import numbers
from services.notifications.rules.messages import TOLD, Purpose, wants_thanks
from services.notifications.store import forgetting, messages
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import (
    AnswerRated,
    CallbackUnreached,
    CaseVerified,
    ContactErased,
    DutyNoticed,
    DutyPaged,
    Event,
    InvitationDrawn,
    MessageSettled,
    OtpRequested,
    ReceiptIssued,
    RewardPaid,
    WordGiven,
)
from shared.observe import log, trace
from shared.policy import Policies
from shared.values import phone
from shared.values.phone import Use
from shared.values.seal import Seal
from shared.web.texts import home

OfASubmission = CaseVerified | CallbackUnreached | WordGiven | RewardPaid


def lock_order(event: Event) -> str:
    """By submission, where an event tells one: messages of its case, its codes, its erasure."""
    return str(getattr(event, "submission_id", event.subject))


@dataclass(frozen=True)
class Wanted:
    """What makes messages of events: the seal that knows whose a phone is, and the policies."""

    seal: Seal
    policies: Policies

    async def on_case_verified(self, conn: Connection, event: CaseVerified) -> None:
        """Queue the thanks, once a case, whatever the verdict and its revision; and the questions.

        They are asked again of a changed answer, but not where an officer's appeal changed it, and
        not of one that was rated before it was heard of here.
        """
        use = self._use(event)
        if wants_thanks(event, use):
            await self._queue(conn, event, "thanks")
        rule = self.policies.at(event.received_at).messages
        if use is None or not use.sms or event.overturned or rule.ask_after_hours is None:
            return
        if await messages.get_rated(conn, event.submission_id) >= event.revision:
            return
        asked = event.verified_at + timedelta(hours=rule.ask_after_hours)
        dead = asked + timedelta(hours=2 * rule.reply_hours)
        await self._queue(
            conn, event, "question", occasion=event.revision, not_before=asked, expires_at=dead
        )

    async def on_answer_rated(self, conn: Connection, event: AnswerRated) -> None:
        """Whoever has said it already is not asked."""
        for message_id in await messages.mark_answered(conn, event.submission_id, event.revision):
            log.get().info("question not needed any more", message_id=message_id)

    async def on_callback_unreached(self, conn: Connection, event: CallbackUnreached) -> None:
        """Queue the news that nobody answered; where a case is opened again, once more."""
        if self._gets_sms(event):
            await self._queue(conn, event, "unreached", occasion=event.attempt)

    async def on_word_given(self, conn: Connection, event: WordGiven) -> None:
        """Queue the news that there is a word on the receipt, and nothing of what it says."""
        if self._gets_sms(event):
            await self._queue(conn, event, "word", occasion=event.number)

    async def on_reward_paid(self, conn: Connection, event: RewardPaid) -> None:
        """Queue the news that the airtime has arrived."""
        await self._queue(conn, event, "paid", amount_fen=event.amount_fen)

    async def on_duty_paged(self, conn: Connection, event: DutyPaged) -> None:
        """Queue a page; its own id is the message's, so that it is one SMS at most."""
        page = messages.Passing(
            event.page_id, event.phone_id, "urgent", event.phone_sealed, None, event.paged_at,
            event.expires_at, language=home(),
        )  # fmt: skip
        await self._queue_passing(conn, page)

    async def on_duty_noticed(self, conn: Connection, event: DutyNoticed) -> None:
        """Queue that notices wait, or money is nearly late, once each telling."""
        notice = messages.Passing(
            event.told_id, event.phone_id, event.about, event.phone_sealed, None, event.told_at,
            event.expires_at, language=home(),
        )  # fmt: skip
        await self._queue_passing(conn, notice)

    async def on_otp_requested(self, conn: Connection, event: OtpRequested) -> None:
        """Queue a one-time code; its own id is the message's, so that it is one SMS at most."""
        code = messages.Passing(
            event.otp_id, event.submission_id, "code", event.phone_sealed, event.code_sealed,
            event.requested_at, event.expires_at, language=event.language,
        )  # fmt: skip
        await self._queue_passing(conn, code)

    async def on_invitation_drawn(self, conn: Connection, event: InvitationDrawn) -> None:
        """Queue an invitation; its own id is the message's, so that nobody is asked twice."""
        own = event.invitation_id
        invitation = messages.Passing(
            own, own, "invitation", event.phone_sealed, event.link_sealed, event.drawn_at,
            event.expires_at, language=home(),
        )  # fmt: skip
        await self._queue_passing(conn, invitation)

    async def on_receipt_issued(self, conn: Connection, event: ReceiptIssued) -> None:
        """Queue the link to a receipt; the submission's id is the message's, so it is one."""
        own = event.submission_id
        receipt = messages.Passing(
            own, own, "receipt", event.phone_sealed, event.link_sealed, event.issued_at,
            event.expires_at, language=event.language,
        )  # fmt: skip
        await self._queue_passing(conn, receipt)

    def _use(self, event: OfASubmission) -> Use | None:
        sealed = event.phone_sealed
        return phone.use_sealed(self.seal, sealed, event.submission_id) if sealed else None

    def _gets_sms(self, event: OfASubmission) -> bool:
        use = self._use(event)
        return use is not None and use.sms

    async def _queue_passing(self, conn: Connection, passing: messages.Passing) -> None:
        number = numbers.hashed(self.seal, passing.phone_sealed, passing.about)
        passing = passing._replace(phone_hash=number)
        if await messages.add_passing(conn, passing, trace.current()):
            log.get().info(f"{passing.purpose} message queued", message_id=passing.message_id)

    async def _queue(
        self, conn: Connection, event: OfASubmission, purpose: Purpose, **told: Any
    ) -> None:
        sealed = event.phone_sealed
        if sealed is None:
            return
        number = numbers.hashed(self.seal, sealed, event.submission_id)
        message = messages.OfACase(
            uuid7(),
            event.case_id,
            event.submission_id,
            purpose,
            sealed,
            number,
            language=event.language,
            **told,
        )
        if await messages.add_message(conn, message, trace.current()):
            named = {"message_id": message.message_id, "case_id": event.case_id}
            log.get().info(f"{purpose} message queued", **named)


async def on_contact_erased(conn: Connection, event: ContactErased) -> None:
    """What is held with its phone is not sent any more; the rest is settled by itself, and soon.

    Nothing of it is sent again, and no reply is to it.
    """
    for message in await forgetting.mark_erased(conn, event.submission_id):
        if message.purpose in TOLD:
            await publish(conn, MessageSettled.of(message, outcome="failed"))
        log.get().info("held message forgotten", message_id=message.message_id)
