"""The staff pages of rewards, as a browser without JavaScript sees them."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import Step
from services.rewards.store import rewards
from shared import access
from shared.access import Role
from shared.db import Database
from tests.integration.rewards_desk import PHONE, SEED, Desk, opened
from tests.integration.staff_tab import Tab, somebody

SERVICE = "rewards"
READ_ONLY = [role for role in access.REWARD_READERS if role not in access.REWARD_DECIDERS]
STRANGERS: list[Role] = ["unit_operator", "county_supervisor"]
FORMS = {
    "approvals": {"decision": "approve", "note": "看过了"},
    "holds": {"note": "再看看"},
    "write-offs": {"note": "对账单上没有"},
}


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


def tab(desk: Desk, username: str = "ann", language: str = "zh") -> Tab:
    """An approver's browser."""
    return Tab(desk.client, SEED, somebody("reward_approver", username=username), language)


async def now(desk: Desk, reward: Reward) -> Reward:
    """The reward as it is stored."""
    async with desk.database.acquire() as conn:
        found = await rewards.get(conn, reward.id)
    assert found is not None
    return found


async def open_page(desk: Desk, reward: Reward, username: str = "ann") -> Tab:
    """Somebody with the reward's page before them."""
    there = tab(desk, username)
    assert 200 == await there.get(f"/rewards/{reward.id}")
    return there


async def test_a_held_reward_is_approved_by_its_form(desk: Desk) -> None:
    """The page says why it is held and has the form; sent, the reward is ready and may be held."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    assert ({"approvals"}, True) == (page.forms, "同一事件奖励已达上限" in page.text)


@pytest.mark.parametrize("form", FORMS)
async def test_a_wrong_note_is_told_at_its_field(desk: Desk, form: str) -> None:
    """The alert links to the field of the form that was sent; the others stay empty."""
    steps: dict[str, tuple[Step, ...]] = {"holds": (), "write-offs": ("leased", "lost")}
    reward = await desk.earn(*steps[form]) if form in steps else await desk.held()
    page = await open_page(desk, reward)
    for note in ("", "   ", "字" * 501):
        status = await page.send(f"/rewards/{reward.id}/{form}", **FORMS[form] | {"note": note})
        assert (422, True) == (status, f'href="#{form}-note"' in page.text)
        assert (1, True) == (page.text.count('aria-invalid="true"'), note in page.text)
    assert reward.version == (await now(desk, reward)).version


async def test_a_form_without_a_decision_keeps_its_note(desk: Desk) -> None:
    """No radio button chosen: refused at once, nothing decided, the note still there."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    assert 422 == await page.send(f"/rewards/{reward.id}/approvals", note="想想")
    assert ("想想" in page.text, "held") == (True, (await now(desk, reward)).state)


async def test_what_was_typed_is_shown_as_text(desk: Desk) -> None:
    """A note with markup comes back escaped, from a refused form and from the history."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    wild = "<script>alert(1)</script>"
    await page.send(f"/rewards/{reward.id}/approvals", decision="perhaps", note=wild)
    async with desk.client.get(
        f"/rewards/{reward.id}", headers={"Accept": "text/html"}, allow_redirects=False
    ) as response:
        assert 303 == response.status
    assert 303 == await page.send(f"/rewards/{reward.id}/approvals", decision="refuse", note=wild)
    _, shown = await desk.get(f"/api/v1/rewards/{reward.id}")
    assert wild == shown["transitions"][-1]["note"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_from_elsewhere_does_nothing(desk: Desk, form: str) -> None:
    """Without the session's own token a form is refused, whatever it says."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    for csrf in ("", "0" * 64, "不是"):
        assert 403 == await page.send(f"/rewards/{reward.id}/{form}", csrf, **FORMS[form])
    assert "held" == (await now(desk, reward)).state


@pytest.mark.parametrize("role", READ_ONLY)
async def test_the_others_read_only(desk: Desk, role: Role) -> None:
    """They see list and reward with the masked phone, no form, and sending one is refused."""
    reward = await desk.held()
    page = Tab(desk.client, SEED, somebody(role))
    assert (200, True) == (await page.get("/rewards"), str(reward.id) in page.text)
    assert (200, set()) == (await page.get(f"/rewards/{reward.id}"), page.forms)
    assert ("138****4488" in page.text, PHONE[3:] in page.text) == (True, False)
    for form, fields in FORMS.items():
        assert 403 == await page.send(f"/rewards/{reward.id}/{form}", **fields)
    assert reward == await now(desk, reward)


@pytest.mark.parametrize("role", STRANGERS)
async def test_who_has_no_business_here_is_told_so(desk: Desk, role: Role) -> None:
    """A unit or a county sees no reward at all: 403, as a page."""
    reward = await desk.earn()
    page = Tab(desk.client, SEED, somebody(role, "u"))
    for path in ("/", "/rewards", f"/rewards/{reward.id}"):
        assert (403, True) == (await page.get(path), "<html" in page.text)
        assert str(reward.case_id) not in page.text


async def test_an_unknown_reward_is_not_found(desk: Desk) -> None:
    """404 for reading and for every form, and for an address that is no id."""
    page = await open_page(desk, await desk.held())
    token = page.text
    for path in (f"/rewards/{uuid4()}", "/rewards/nonsense"):
        assert 404 == await page.get(path)
        for form, fields in FORMS.items():
            page.text = token
            assert 404 == await page.send(f"{path}/{form}", **fields)


async def test_another_citys_reward_is_not_found(desk: Desk) -> None:
    """Whose place in the tree is elsewhere gets 404 and cannot decide, though the role would do."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    away = Tab(desk.client, SEED, somebody("reward_approver", "elsewhere", "eve"))
    assert 404 == await away.get(f"/rewards/{reward.id}")
    away.text = page.text  # the token of this session, as both have the same here
    assert 404 == await away.send(f"/rewards/{reward.id}/approvals", **FORMS["approvals"])
    assert (200, False) == (await away.get("/rewards"), str(reward.id) in away.text)
    assert "held" == (await now(desk, reward)).state


async def test_the_list_leads_through_all_rewards(desk: Desk) -> None:
    """Page by page over the link at the end: each reward once, filtered by state all along."""
    made = {str(reward.id) for reward in await desk.earn_many(101)}
    other = await desk.earn("leased")
    page, path, seen = tab(desk), "/rewards?state=ready", list[str]()
    for _ in range(3):
        assert 200 == await page.get(path)
        seen += re.findall(r'href="/rewards/([0-9a-f-]{36})"', page.text)
        onward = re.search(r'href="(/rewards\?[^"]+)" rel="next"', page.text)
        path = onward[1] if onward else ""
    assert ("", 101, made) == (path, len(seen), set(seen))
    assert str(other.id) not in seen


async def test_a_wrong_filter_is_refused_as_a_page(desk: Desk) -> None:
    """An address that somebody changed by hand gets a page that says so, never a traceback."""
    page = tab(desk)
    for query in ("state=lost", "cursor=x", "cursor=-1", f"cursor={2**63}"):
        assert (422, True) == (await page.get(f"/rewards?{query}"), "<html" in page.text)


EVERYWHERE: list[tuple[Step, ...]] = [
    (), ("leased",), ("leased", "accepted"), ("leased", "lost"), ("leased", "rejected"),
    ("leased", "rejected", "given_up"), ("leased", "paid"), ("leased", "paid", "reversed"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
async def test_every_state_has_its_words_in_both_languages(
    desk: Desk, language: str, tag: str
) -> None:
    """No key shows instead of a text, in the list and on the page, and the language is named."""
    made = [await desk.held(), *[await desk.earn(*steps) for steps in EVERYWHERE]]
    page = tab(desk, language=language)
    for path in ("/rewards", *(f"/rewards/{reward.id}" for reward in made)):
        assert (200, True) == (await page.get(path), f'lang="{tag}"' in page.text)
        assert [] == re.findall(r">\s*(?:reward|held|step|field)_\w+", page.text)


async def test_what_was_written_elsewhere_on_the_page_comes_along(desk: Desk) -> None:
    """A refused decision keeps the half-written signature, and one that is done keeps it too."""
    reward = await desk.earn("leased", "lost")
    page = await open_page(desk, reward)
    begun = {"approvals-note": "没写完的意见", "approvals-decision": "approve"}
    status = await page.send(f"/rewards/{reward.id}/write-offs", **begun, **{"write-offs-note": ""})
    assert (422, True) == (status, "没写完的意见" in page.text)
    assert 'href="#write-offs-note"' in page.text
    held = await desk.held()
    page = await open_page(desk, held)
    done = {"approvals-decision": "approve", "approvals-note": "同意", "holds-note": "先别付"}
    assert 200 == await page.send(f"/rewards/{held.id}/approvals", **done)
    assert ("ready", 1) == ((await now(desk, held)).state, page.text.count(">\n先别付</textarea>"))
    assert ("已保存" in page.text, ">\n同意</textarea>" in page.text) == (True, False)
    assert 303 == await page.send(f"/rewards/{held.id}/holds", **{"holds-note": "先别付"})


async def test_the_answer_of_a_second_click_is_that_of_the_first(desk: Desk) -> None:
    """Also where the page with the other notes is the answer: reloading it does nothing again."""
    held = await desk.held()
    page = await open_page(desk, held)
    before, done = page.text, {"approvals-decision": "approve", "approvals-note": "同意"}
    for _ in range(2):
        page.text = before
        sent = {**done, "holds-note": "先别付"}
        assert 200 == await page.send(f"/rewards/{held.id}/approvals", **sent)
        assert "先别付" in page.text
    _, shown = await desk.get(f"/api/v1/rewards/{held.id}")
    assert 1 == [step["step"] for step in shown["transitions"]].count("approved")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_other_language_keeps_what_was_typed(desk: Desk, lang: str) -> None:
    """Its button sends everything along and does nothing else; so does the Enter key."""
    held = await desk.held()
    page = await open_page(desk, held)
    typed = {"approvals-note": "没写完的意见", "approvals-decision": "refuse"}
    assert 200 == await page.send(f"/rewards/{held.id}?lang={lang}", **typed)
    assert f'lang="{"en" if lang == "en" else "zh-CN"}"' in page.text
    assert ">\n没写完的意见</textarea>" in page.text
    assert 'value="refuse" required checked' in page.text
    assert held == await now(desk, held)


async def test_a_note_whose_form_has_gone_is_still_there_to_copy(desk: Desk) -> None:
    """Somebody else has decided meanwhile: what was written stands on the page as text."""
    held = await desk.held()
    page = await open_page(desk, held)
    await desk.approve(held, "refuse", "ben")
    sent = {"approvals-decision": "approve", "approvals-note": "我觉得应该付"}
    assert 409 == await page.send(f"/rewards/{held.id}/approvals", **sent)
    assert '<p class="words">我觉得应该付</p>' in page.text


async def test_an_open_screen_pays_nobody(desk: Desk) -> None:
    """Minutes after the password was typed it is asked for again; what was typed stays."""
    reward = await desk.held()
    page = await open_page(desk, reward)
    page.confirmed = False
    assert 403 == await page.send(f"/rewards/{reward.id}/approvals", **FORMS["approvals"])
    assert (True, True) == ("先确认是本人" in page.text, "看过了" in page.text)
    assert "held" == (await now(desk, reward)).state
    page.confirmed = True
    assert 303 == await page.send(f"/rewards/{reward.id}/approvals", **FORMS["approvals"])
    assert "held" != (await now(desk, reward)).state


async def test_an_open_screen_holds_nothing_back(desk: Desk) -> None:
    """What stops money asks for the password, too."""
    reward = await desk.earn()
    page = await open_page(desk, reward)
    page.confirmed = False
    assert 403 == await page.send(f"/rewards/{reward.id}/holds", **FORMS["holds"])
    assert (True, True) == ("先确认是本人" in page.text, "再看看" in page.text)
    assert reward.version == (await now(desk, reward)).version


async def test_the_rewards_are_a_list_to_take_away(desk: Desk) -> None:
    """Of the state that is chosen, without phones; it is noted who took it."""
    await desk.held()
    await desk.earn()
    page = tab(desk)
    await page.get("/rewards?state=held")
    assert 'value="state=held"' in page.text
    assert 200 == await page.send("/exports", asked="state=held", format="csv")
    lines = page.text.lstrip("\ufeff").splitlines()
    assert "核查属实时间,单位编号,窗口单位,状态,金额（元）,期限" == lines[0]
    assert (2, True, False) == (len(lines), "20.00" in lines[1], "****" in page.text)
    async with desk.database.acquire() as conn:
        noted = await conn.fetchrow("SELECT username, what, asked, number FROM exports")
    assert ("ann", "rewards", "state=held", 1) == tuple(noted or ())
