"""What notifications does when it hears something."""

from uuid import UUID

from uuid_utils.compat import uuid7

from services.notifications.rules import Purpose, wants_thanks
from services.notifications.store import messages
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import (
    CallbackUnreached,
    CaseVerified,
    ContactErased,
    DutyPaged,
    InvitationDrawn,
    MessageSettled,
    OtpRequested,
    ReceiptIssued,
    RewardPaid,
    WordGiven,
)
from shared.observe import log, trace
from shared.values import phone
from shared.values.seal import Seal


async def on_case_verified(seal: Seal, conn: Connection, event: CaseVerified) -> None:
    """Queue the thanks, once a case, whatever the verdict and its revision."""
    sealed = event.phone_sealed
    use = phone.use_sealed(seal, sealed, event.submission_id) if sealed else None
    if sealed and wants_thanks(event, use):
        await _queue(conn, event.case_id, event.submission_id, "thanks", sealed)


async def on_callback_unreached(seal: Seal, conn: Connection, event: CallbackUnreached) -> None:
    """Queue the news that nobody answered; where a case is opened again, once more."""
    sealed = event.phone_sealed
    if phone.use_sealed(seal, sealed, event.submission_id).sms:
        occasion = event.attempt
        await _queue(conn, event.case_id, event.submission_id, "unreached", sealed, None, occasion)


async def on_word_given(seal: Seal, conn: Connection, event: WordGiven) -> None:
    """Queue the news that there is a word on the receipt, and nothing of what it says."""
    sealed = event.phone_sealed
    if sealed and phone.use_sealed(seal, sealed, event.submission_id).sms:
        occasion = event.number
        await _queue(conn, event.case_id, event.submission_id, "word", sealed, None, occasion)


async def on_contact_erased(conn: Connection, event: ContactErased) -> None:
    """What is held with its phone is not sent any more; the rest is settled by itself, and soon."""
    for message in await messages.mark_erased(conn, event.submission_id):
        await publish(conn, MessageSettled.of(message, outcome="failed"))
        log.get().info("held message forgotten", message_id=message.message_id)


async def on_reward_paid(conn: Connection, event: RewardPaid) -> None:
    """Queue the news that the airtime has arrived."""
    await _queue(
        conn, event.case_id, event.submission_id, "paid", event.phone_sealed, event.amount_fen
    )


async def on_duty_paged(conn: Connection, event: DutyPaged) -> None:
    """Queue a page; its own id is the message's, so that it is one SMS at most."""
    page = messages.Passing(
        event.page_id, event.phone_id, "urgent", event.phone_sealed, None, event.paged_at,
        event.expires_at,
    )  # fmt: skip
    await _queue_passing(conn, page)


async def on_otp_requested(conn: Connection, event: OtpRequested) -> None:
    """Queue a one-time code; its own id is the message's, so that it is one SMS at most."""
    code = messages.Passing(
        event.otp_id, event.submission_id, "code", event.phone_sealed, event.code_sealed,
        event.requested_at, event.expires_at,
    )  # fmt: skip
    await _queue_passing(conn, code)


async def on_invitation_drawn(conn: Connection, event: InvitationDrawn) -> None:
    """Queue an invitation; its own id is the message's, so that nobody is asked twice."""
    own = event.invitation_id
    invitation = messages.Passing(
        own, own, "invitation", event.phone_sealed, event.link_sealed, event.drawn_at,
        event.expires_at,
    )  # fmt: skip
    await _queue_passing(conn, invitation)


async def on_receipt_issued(conn: Connection, event: ReceiptIssued) -> None:
    """Queue the link to a receipt; the submission's id is the message's, so it is one at most."""
    own = event.submission_id
    receipt = messages.Passing(
        own, own, "receipt", event.phone_sealed, event.link_sealed, event.issued_at,
        event.expires_at,
    )  # fmt: skip
    await _queue_passing(conn, receipt)


async def _queue_passing(conn: Connection, passing: messages.Passing) -> None:
    if await messages.add_passing(conn, passing, trace.current()):
        log.get().info(f"{passing.purpose} message queued", message_id=passing.message_id)


async def _queue(
    conn: Connection,
    case_id: UUID,
    submission_id: UUID,
    purpose: Purpose,
    phone_sealed: str,
    amount_fen: int | None = None,
    occasion: int = 0,
) -> None:
    message_id = uuid7()
    values = (case_id, submission_id, purpose, phone_sealed, amount_fen, occasion, trace.current())
    added = await messages.add_message(conn, message_id, *values)
    if added:
        log.get().info(f"{purpose} message queued", message_id=message_id, case_id=case_id)
