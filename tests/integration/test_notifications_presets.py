"""Every kind of SMS under every preset: what stands on the phone is of that city, and in its words.

The citizen's language is one in which nothing is registered, so that each is the city's.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import get_args
from uuid import UUID, uuid4

import pytest
from pydantic import AnyHttpUrl, SecretStr

from deploy.sandbox.texts import TEXTS, filled
from services.notifications.handlers import Wanted
from services.notifications.hearing import Hearing
from services.notifications.providers.protocol import Inbound, Sms, SmsSettings
from services.notifications.rules.messages import Purpose
from shared import events, policy
from shared.db import Connection, Database
from shared.policy import Policies
from shared.values import clock
from tests.integration.notifications_parts import SEAL, Postman, make_deliveries, verified
from tests.support import living_by

SERVICE = "notifications"
FOLDER = Path("deploy/policies")
UNSPOKEN, DAY = "ug", timedelta(days=1)
REGISTERED = SmsSettings(
    url=AnyHttpUrl("http://127.0.0.1:9"), report_secret=SecretStr("s" * 16), templates=TEXTS
)
PHONES = {"CN": "+8613800138000", "GB": "+447911123456", "NZ": "+64211234567"}
# No city of a preset but the article's is of the police, and 群众 are a Chinese bureau's.
POLICE = re.compile("公安|民警|警|群众|police", re.IGNORECASE)
ABROAD = re.compile("[\u4e00-\u9fff¥￥]|yuan|CNY|12345|12389", re.IGNORECASE)


async def of_a_case(conn: Connection, wanted: Wanted, number: str) -> None:
    """A verdict of which it is time to ask, nobody reached, a word, and money."""
    case, now = uuid4(), clock.now()
    asked = timedelta(hours=wanted.policies.at(now).messages.ask_after_hours or 0)
    about = {
        "case_id": case, "submission_id": case, "language": UNSPOKEN,
        "phone_sealed": SEAL.close(number, f"phone:{case}"),
    }  # fmt: skip
    then = {"verified_at": now - asked, "received_at": now - asked - DAY}
    await wanted.on_case_verified(conn, verified(case).model_copy(update=about | then))
    unreached = events.CallbackUnreached(attempt=3, called_at=now, **about)
    await wanted.on_callback_unreached(conn, unreached)
    word = events.WordGiven(number=1, word_sealed="1.x", given_at=now, **about)
    await wanted.on_word_given(conn, word)
    paid = events.RewardPaid(
        reward_id=uuid4(), amount_fen=2000, paid_at=now, due_at=now, **about
    )  # fmt: skip
    await wanted.on_reward_paid(conn, paid)


async def in_passing(conn: Connection, wanted: Wanted, number: str) -> None:
    """Who is on duty, is drawn, wants a code, or gets the link of what they said at a counter."""
    now, own, to = clock.now(), uuid4(), clock.now() + DAY

    def sealed(about: UUID) -> dict[str, str]:
        return {"phone_sealed": SEAL.close(number, f"phone:{about}")}

    link = SEAL.close("https://mashang.example/r/1", f"code:{own}")
    page = {"page_id": uuid4(), "phone_id": own, "paged_at": now, "expires_at": to}
    await wanted.on_duty_paged(conn, events.DutyPaged(**page, **sealed(own)))
    for what in ("notice", "money"):
        told = {"told_id": uuid4(), "phone_id": own, "about": what, "told_at": now}
        noticed = events.DutyNoticed.model_validate(told | {"expires_at": to} | sealed(own))
        await wanted.on_duty_noticed(conn, noticed)
    drawn = {"invitation_id": own, "unit_code": "n1", "drawn_at": now, "link_sealed": link}
    await wanted.on_invitation_drawn(
        conn, events.InvitationDrawn(**drawn, expires_at=to, **sealed(own))
    )
    other = uuid4()
    asked = {"otp_id": other, "submission_id": own, "requested_at": now, "language": UNSPOKEN}
    code = SEAL.close("048213", f"code:{other}")
    await wanted.on_otp_requested(
        conn, events.OtpRequested(**asked, code_sealed=code, expires_at=to, **sealed(own))
    )
    third = uuid4()
    link = SEAL.close("https://mashang.example/r/1", f"code:{third}")
    issued = {"submission_id": third, "language": UNSPOKEN, "issued_at": now, "expires_at": to}
    await wanted.on_receipt_issued(
        conn, events.ReceiptIssued(**issued, link_sealed=link, **sealed(third))
    )


async def sent_of(database: Database, policies: Policies, number: str) -> list[Sms]:
    """All that there is to send, and the word on how to reply."""
    vendor, wanted = Postman(), Wanted(SEAL, policies)
    async with database.transaction() as conn:
        await of_a_case(conn, wanted, number)
        await in_passing(conn, wanted, number)
    await make_deliveries(database, vendor).send_queued()
    async with database.transaction() as conn:
        await Hearing(SEAL, policies).take(conn, "postman", [Inbound("1", number, "???")])
    await make_deliveries(database, vendor).send_queued()
    return vendor.bag


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.toml")))
async def test_every_sms_is_of_that_city(database: Database, name: str) -> None:
    """In its language, nothing of the police; abroad no yuan, and no number of China's to call."""
    file = FOLDER / f"{name}.toml"
    with living_by(file) as rule:
        sent = await sent_of(database, policy.load(file), PHONES[rule.country])
        shown = {sms.purpose: filled(REGISTERED.template(sms), sms.values) for sms in sent}
    asked = rule.messages.ask_after_hours is not None
    assert {one for one in get_args(Purpose) if asked or one != "question"} == set(shown)
    if not rule.reward.verdicts:
        # Of these nobody hears where no verdict brings money.
        shown = {one: said for one, said in shown.items() if one not in ("paid", "money")}
    strange = ABROAD if rule.country != "CN" else re.compile("[A-Za-z ]{12}")
    assert [] == [
        (purpose, said)
        for purpose, said in shown.items()
        if POLICE.search(said) or strange.search(said) or "{" in said
    ]


async def test_how_to_reply_is_told_in_the_citizens_language(database: Database) -> None:
    """As the question was."""
    case, number = uuid4(), PHONES["CN"]
    spoken = {"language": "en", "phone_sealed": SEAL.close(number, f"phone:{case}")}
    vendor, policies = Postman(), policy.load(FOLDER / "article.toml")
    async with database.transaction() as conn:
        event: events.CaseVerified = verified(case).model_copy(update=spoken)
        await Wanted(SEAL, policies).on_case_verified(conn, event)
    await make_deliveries(database, vendor).send_queued()
    async with database.transaction() as conn:
        await Hearing(SEAL, policies).take(conn, "postman", [Inbound("1", number, "???")])
    await make_deliveries(database, vendor).send_queued()
    assert [("thanks", "en"), ("howto", "en")] == [
        (sms.purpose, sms.language) for sms in vendor.bag if sms.purpose != "question"
    ]  # fmt: skip
