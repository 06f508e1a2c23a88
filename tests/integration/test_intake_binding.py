"""Binding a phone by a one-time code: once, in time, to a phone that is theirs, within limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.intake.abuse.limits import Limit
from services.intake.follow import binding, otp
from services.intake.follow.store.contacts import PhoneCode
from shared import events
from shared.db import Database
from shared.values import clock
from tests.integration.intake_holder import SEAL, Holder, hidden, holder
from tests.integration.intake_site import Site, site
from tests.support import at, captured_logs

SERVICE = "intake"
PHONE, E164 = "139 7777 0100", "+8613977770100"
LANDLINE, SATELLITE, FOREIGN, VIRTUAL = "0396-2912345", "17400012345", "+12125550123", "17012345678"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows UNIT."""
    async with site(database) as running:
        await running.add_unit()
        yield running


@pytest.fixture
async def citizen(intake: Site) -> Holder:
    """Whoever complained without a phone, whose case is open."""
    return await opened(intake)


async def opened(intake: Site, **changed: object) -> Holder:
    """Somebody whose case is open."""
    found = await holder(intake, **changed)
    await found.opened()
    return found


async def pause_over(intake: Site) -> None:
    """A minute and a day later, as far as limits go."""
    await intake.fetch("DELETE FROM limits")


async def asked(citizen: Holder, phone: str = PHONE) -> str:
    """A code that was sent."""
    await citizen.say("phone-codes", phone=phone)
    return await citizen.sms()


def other_than(code: str) -> str:
    """A code that is not it."""
    return f"{(int(code) + 1) % 10**6:06}"


async def test_a_phone_is_bound_by_its_code(citizen: Holder) -> None:
    """The code goes to the phone, sealed; verification and rewards hear of the phone, once."""
    code = await asked(citizen)
    [told] = await citizen.published("otp.requested.v1")
    assert E164 == SEAL.open(told["phone_sealed"], f"phone:{citizen.id}")
    assert timedelta(minutes=10) == otp.LIFE
    bound = await citizen.say("phone", code=f" {code[:3]} {code[3:]} ")
    assert {"phone": "139****0100", "airtime": True} == bound
    [event] = await citizen.published("contact.bound.v1")
    assert (E164, SEAL.index(E164)) == (
        SEAL.open(event["phone_sealed"], f"phone:{citizen.id}"), event["phone_index"]
    )  # fmt: skip
    account = await citizen.account()
    assert ("139****0100", False) == (account["phone_masked"], "bind" in account["may"])
    assert "bound" in await citizen.steps()


@pytest.mark.parametrize("answered", [False, True])
async def test_before_and_after_the_verdict(citizen: Holder, answered: bool) -> None:
    """Nobody must hurry; afterwards the call is due as the desk says."""
    if answered:
        await citizen.answered()
    await citizen.say("phone", code=await asked(citizen))
    await citizen.rescheduled("phone_bound")
    assert "callback_due" in await citizen.steps()
    if answered:
        assert "coming" == (await citizen.account())["reward"]["state"]


async def test_a_code_works_once(citizen: Holder) -> None:
    """The same request again gets the same answer; the code itself is used up."""
    code, key = await asked(citizen), uuid4().hex
    first = await citizen.say("phone", key, code=code)
    assert first == await citizen.say("phone", key, code=code)
    await citizen.say("phone", wanted=409, code=code)
    assert 1 == len(await citizen.published("contact.bound.v1"))


async def test_two_at_once_bind_one(citizen: Holder) -> None:
    """Two browsers with the right code: one phone, one event."""
    code = await asked(citizen)
    sent = await asyncio.gather(
        *(citizen.send("phone/code", key=uuid4().hex, code=code) for _ in range(4))
    )
    # On a machine that is full somebody may wait for the other for too long, and is told so.
    assert {303, 409} == {status for status, _, _ in sent} - {503}
    assert 1 == len(await citizen.published("contact.bound.v1"))


async def test_five_attempts_and_no_more(citizen: Holder) -> None:
    """Each wrong one says how many are left; then the right one is too late."""
    code = await asked(citizen)
    for left in (4, 3, 2, 1):
        told = await citizen.say("phone", wanted=422, code=other_than(code))
        assert f"还能试{left}次" in told["errors"][0]["detail"]
    told = await citizen.say("phone", wanted=422, code=other_than(code))
    assert "请重新发一个" in told["errors"][0]["detail"]
    await citizen.say("phone", wanted=422, code=code)
    assert [] == await citizen.published("contact.bound.v1")


async def test_a_repeated_wrong_one_counts_once(citizen: Holder) -> None:
    """A lost answer costs no attempt."""
    code, key = await asked(citizen), uuid4().hex
    for _ in range(3):
        told = await citizen.say("phone", key, wanted=422, code=other_than(code))
        assert "还能试4次" in told["errors"][0]["detail"]


async def test_a_code_lives_ten_minutes(citizen: Holder) -> None:
    """And not a second longer."""
    code, sent = await asked(citizen), clock.now()
    with at(sent + otp.LIFE):
        await citizen.say("phone", wanted=422, code=code)
    with at(sent + otp.LIFE - timedelta(seconds=30)):
        await citizen.say("phone", code=code)


async def test_only_the_newest_code_counts(citizen: Holder) -> None:
    """Whoever asks for another has given up the first."""
    first = await asked(citizen)
    await pause_over(citizen.intake)
    second = await asked(citizen)
    if first != second:
        await citizen.say("phone", wanted=422, code=first)
    await citizen.say("phone", code=second)


@pytest.mark.parametrize("phone", [LANDLINE, SATELLITE, FOREIGN])
async def test_what_gets_no_sms_is_refused_at_the_field(citizen: Holder, phone: str) -> None:
    """Mainland mobiles only; what was typed stays."""
    page = await citizen.page("/phone")
    status, _, shown = await citizen.send("phone", key=hidden(page), phone=phone)
    assert (422, True) == (status, f'value="{phone}"' in shown)
    assert 2 == shown.count("收不到我们的短信")
    assert [] == await citizen.published("otp.requested.v1")


async def test_a_virtual_number_is_told_what_it_cannot_get(citizen: Holder) -> None:
    """It gets SMS and calls, and no airtime."""
    bound = await citizen.say("phone", code=await asked(citizen, VIRTUAL))
    assert bound["airtime"] is False
    await citizen.answered()
    account = await citizen.account()
    assert ("no_airtime", True) == (account["reward"]["state"], "bind" in account["may"])
    await pause_over(citizen.intake)
    await citizen.say("phone", code=await asked(citizen))
    account = await citizen.account()
    assert ("coming", False) == (account["reward"]["state"], "bind" in account["may"])


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "", "１２３４５６７"])
async def test_what_is_no_code_costs_no_attempt(citizen: Holder, typed: str) -> None:
    """A typing mistake is said at the field."""
    code = await asked(citizen)
    told = await citizen.say("phone", wanted=422, code=typed)
    assert "code" == told["errors"][0]["field"]
    await citizen.say("phone", code="".join(chr(ord(c) + 0xFEE0) for c in code))


async def test_a_receipt_asks_once_a_minute_and_five_times_a_day(citizen: Holder) -> None:
    """More is refused openly, with when to try again, and what was typed."""
    await asked(citizen)
    status, _, page = await citizen.send("phone", key=uuid4().hex, phone=PHONE)
    assert (429, True) == (status, f'value="{PHONE}"' in page)
    assert "刚发过验证码" in page
    for number in range(4):
        await citizen.intake.fetch("DELETE FROM limits WHERE name LIKE '%pause'")
        await asked(citizen, f"1397777010{number + 1}")
    await citizen.intake.fetch("DELETE FROM limits WHERE name LIKE '%pause'")
    await citizen.say("phone-codes", wanted=429, phone="13977770109")
    assert 5 == len(await citizen.published("otp.requested.v1"))


async def test_a_form_that_came_too_often_says_when_to_come_back(citizen: Holder) -> None:
    """Its page carries Retry-After, as the API's answer does."""
    await asked(citizen)
    fields = {"key": uuid4().hex, "phone": PHONE}
    path, page = f"/r/{citizen.code}/phone", {"Accept": "text/html"}
    async with citizen.intake.client.post(path, data=fields, headers=page) as answer:
        assert (429, "text/html") == (answer.status, answer.content_type)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


async def test_nobody_learns_whether_a_phone_is_known(citizen: Holder) -> None:
    """A phone that just got a code for another receipt: the same answer, and no second SMS."""
    first = await citizen.say("phone-codes", phone=PHONE)
    other = await opened(citizen.intake)
    second = await other.say("phone-codes", phone=PHONE)
    assert (first.keys(), first["phone"]) == (second.keys(), second["phone"])
    assert 1 == len(await other.published("otp.requested.v1"))
    [unsent] = await citizen.intake.fetch("SELECT id FROM phone_codes WHERE NOT sent")
    assert unsent is not None
    await other.say("phone", wanted=422, code="000000")


async def test_a_code_that_was_not_sent_cannot_be_guessed(
    citizen: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose phone had its share of SMS is not bound by luck: the right digits are wrong."""
    monkeypatch.setattr(otp, "make", lambda: "123456")
    await citizen.say("phone-codes", phone=PHONE)
    other = await opened(citizen.intake)
    await other.say("phone-codes", phone=PHONE)
    await other.say("phone", wanted=422, code="123456")
    await citizen.say("phone", code="123456")


async def test_an_address_asks_twenty_times_an_hour(
    citizen: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many receipts are used."""
    monkeypatch.setattr(binding, "OF_NETWORK", Limit("n", 2, timedelta(hours=1)))
    for number in range(2):
        one = await opened(citizen.intake)
        await one.say("phone-codes", phone=f"1397777020{number}")
    await citizen.say("phone-codes", wanted=429, phone=PHONE)


async def test_all_together_have_a_cap_that_instances_share(
    citizen: Holder, database: Database
) -> None:
    """The day's SMS are spent: said openly, and so by an instance that has sent none."""
    await asked(citizen)
    async with site(database, codes_a_day=1) as second:
        other = await opened(second)
        told = await other.say("phone-codes", wanted=429, phone="13977770333")
    assert "过一会儿再试" in told["detail"]
    assert 1 == len(await citizen.published("otp.requested.v1"))


async def test_a_code_lies_nowhere_in_clear(citizen: Holder) -> None:
    """Not in a table, not in an event, not in a log; and neither does the phone."""
    with captured_logs() as logs:
        code = await asked(citizen)
        await citizen.say("phone", wanted=422, code=other_than(code))
        await citizen.say("phone", code=code)
    stored = str(logs)
    for table in ("phone_codes", "contacts", "outbox", "timeline", "limits"):
        rows = await citizen.intake.fetch(f"SELECT * FROM {table}")
        stored += str([dict(row) for row in rows])
    assert not any(secret in stored for secret in (f"'{code}'", f'"{code}"', "13977770100"))


async def test_without_script_from_the_receipt_to_the_bound_phone(citizen: Holder) -> None:
    """Three pages: the row, the number, the code; a mistake on the way costs nothing."""
    receipt = await citizen.page()
    assert f'href="/r/{citizen.code}/phone"' in receipt
    page = await citizen.page("/phone")
    assert 'name="code"' not in page
    status, where, _ = await citizen.send("phone", key=hidden(page), phone=PHONE)
    assert (303, f"/r/{citizen.code}/phone?sent=1") == (status, where)
    page = await citizen.page("/phone?sent=1")
    assert 'autocomplete="one-time-code"' in page
    code = await citizen.sms()
    status, _, shown = await citizen.send("phone/code", key=hidden(page), code=other_than(code))
    assert (422, True) == (status, f'value="{other_than(code)}"' in shown)
    status, where, _ = await citizen.send("phone/code", key=uuid4().hex, code=code)
    assert (303, f"/r/{citizen.code}?done=phone") == (status, where)
    assert "手机号绑定好了" in await citizen.page("?done=phone")
    assert "不用再绑" in await citizen.page("/phone")


async def test_a_double_click_sends_one_sms(citizen: Holder) -> None:
    """Two of the same form: one code, no word of a limit."""
    key = uuid4().hex
    sent = await asyncio.gather(*(citizen.send("phone", key=key, phone=PHONE) for _ in "ab"))
    assert [303, 303] == [status for status, _, _ in sent]
    assert 1 == len(await citizen.published("otp.requested.v1"))


async def test_who_left_a_good_phone_binds_none(intake: Site) -> None:
    """There is nothing to gain; a landline may still get a mobile beside it."""
    citizen = await opened(intake, phone=PHONE)
    await citizen.say("phone-codes", wanted=409, phone="13977770101")
    other = await opened(intake, phone=LANDLINE)
    await other.say("phone", code=await asked(other))


async def test_a_rating_without_a_case_needs_no_phone(intake: Site) -> None:
    """Nobody would call."""
    citizen = await holder(
        intake, kind="rating", satisfaction=5, words=None, categories=[], phone=None
    )
    await citizen.say("phone-codes", wanted=409, phone=PHONE)


async def test_old_codes_are_forgotten(citizen: Holder, database: Database) -> None:
    """After two days nothing is left of the phones that they went to."""
    await asked(citizen)
    await binding.forget(database)
    assert 1 == len(await citizen.intake.fetch("SELECT 1 FROM phone_codes"))
    await citizen.intake.fetch(
        "UPDATE phone_codes SET requested_at = requested_at - interval '3 days'"
    )
    await binding.forget(database)
    assert [] == await citizen.intake.fetch("SELECT 1 FROM phone_codes")


def test_codes_are_six_digits_of_every_kind() -> None:
    """Zeros in front included, and each digit at each place."""
    made = {otp.make() for _ in range(2000)}
    assert {6} == {len(code) for code in made}
    for place in range(6):
        assert set("0123456789") == {code[place] for code in made}


def test_a_code_of_another_request_is_wrong() -> None:
    """The hash belongs to its own request."""
    now, own = clock.now(), uuid4()
    asked = PhoneCode(
        own, uuid4(), "x", "y", otp.hash_of(SEAL, own, "123456"), True, now, now + otp.LIFE
    )
    assert "right" == otp.judge(SEAL, asked, "123456", now)
    assert "wrong" == otp.judge(SEAL, asked, "123457", now)
    assert "wrong" == otp.judge(SEAL, replace(asked, id=uuid4()), "123456", now)
    assert "dead" == otp.judge(SEAL, None, "123456", now)


async def refused(citizen: Holder, number: str = E164) -> None:
    """The vendors of airtime refuse the phone."""
    event = events.PhoneRefused(
        submission_id=citizen.id, phone_index=SEAL.index(number), refused_at=clock.now()
    )
    await citizen.intake.tell(event)


@pytest.mark.parametrize("left", [True, False], ids=["left", "bound"])
async def test_another_phone_takes_the_place_of_a_refused_one(intake: Site, left: bool) -> None:
    """The receipt says so before the two days are over, in its language, and takes another."""
    citizen = await opened(intake, phone=PHONE if left else None)
    if not left:
        await citizen.say("phone", code=await asked(citizen))
    await citizen.answered()
    await citizen.decided("scheduled")
    assert "bind" not in (await citizen.account())["may"]
    await refused(citizen)
    for language, said in (("zh", "充不了话费"), ("en", "cannot get")):
        account = await citizen.account(language)
        assert ("no_airtime", None) == (account["reward"]["state"], account["reward"]["due_at"])
        assert said in account["reward"]["text"] + account["phone"]["note"]
    assert "bind" in account["may"]
    assert ("refused", False, True) == tuple(
        account["phone"][name] for name in ("kind", "airtime", "sms")
    )
    assert {"phone_refused"} == {"phone_refused", "reward_due"} & set(await citizen.steps())
    await pause_over(intake)
    other = "138 0013 8000"
    bound = await citizen.say("phone", code=await asked(citizen, other))
    assert {"phone": "138****8000", "airtime": True} == bound
    account = await citizen.account()
    assert ("checking", True) == (account["reward"]["state"], account["phone"]["airtime"])
    assert "bind" not in account["may"]
    assert 1 + (not left) == len(await citizen.published("contact.bound.v1"))


async def test_a_refusal_of_the_phone_before_says_nothing(intake: Site) -> None:
    """Heard late, again, or of a submission that nobody knows."""
    citizen = await opened(intake)
    await citizen.say("phone", code=await asked(citizen))
    await refused(citizen, "+8613800138000")
    await refused(replace(citizen, id=uuid4()))
    assert "bind" not in (await citizen.account())["may"]
    for _ in range(2):
        await refused(citizen)
    assert 1 == (await citizen.steps()).count("phone_refused")
