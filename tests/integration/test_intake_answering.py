"""Citizens answer back: what intake takes in, tells the others, and shows on the receipt."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.db import Database
from shared.values import clock
from tests.integration.intake_holder import SEAL, Holder, hidden, holder
from tests.integration.intake_site import Site, site
from tests.support import at

SERVICE = "intake"
WORDS = "视频里看得到我等了两小时"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows UNIT."""
    async with site(database) as running:
        await running.add_unit()
        yield running


@pytest.fixture
async def citizen(intake: Site) -> Holder:
    """Whoever complained, whose case is open."""
    found = await holder(intake)
    await found.opened()
    return found


@pytest.fixture
async def answered(citizen: Holder) -> Holder:
    """The same with a verdict."""
    await citizen.answered()
    return citizen


async def test_the_two_questions_come_with_the_answer(citizen: Holder) -> None:
    """Before it there is nothing to rate; afterwards they stand below it."""
    assert 'action="/r/' not in await citizen.page()
    told = await citizen.say("ratings", wanted=409, solved=True)
    assert "还没有答复" in told["detail"]
    await citizen.answered()
    assert f'action="/r/{citizen.code}/rating"' in await citizen.page()


async def test_closed_and_not_solved_stays_to_be_seen(answered: Holder) -> None:
    """On the receipt, in its story, and for the desk and the figures; until the citizen says so."""
    await answered.say("ratings", solved=False, satisfied=None)
    account = await answered.account()
    assert (True, False) == (account["unsolved"], account["rating"]["solved"])
    assert "已答复，未解决" in await answered.page()
    assert "not_solved" in await answered.steps()
    await answered.say("ratings", solved=True, satisfied=True)
    assert "已答复，未解决</span>" not in await answered.page()
    told = await answered.published("answer.rated.v1")
    assert [(1, False, None), (2, True, True)] == [
        (one["version"], one["solved"], one["satisfied"]) for one in told
    ]


async def test_one_question_is_enough_but_none_is_not(answered: Holder) -> None:
    """The form says at the field what is missing, and above it."""
    status, _, page = await answered.send("rating", key=uuid4().hex)
    assert (422, 2) == (status, page.count("请至少回答一个问题。"))
    status, where, _ = await answered.send("rating", key=uuid4().hex, satisfied="0")
    assert (303, f"/r/{answered.code}?done=rating") == (status, where)
    assert "收到了，谢谢您。" in await answered.page("?done=rating")


async def test_a_follow_up_goes_up_once(answered: Holder) -> None:
    """Its words travel sealed, the receipt says who looks now, and there is no second one."""
    await answered.say("followups", words=WORDS)
    [told] = await answered.published("followup.received.v1")
    assert WORDS == SEAL.open(told["words_sealed"], f"words:{told['followup_id']}")
    assert (1, 1) == (told["number"], told["revision"])
    account = await answered.account()
    assert ("reopened", None) == (account["headline"], account["followup_until"])
    assert "rate" not in account["may"]
    await answered.say("followups", wanted=409, words=WORDS)
    await answered.rescheduled()
    assert {"followup", "verification_due"} <= set(await answered.steps())
    await answered.answered("partly", revision=2)
    account = await answered.account()
    assert ("answered", "答复2", None) == (
        account["headline"], account["answer"], account["followup_until"]
    )  # fmt: skip


async def test_a_follow_up_has_its_days(citizen: Holder) -> None:
    """Until 24:00 of the fifteenth day after the verdict, and no minute longer."""
    moment = clock.now()
    await citizen.answered(at=moment)
    until = clock.days_after_due(moment, 15)
    with at(until + timedelta(seconds=1)):
        told = await citizen.say("followups", wanted=409, words=WORDS)
        assert "过了期限" in told["detail"]
        assert "现在不能追评" in await citizen.page("/followup")
    with at(until - timedelta(minutes=1)):
        await citizen.say("followups", words=WORDS)


async def test_a_follow_up_needs_words_and_keeps_what_was_typed(answered: Holder) -> None:
    """Empty or too long: said at the field, and nothing is lost."""
    page = await answered.page("/followup")
    status, _, shown = await answered.send("followup", key=hidden(page), words=" ")
    assert (422, True) == (status, 'aria-invalid="true"' in shown)
    status, _, shown = await answered.send("followup", key=hidden(page), words="很" * 2001)
    assert (422, True) == (status, "很" * 2001 in shown)
    assert hidden(page) == hidden(shown)
    assert [] == await answered.published("followup.received.v1")


async def test_a_double_click_is_one(answered: Holder) -> None:
    """Two of the same form at once, and a third later: one follow-up, and each leads on."""
    key = uuid4().hex
    sent = await asyncio.gather(*(answered.send("followup", key=key, words=WORDS) for _ in "ab"))
    sent.append(await answered.send("followup", key=key, words=WORDS))
    assert {(303, f"/r/{answered.code}?done=followup")} == {one[:2] for one in sent}
    assert 1 == len(await answered.published("followup.received.v1"))


async def test_a_program_repeats_safely(answered: Holder) -> None:
    """The same key gets the same answer; for another body, or another receipt, it is refused."""
    key = uuid4().hex
    first = await answered.say("ratings", key, solved=False)
    assert first == await answered.say("ratings", key, solved=False)
    await answered.say("ratings", key, wanted=422, solved=True)
    other = await holder(answered.intake)
    await other.opened()
    await other.answered()
    await other.say("ratings", key, solved=True)
    assert 2 == len(await answered.published("answer.rated.v1"))


async def test_words_are_added_while_the_case_is_open(citizen: Holder) -> None:
    """Once for a double click, sealed; after the answer there is the follow-up instead."""
    page = await citizen.page("/add")
    for _ in range(2):
        status, where, _ = await citizen.send("add", key=hidden(page), words=WORDS)
        assert (303, f"/r/{citizen.code}?done=add") == (status, where)
    [told] = await citizen.published("submission.added.v1")
    assert WORDS == SEAL.open(told["words_sealed"], f"words:{told['addition_id']}")
    assert ("open", 422) == (told["why"], (await citizen.send("add", key=uuid4().hex))[0])
    await citizen.answered()
    status, _, shown = await citizen.send("add", key=uuid4().hex, words=WORDS)
    assert (409, True) == (status, WORDS in shown)
    assert "不服可以追评" in await citizen.page("/add")


async def test_withdrawing_deletes_nothing(citizen: Holder) -> None:
    """It is asked once more, told, and can be taken back; the case's due times stay."""
    due = (await citizen.account())["timeline"][-1]
    page = await citizen.page("/withdraw")
    assert "什么也不删除" in page
    status, where, _ = await citizen.send("withdraw", key=hidden(page), withdrawn="1")
    assert (303, f"/r/{citizen.code}?done=withdraw") == (status, where)
    account = await citizen.account()
    assert (True, due) == (account["withdrawn"], account["timeline"][-1])
    assert "您撤回了。照常核查" in await citizen.page()
    await citizen.say("withdrawals", withdrawn=True)
    await citizen.say("withdrawals", withdrawn=False)
    told = await citizen.published("submission.withdrawn.v1")
    assert [(1, True), (2, False)] == [(one["version"], one["withdrawn"]) for one in told]
    assert {"withdrawn", "goes_on"} <= set(await citizen.steps())


async def test_a_program_cannot_fill_the_story(citizen: Holder) -> None:
    """Twenty changes of mind a day, each told; then 429, and no event more."""
    for number in range(20):
        await citizen.say("withdrawals", withdrawn=number % 2 == 0)
    told = await citizen.say("withdrawals", wanted=429, withdrawn=True)
    assert "今天改得太多次了" in told["detail"]
    assert 20 == len(await citizen.published("submission.withdrawn.v1"))


async def test_what_is_answered_cannot_be_withdrawn(answered: Holder) -> None:
    """There is nothing left to stop; the page says so instead of a form."""
    await answered.say("withdrawals", wanted=409, withdrawn=True)
    assert "<textarea" not in (page := await answered.page("/withdraw"))
    assert "现在不能撤回" in page


async def test_pressure_goes_above_and_shows_nowhere(citizen: Holder) -> None:
    """The receipt is the same to the letter before and after, for people and for programs."""
    before = await citizen.account(), plain(await citizen.page())
    page = await citizen.page("/above")
    status, where, _ = await citizen.send("above", key=hidden(page), words="他们要我撤")
    assert (303, f"/r/{citizen.code}/above?done=1") == (status, where)
    assert "该单位看不到" in await citizen.page("/above?done=1")
    assert before == (await citizen.account(), plain(await citizen.page()))
    assert page == (await citizen.page("/above")).replace(
        hidden(await citizen.page("/above")), hidden(page)
    ) or plain(page) == plain(await citizen.page("/above"))
    [told] = await citizen.published("pressure.reported.v1")
    assert "他们要我撤" == SEAL.open(told["words_sealed"], f"words:{told['pressure_id']}")
    assert (str(citizen.id), None) == (told["submission_id"], told["phone_sealed"])


def plain(page: str) -> str:
    """A page without what is drawn anew each time."""
    keys = {part.partition('"')[0] for part in page.split('name="key" value="')[1:]}
    for key in keys:
        page = page.replace(key, "")
    return page


async def test_the_words_of_pressure_lie_nowhere_here(citizen: Holder) -> None:
    """Only that there was a report; the words are the desk's above."""
    await citizen.say("reports", words="他们要我撤")
    [row] = await citizen.intake.fetch("SELECT * FROM pressures")
    assert {"id", "submission_id", "reported_at"} == set(row.keys())


async def test_pressure_brings_the_phone_along(intake: Site) -> None:
    """Sealed for its own case, so that the level above can call."""
    citizen = await holder(intake, phone="138 0013 8000")
    await citizen.say("reports")
    [told] = await citizen.published("pressure.reported.v1")
    opened = SEAL.open(told["phone_sealed"], f"phone:{told['pressure_id']}")
    assert ("+8613800138000", SEAL.index("+8613800138000"), None) == (
        opened, told["phone_index"], told["words_sealed"]
    )  # fmt: skip


async def test_pressure_over_praise_and_at_any_time(intake: Site) -> None:
    """Of a rating of five, too; and not more than ten times a day."""
    citizen = await holder(
        intake, kind="rating", satisfaction=5, words=None, categories=[], phone=None
    )
    for _ in range(10):
        await citizen.say("reports", words="所长站在旁边")
    told = await citizen.say("reports", wanted=429, words="又来了")
    assert "请打电话" in told["detail"]
    assert 10 == len(await citizen.published("pressure.reported.v1"))


@pytest.mark.parametrize("place", ["ratings", "followups", "withdrawals", "reports", "phone-codes"])
async def test_nobody_answers_without_the_code(intake: Site, place: str) -> None:
    """An unknown code, and what is none, are the same 404."""
    stranger = Holder(intake, "AAAA-AAAA-AAAA-AAAA", uuid4())
    bodies: dict[str, dict[str, Any]] = {
        "ratings": {"solved": True}, "followups": {"words": WORDS},
        "withdrawals": {"withdrawn": True}, "reports": {}, "phone-codes": {"phone": "13800138000"},
    }  # fmt: skip
    await stranger.say(place, wanted=404, **bodies[place])
    stranger.code = "nonsense"
    await stranger.say(place, wanted=404, **bodies[place])
    assert [] == await intake.fetch("SELECT 1 FROM outbox")


@pytest.mark.parametrize(
    "place", ["rating", "followup", "withdraw", "above", "phone", "phone/code"]
)
async def test_a_form_for_an_unknown_receipt_asks_for_the_code(intake: Site, place: str) -> None:
    """The page says what to do, with what was typed for a code in the field."""
    stranger = Holder(intake, "AAAA-AAAA-AAAA-AAAA", uuid4())
    status, _, page = await stranger.send(place, key=uuid4().hex, words="一")
    assert (404, True) == (status, 'name="code"' in page or "一" in page)


@pytest.mark.parametrize(
    ("decision", "reason", "wanted"),
    [
        ("scheduled", None, "20.00元已安排，"),
        ("held", "month_budget", "20.00元：需要人工核对，核对完在这里告诉您"),
        ("refused", "phone_incident_cap", "本件不奖励：这件事，这个号码已经奖励过"),
        ("refused", "by_hand", "本件不奖励：人工核对后决定"),
        ("manual", None, "20.00元充值没有成功，正由人工处理"),
        ("withdrawn", None, "结论改了，20.00元不再奖励；充值已经发出，到账的不收回"),
    ],
)
async def test_the_reward_is_told_truthfully(
    answered: Holder, decision: str, reason: str | None, wanted: str
) -> None:
    """Also when a person must act; only what is scheduled is promised a time."""
    await answered.decided(decision, reason)  # type: ignore[arg-type]
    reward = (await answered.account())["reward"]
    assert wanted in reward["text"]
    assert (decision == "scheduled") == (reward["due_at"] is not None)
    page = await answered.page()
    assert all(part in page for part in wanted.split("：" if decision == "refused" else "\0"))


async def test_a_reward_that_waits_for_a_phone_says_so(answered: Holder) -> None:
    """Found true without a phone: the receipt offers to add one, where the money is spoken of."""
    account = await answered.account()
    assert ("no_phone", True) == (account["reward"]["state"], "bind" in account["may"])
    page = await answered.page()
    assert page.index("绑定手机号就能充") < page.index(f"/r/{answered.code}/phone")


async def test_a_verdict_without_reward_promises_none(citizen: Holder) -> None:
    """Not substantiated: no word of money."""
    await citizen.answered("unsubstantiated")
    assert (await citizen.account())["reward"] is None
    assert 'id="reward"' not in await citizen.page()


async def test_english_readers_get_english(answered: Holder) -> None:
    """The reward, the story and the questions in the reader's language."""
    await answered.decided("held")
    account = await answered.account("en")
    assert "a person has to check" in account["reward"]["text"]


@pytest.mark.parametrize("place", ["rating", "phone/code"])
async def test_a_reloaded_form_leads_back(answered: Holder, place: str) -> None:
    """An address that only takes forms is no dead end."""
    url = f"/r/{answered.code}/{place}"
    async with answered.intake.client.get(url, allow_redirects=False) as response:
        assert 303 == response.status
        assert response.headers["Location"] in (f"/r/{answered.code}", f"/r/{answered.code}/phone")


async def test_pages_of_a_receipt_stay_private(citizen: Holder) -> None:
    """Not for caches, search engines or other sites."""
    for place in ("", "/followup", "/above", "/withdraw", "/phone"):
        async with citizen.intake.client.get(f"/r/{citizen.code}{place}") as response:
            told = response.headers
            assert ("no-store", "no-referrer", "noindex, nofollow") == (
                told["Cache-Control"], told["Referrer-Policy"], told["X-Robots-Tag"]
            ), place  # fmt: skip
