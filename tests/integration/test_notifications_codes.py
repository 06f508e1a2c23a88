"""One-time codes and invitations: each is one SMS at most, and is dead after its time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notifications.jobs import Deliveries
from services.notifications.rules.messages import is_dead
from shared.db import Database
from shared.events import (
    CallbackUnreached,
    InvitationDrawn,
    OtpRequested,
    ReceiptIssued,
    WordGiven,
)
from shared.values import clock
from shared.vendors.outcomes import Accepted, Done, Held, Outcome
from tests.integration.notifications_parts import (
    CODE,
    LIFE,
    PHONE,
    SEAL,
    WANTED,
    Postman,
    due_now,
    make_deliveries,
    requested,
    rows,
    settlements,
    states,
    verified,
)
from tests.support import captured_logs

SERVICE = "notifications"


async def sent(
    database: Database, event: OtpRequested, answer: Outcome | None = None
) -> tuple[Postman, Deliveries]:
    """The code is heard of twice, and the job runs."""
    vendor = Postman(answer or Accepted("1", "x"))
    deliveries = make_deliveries(database, vendor)
    for _ in range(2):
        async with database.transaction() as conn:
            await WANTED.on_otp_requested(conn, event)
    await deliveries.send_queued()
    return vendor, deliveries


async def test_a_code_is_one_sms_that_says_it(database: Database) -> None:
    """To the phone, under the code's own id; the code is in no log and in no text of ours."""
    event = requested()
    with captured_logs() as logs:
        vendor, _ = await sent(database, event)
    [sms] = vendor.bag
    assert (event.otp_id, "code", f"+86{PHONE}") == (sms.message_id, sms.purpose, sms.phone)
    assert {"code": CODE} == sms.values
    assert not any(secret in f"{logs} {sms!r}" for secret in (CODE, PHONE))


async def test_what_became_of_it_ends_it_silently(database: Database) -> None:
    """Phone and code are gone then, and no other service is told."""
    _, deliveries = await sent(database, requested())
    await due_now(database)
    await deliveries.query_due()
    assert ["delivered"] == await states(database)
    [row] = await rows(database, "SELECT phone_sealed, code_sealed FROM messages")
    assert {"phone_sealed": None, "code_sealed": None} == row
    assert [] == await settlements(database)


@pytest.mark.parametrize(("age", "dead"), [(LIFE - timedelta(seconds=1), False), (LIFE, True)])
def test_a_code_dies(age: timedelta, dead: bool) -> None:
    """At the end of its life, and nothing else ever does."""
    assert dead == is_dead(age, LIFE)
    assert not is_dead(age, None)


async def test_a_dead_code_is_not_sent(database: Database) -> None:
    """The bus was away for an hour: nobody gets an SMS that is good for nothing."""
    past = clock.now() - timedelta(hours=1)
    vendor, _ = await sent(database, requested(requested_at=past, expires_at=past + LIFE))
    assert ([], ["failed"]) == (vendor.bag, await states(database))
    assert ["expired"] == [row["code"] for row in await rows(database, "SELECT code FROM messages")]


async def test_what_cannot_be_opened_is_held(database: Database) -> None:
    """A code sealed under another name never leaves; a person sees it."""
    vendor, _ = await sent(database, requested(code_sealed=SEAL.close(CODE, f"code:{UUID(int=1)}")))
    assert ([], ["held"]) == (vendor.bag, await states(database))


async def test_a_held_code_is_shown_without_a_case(database: Database) -> None:
    """It belongs to none."""
    await sent(database, requested(), Held("no_template"))
    found = await rows(database, "SELECT case_id, state FROM messages")
    assert [{"case_id": None, "state": "held"}] == found


LINK = "http://127.0.0.1:8080/w/x"


def invited(expires: timedelta = timedelta(days=3)) -> InvitationDrawn:
    """Somebody who was drawn."""
    own = uuid4()
    return InvitationDrawn(
        invitation_id=own, unit_code="n1", drawn_at=clock.now() - timedelta(days=1),
        phone_sealed=SEAL.close(f"+86{PHONE}", f"phone:{own}"),
        link_sealed=SEAL.close(LINK, f"code:{own}"), expires_at=clock.now() + expires,
    )  # fmt: skip


async def asked(database: Database, event: InvitationDrawn, answer: Outcome) -> Postman:
    """The invitation is heard of twice, and the job runs."""
    vendor = Postman(answer)
    for _ in range(2):
        async with database.transaction() as conn:
            await WANTED.on_invitation_drawn(conn, event)
    await make_deliveries(database, vendor).send_queued()
    return vendor


async def test_an_invitation_is_one_sms_with_its_link(database: Database) -> None:
    """To the phone, under its own id; afterwards neither is kept, and nobody else is told."""
    event = invited()
    vendor = await asked(database, event, Done("1", "ok"))
    [sms] = vendor.bag
    assert (event.invitation_id, "invitation", f"+86{PHONE}", {"link": LINK}) == (
        sms.message_id, sms.purpose, sms.phone, sms.values
    )  # fmt: skip
    [row] = await rows(database, "SELECT state, phone_sealed, code_sealed FROM messages")
    assert {"state": "delivered", "phone_sealed": None, "code_sealed": None} == row
    assert [] == await settlements(database)


async def test_what_lies_held_is_forgotten_with_its_time(database: Database) -> None:
    """A held invitation keeps its phone for three days at most; one that may be mended stays."""
    vendor = await asked(database, invited(), Held("no_template"))
    deliveries = make_deliveries(database, vendor)
    assert (0, ["held"]) == (await deliveries.forget_dead(), await states(database))
    async with database.transaction() as conn:
        await conn.execute("UPDATE messages SET expires_at = now() - interval '1 second'")
    assert (1, ["failed"]) == (await deliveries.forget_dead(), await states(database))
    [row] = await rows(database, "SELECT code, phone_sealed, code_sealed FROM messages")
    assert {"code": "expired", "phone_sealed": None, "code_sealed": None} == row


async def test_a_receipt_is_one_sms_with_its_link(database: Database) -> None:
    """To whoever spoke to a member of staff; afterwards neither phone nor link is kept."""
    own, now = uuid4(), clock.now()
    event = ReceiptIssued(
        submission_id=own, phone_sealed=SEAL.close(f"+86{PHONE}", f"phone:{own}"),
        link_sealed=SEAL.close(LINK, f"code:{own}"), language="zh", issued_at=now,
        expires_at=now + LIFE,
    )  # fmt: skip
    vendor = Postman(Done("1", "ok"))
    for _ in range(2):
        async with database.transaction() as conn:
            await WANTED.on_receipt_issued(conn, event)
    await make_deliveries(database, vendor).send_queued()
    assert [("receipt", {"link": LINK})] == [(sms.purpose, sms.values) for sms in vendor.bag]
    [row] = await rows(database, "SELECT state, phone_sealed, code_sealed FROM messages")
    assert {"state": "delivered", "phone_sealed": None, "code_sealed": None} == row


def unreached(case: UUID, attempt: int, phone: str = PHONE) -> CallbackUnreached:
    """Nobody answered, and that was the last attempt that counts."""
    return CallbackUnreached(
        case_id=case, submission_id=case, attempt=attempt, language="zh", called_at=clock.now(),
        phone_sealed=SEAL.close(f"+86{phone}", f"phone:{case}"),
    )  # fmt: skip


@pytest.mark.parametrize(("phone", "purposes"), [(PHONE, ["unreached"] * 2), ("03961234567", [])])
async def test_whom_nobody_reached_gets_an_sms_each_time(
    database: Database, phone: str, purposes: list[str]
) -> None:
    """Once an occasion, and what became of it is told; a landline has no SMS."""
    case, vendor = uuid4(), Postman(Done("1", "ok"))
    for attempt in (3, 3, 7):
        async with database.transaction() as conn:
            await WANTED.on_callback_unreached(conn, unreached(case, attempt, phone))
    await make_deliveries(database, vendor).send_queued()
    assert purposes == [sms.purpose for sms in vendor.bag]
    assert purposes == [told["purpose"] for told in await settlements(database)]


@pytest.mark.parametrize(("phone", "sent"), [(PHONE, 2), ("03961234567", 0), (None, 0)])
async def test_of_a_word_on_the_receipt_an_sms_says_nothing_but_that(
    database: Database, phone: str | None, sent: int
) -> None:
    """Once a word, without its text; a landline, or no phone, has no SMS."""
    case, vendor = uuid4(), Postman(Done("1", "ok"))
    sealed = phone and SEAL.close(f"+86{phone}", f"phone:{case}")
    for number in (1, 1, 2):
        event = WordGiven(
            case_id=case, submission_id=case, number=number, word_sealed="1.x",
            phone_sealed=sealed, language="zh", given_at=clock.now(),
        )  # fmt: skip
        async with database.transaction() as conn:
            await WANTED.on_word_given(conn, event)
    await make_deliveries(database, vendor).send_queued()
    assert [("word", {})] * sent == [(sms.purpose, sms.values) for sms in vendor.bag]
    assert ["word"] * sent == [told["purpose"] for told in await settlements(database)]


async def test_an_sms_is_in_the_citizens_language(database: Database) -> None:
    """As they filed; what is for staff in the first that the house speaks."""
    vendor = Postman(Accepted("1", "x"))
    spoken = verified(uuid4()).model_copy(update={"language": "en"})
    async with database.transaction() as conn:
        await WANTED.on_case_verified(conn, spoken)
        await WANTED.on_otp_requested(conn, requested(language="en"))
        await WANTED.on_otp_requested(conn, requested())
    await make_deliveries(database, vendor).send_queued()
    assert {("thanks", "en"), ("code", "en"), ("code", "zh")} == {
        (sms.purpose, sms.language) for sms in vendor.bag
    }
