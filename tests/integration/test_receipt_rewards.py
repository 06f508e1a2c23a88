"""The receipt says the truth of its reward in every state of the payout, in every language."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, cast, get_args

import pytest

from services.intake.follow.standing import RewardStands
from services.rewards.moves import DECIDES
from services.rewards.providers.registry import VENDORS
from services.rewards.rules.entitlement import VERDICT_CHANGED, HoldReason
from services.rewards.rules.states import Aside, State, Step, after
from shared import events
from shared.db import Database
from shared.values import clock
from shared.web.texts import LANGUAGES, texts
from tests.integration.intake_holder import DUE, SEAL, Holder, holder
from tests.integration.intake_site import Site, site
from tests.support import at

SERVICE = "intake"
E164, OTHER = "+8613977770100", "13800138000"
Way = tuple[Step | Aside, ...]
LEASED: Way = ("scheduled", "leased")
FAILED: Way = (*LEASED, "rejected")
LOST: Way = (*LEASED, "lost")
# By which steps a reward gets into a state, and what its citizen reads then.
WAYS: dict[str, tuple[Way, RewardStands]] = {
    "eligible": ((), "coming"),
    "ready": (("scheduled",), "scheduled"),
    "held": (("held",), "held"),
    "held from ready": (("scheduled", "held"), "held"),
    "approved": (("held", "approved"), "scheduled"),
    "refused by a person": (("held", "refused"), "refused"),
    "submitting": (LEASED, "scheduled"),
    "accepted": ((*LEASED, "accepted"), "scheduled"),
    "unknown": (LOST, "scheduled"),
    "sent again": ((*LOST, "resent"), "scheduled"),
    "rejected": (FAILED, "scheduled"),
    "tried again": ((*FAILED, "retried"), "scheduled"),
    "written off": ((*LOST, "written_off", "retried"), "scheduled"),
    "manual": ((*FAILED, "given_up"), "manual"),
    "manual, tried again": ((*FAILED, "given_up", "approved"), "scheduled"),
    "manual, refused": ((*FAILED, "given_up", "refused"), "refused"),
    "paid": ((*LEASED, "paid"), "paid"),
    "paid by an earlier order": ((*FAILED, "given_up", "found"), "paid"),
    "paid after it was unknown": ((*LOST, "paid"), "paid"),
    "reversed": ((*LEASED, "paid", "reversed"), "reversed"),
    "reversed, never arrived": ((*LEASED, "reversed"), "reversed"),
    "withdrawn before an order": (("scheduled", "refused"), "refused"),
    "withdrawn while held": (("held", "refused"), "refused"),
    "withdrawn under way": ((*LEASED, "withdrawn"), "withdrawn"),
    "withdrawn under way, then failed": ((*LEASED, "withdrawn", "rejected", "refused"), "refused"),
    "withdrawn under way, then paid": ((*LEASED, "withdrawn", "paid"), "paid"),
    "withdrawn when paid": ((*LEASED, "paid", "withdrawn"), "paid"),
    "reinstated under way": ((*LEASED, "withdrawn", "reinstated"), "scheduled"),
    "another phone waits": ((*LOST, "rebound"), "clearing"),
    "another phone's turn": (
        (*LOST, "rebound", "rejected", "refused", "entitled", "scheduled"),
        "scheduled",
    ),
    "another phone waits, then paid": ((*LOST, "rebound", "paid"), "paid"),
}
WORDS: dict[RewardStands, tuple[str, str]] = {
    "coming": ("正在安排", "being arranged"),
    "scheduled": ("已安排", "arranged"),
    "held": ("需要人工核对", "a person has to check"),
    "refused": ("本件不奖励", "No reward"),
    "manual": ("没有成功", "did not work"),
    "withdrawn": ("不再奖励", "no longer due"),
    "clearing": ("结果还在查证", "being cleared up"),
    "checking": ("正在核对", "being checked"),
    "paid": ("已到账", "have arrived"),
    "paid_elsewhere": ("先前的号码", "earlier number"),
    "reversed": ("退回", "took"),
    "no_phone": ("绑定手机号", "Add your phone"),
    "no_airtime": ("充不了", "cannot get it"),
}


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows UNIT."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def answered(intake: Site, phone: str | None = "139 7777 0100") -> Holder:
    """Whoever's complaint was found true."""
    citizen = await holder(intake, phone=phone)
    await citizen.opened()
    await citizen.answered()
    return citizen


async def walk(citizen: Holder, way: Way, reason: str) -> State:
    """What rewards tells of each step; the state in the end."""
    state: State = "eligible"
    for step in way:
        settled = state in ("paid", "reversed")
        state = _after(state, step)
        if step in DECIDES and not (settled and step in get_args(Aside)):
            await citizen.decided(DECIDES[step], reason if state in ("held", "refused") else None)
        elif (state in ("paid", "reversed") and not settled) or step == "reversed":
            await citizen.intake.tell(_settled(citizen, state))
    return state


def _after(state: State, step: Step | Aside) -> State:
    """By the table of moves; of what stands beside it only `found` moves."""
    if step in get_args(Aside):
        return "paid" if step == "found" else state
    return after(state, cast(Step, step))


def _settled(citizen: Holder, state: State) -> events.Event:
    own: dict[str, Any] = {
        "reward_id": citizen.case_id, "case_id": citizen.case_id, "submission_id": citizen.id,
        "amount_fen": 2000,
    }  # fmt: skip
    now = clock.now()
    if state == "reversed":
        return events.RewardReversed(reversed_at=now, **own)
    sealed = SEAL.close(E164, f"phone:{citizen.id}")
    told = {"phone_sealed": sealed, "language": "zh", "paid_at": now, "due_at": now + DUE}
    return events.RewardPaid(**own | told)


def test_every_state_and_every_word_stands_in_the_table() -> None:
    """A new state of the payout, or of the receipt, is one that somebody must have thought of."""
    start: State = "eligible"
    ends = {reduce(_after, way, start) for way, _ in WAYS.values()}
    assert set(get_args(State)) == ends
    assert set(get_args(RewardStands)) == set(WORDS)
    assert set(WORDS) == {said for _, said in WAYS.values()} | {
        "no_phone", "no_airtime", "paid_elsewhere", "checking",
    }  # fmt: skip


async def reads(citizen: Holder, stands: RewardStands, *, late: bool = False) -> None:
    """The account, in each language, and the page, which says no more."""
    for language in LANGUAGES:
        reward = (await citizen.account(language))["reward"]
        assert (stands, late) == (reward["state"], reward["late"])
        own = texts(language)
        told = own.text(f"your_reward_{stands}{'_late' if late else ''}", yuan="20.00",
                        due=own.due(clock.now()), reason="")  # fmt: skip
        assert told.split("20.00")[0].split("{")[0] in reward["text"]
        assert "20.00" in reward["text"] or stands == "refused"
        assert "{" not in reward["text"]
    for language, said in zip(("zh", "en"), WORDS[stands], strict=True):
        text = (await citizen.account(language))["reward"]["text"]
        assert late or said in text


@pytest.mark.parametrize("name", WAYS)
async def test_every_state_of_the_payout(intake: Site, name: str) -> None:
    """In time, and when the two days are over; a promise only where something is on its way."""
    way, stands = WAYS[name]
    citizen = await answered(intake)
    reason = VERDICT_CHANGED if "withdrawn" in name else "roster_phone"
    await walk(citizen, way, reason)
    await reads(citizen, stands)
    promised = stands == "scheduled"
    account = await citizen.account("en")
    assert promised == (account["reward"]["due_at"] is not None)
    assert promised == ("reward_due" in await citizen.steps())
    page = await citizen.page()
    for hidden in (*get_args(HoldReason), *VENDORS, "unknown", E164):
        assert hidden not in page + str(account["reward"]["text"])
    assert ("139****0100" in page.partition('id="reward"')[2].partition("</section>")[0]) == (
        stands == "paid"
    )
    with at(clock.now() + DUE + timedelta(minutes=1)):
        await reads(citizen, stands, late=promised)
        assert promised == ("reward_due_late" in await citizen.steps())


async def refused(citizen: Holder, phone: str = E164) -> None:
    """No vendor tops it up."""
    event = events.PhoneRefused(
        submission_id=citizen.id, phone_index=SEAL.index(phone), refused_at=clock.now()
    )
    await citizen.intake.tell(event)


async def bind(citizen: Holder, phone: str) -> datetime:
    """They bind a phone; when."""
    await citizen.intake.fetch("DELETE FROM limits")
    await citizen.say("phone-codes", phone=phone)
    await citizen.say("phone", code=await citizen.sms())
    [at] = await citizen.intake.fetch("SELECT bound_at FROM contacts")
    return cast(datetime, at["bound_at"])


@pytest.mark.parametrize(
    ("phone", "stands"),
    [(None, "no_phone"), ("0396-2912345", "no_airtime"), ("17012345678", "no_airtime"),
     ("+852 9123 4567", "no_airtime")],
)  # fmt: skip
async def test_without_a_phone_to_pay_to(
    intake: Site, phone: str | None, stands: RewardStands
) -> None:
    """Nothing is promised, and what to do stands beside it, also when days have passed."""
    citizen = await answered(intake, phone)
    for later in (timedelta(), timedelta(days=3)):
        with at(clock.now() + later):
            await reads(citizen, stands)
            assert 'href="/r/' in (await citizen.page()).partition('id="reward"')[2]
            assert "bind" in (await citizen.account())["may"]


@pytest.mark.parametrize(
    ("name", "stands"),
    [("eligible", "no_airtime"), ("ready", "no_airtime"), ("held", "no_airtime"),
     ("manual", "no_airtime"), ("refused by a person", "refused"), ("paid", "paid"),
     ("withdrawn under way", "withdrawn"), ("reversed", "reversed")],
)  # fmt: skip
async def test_a_refused_phone(intake: Site, name: str, stands: RewardStands) -> None:
    """Another is asked for where it would bring the reward on its way, and nothing is due."""
    citizen = await answered(intake)
    await walk(citizen, WAYS[name][0], "by_hand")
    await refused(citizen)
    await reads(citizen, stands)
    assert not {"reward_due", "reward_due_late"} & set(await citizen.steps())
    assert ("bind" in (await citizen.account())["may"]) == (stands == "no_airtime")


@pytest.mark.parametrize("name", ["ready", "held", "manual"])
async def test_a_bound_phone_is_promised_nothing_before_rewards_says_so(
    intake: Site, name: str
) -> None:
    """What was decided of the refused phone is no word about the new one, however late it comes:
    neither a promise with its time, nor that it is late."""
    citizen, begun = await answered(intake), clock.now()
    await walk(citizen, WAYS[name][0], "phone_month_cap")
    await refused(citizen)
    bound_at = await bind(citizen, OTHER)
    for later in (timedelta(), DUE + timedelta(minutes=1)):
        with at(clock.now() + later):
            await reads(citizen, "checking")
            assert not {"reward_due", "reward_due_late"} & set(await citizen.steps())
    await citizen.decided("manual", begun=begun)
    await reads(citizen, "checking")
    assert "bind" not in (await citizen.account())["may"]
    await citizen.decided("scheduled", begun=bound_at)
    await reads(citizen, "scheduled")
    assert "reward_due" in await citizen.steps()


async def test_a_bound_phone_that_gets_no_airtime_is_asked_to_be_another(intake: Site) -> None:
    """One that only gets SMS, and the refused one once more: each time the way on is there."""
    citizen, virtual = await answered(intake), "17012345678"
    await walk(citizen, WAYS["ready"][0], "")
    await refused(citizen)
    await bind(citizen, virtual)
    await reads(citizen, "no_airtime")
    await bind(citizen, E164.removeprefix("+86"))
    await reads(citizen, "checking")
    await refused(citizen)
    await reads(citizen, "no_airtime")
    assert not {"reward_due", "reward_due_late"} & set(await citizen.steps())
    await citizen.decided("scheduled", begun=await bind(citizen, OTHER))
    await reads(citizen, "scheduled")


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_what_arrived_on_the_phone_before(intake: Site, elsewhere: bool) -> None:
    """The order was under way when another phone was bound: which of the two got it is told."""
    citizen = await answered(intake)
    await walk(citizen, LOST, "by_hand")
    await refused(citizen)
    await bind(citizen, OTHER)
    await citizen.decided("clearing")
    await reads(citizen, "clearing")
    assert "bind" not in (await citizen.account())["may"]
    paid = _settled(citizen, "paid")
    index = SEAL.index(E164 if elsewhere else f"+86{OTHER}")
    await intake.tell(paid.model_copy(update={"phone_index": index}))
    await reads(citizen, "paid_elsewhere" if elsewhere else "paid")
    shown = (await citizen.page()).partition('id="reward"')[2].partition("</section>")[0]
    assert elsewhere != ("138****8000" in shown)


@pytest.mark.parametrize("verdict", ["unsubstantiated", "helped", "unverifiable", "out_of_scope"])
async def test_what_earned_nothing_reads_nothing(intake: Site, verdict: events.Verdict) -> None:
    """Neither before nor instead of a verdict that earns one."""
    citizen = await holder(intake, phone="139 7777 0100")
    await citizen.opened()
    assert (await citizen.account())["reward"] is None
    await citizen.answered(verdict)
    assert (await citizen.account())["reward"] is None
    assert 'id="reward"' not in await citizen.page()


async def test_an_appeal_takes_nothing_back(intake: Site) -> None:
    """A phone still brings the reward of a verdict that an officer's appeal overturned (rule 8)."""
    citizen = await answered(intake, None)
    await citizen.answered("unsubstantiated", 2, overturned="substantiated")
    await reads(citizen, "no_phone")
    assert "bind" in (await citizen.account())["may"]
    await citizen.answered("unsubstantiated", 3)
    assert (await citizen.account())["reward"] is None
