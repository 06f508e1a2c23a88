"""Mismatches of money: each kind is found and kept, shown to people, and settled by one of them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import get_args

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.rewards.earlier import Earlier
from services.rewards.providers.protocol import StatementRow
from services.rewards.rules.mismatches import Kind, Mismatch, is_disputed
from services.rewards.rules.payouts import Reward
from services.rewards.store import mismatches
from services.rewards.watching import Watch
from shared import access, statements
from shared.access import Role
from shared.db import Connection, Database
from shared.vendors import outcomes
from shared.vendors.outcomes import Outcome
from tests import support
from tests.integration.rewards_desk import ANN, BEN, SEED, Desk, opened
from tests.integration.staff_tab import Tab, somebody
from tests.integration.test_rewards_decisions import advance, hear, verified
from tests.integration.test_rewards_money import (
    DENIED,
    DONE,
    LOST,
    PACE,
    REFUSED,
    Vendor,
    World,
    world,
)
from tests.integration.test_rewards_statements import OPENED, of_day, row, take
from tests.vendors import AIRTIME, confirmed

__all__ = ["world"]

SERVICE = "rewards"
KINDS: tuple[Kind, ...] = get_args(Kind)
READ_ONLY = [role for role in access.REWARD_READERS if role not in access.REWARD_DECIDERS]


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def paid(conn: Connection, *steps: str) -> Reward:
    """A reward whose order was made, and closed, on the day of the statements."""
    reward = await hear(conn, verified())
    assert reward is not None
    reward = await advance(conn, reward, *(steps or ("leased", "paid")))  # type: ignore[arg-type]
    await conn.execute(
        "UPDATE orders SET opened_at = $1,"
        " closed_at = CASE WHEN outcome IS NOT NULL THEN $2::timestamptz END",
        OPENED + timedelta(hours=10),
        OPENED + timedelta(hours=11),
    )
    return reward


async def kinds(conn: Connection) -> list[tuple[str, str]]:
    """Kind and order of all that are kept."""
    rows = await mismatches.list_page(conn, None, "all", 100)
    return sorted((row["kind"], row["order_id"]) for row in rows)


def other(line: StatementRow, **changes: object) -> StatementRow:
    """A row of a statement with something else in it."""
    values = {name: getattr(line, name) for name in line.__dataclass_fields__}
    return StatementRow(**values | changes)


async def test_a_line_without_an_order_is_kept(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the vendor's day, amount and reference; once, however often the day is imported."""
    for _ in range(2):
        await take(conn, monkeypatch, of_day([row("strange1")]))
    (found,) = await mismatches.list_page(conn, None, "open", 9)
    assert ("no_order", "strange1", None) == (found["kind"], found["order_id"], found["reward_id"])
    facts = {"day": "2026-03-03", "outcome": "paid", "theirs_fen": 2000, "ref": "7"}
    assert facts.items() <= found["facts"].items()


@pytest.mark.parametrize("changes", [{"amount_fen": 5000}, {"product": "6050"}])
async def test_another_amount_or_product_is_kept(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    """Beside the order's own; the order is none that is missing."""
    reward = await paid(conn)
    line = other(row(reward.order_id), product="p-1")
    await take(conn, monkeypatch, of_day([line]))
    assert [] == await kinds(conn)
    await take(conn, monkeypatch, of_day([other(line, **changes)]))
    assert [("amount", reward.order_id)] == await kinds(conn)


async def test_an_order_that_was_carried_out_twice_is_kept(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two transactions under one id of ours, on one day or on two."""
    reward = await paid(conn)
    line = other(row(reward.order_id), product="p-1")
    await take(conn, monkeypatch, of_day([line, other(line, outcome="reversed", vendor_ref="8")]))
    assert [] == await kinds(conn)
    await take(conn, monkeypatch, of_day([other(line, vendor_ref="9")], later=1))
    (found,) = await mismatches.list_of(conn, reward.id)
    assert ("twice", "7", "9") == (
        found["kind"], found["facts"]["other_ref"], found["facts"]["ref"],
    )  # fmt: skip


async def test_a_paid_order_on_no_statement_is_kept(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the statements of every moment are there that could have it, and not before."""
    reward = await paid(conn)
    await conn.execute("UPDATE orders SET closed_at = $1", OPENED + timedelta(hours=23, minutes=30))
    await take(conn, monkeypatch, of_day())
    assert [] == await kinds(conn)
    await take(conn, monkeypatch, of_day(later=1))
    assert [("unlisted", reward.order_id)] == await kinds(conn)


@pytest.mark.parametrize("steps", [("leased", "rejected"), ("leased", "lost")])
async def test_what_was_not_paid_need_not_be_listed(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, steps: tuple[str, ...]
) -> None:
    """A statement has only what was paid."""
    await paid(conn, *steps)
    for later in range(2):
        await take(conn, monkeypatch, of_day(later=later))
    assert [] == await kinds(conn)


async def of_world(world: World) -> list[str]:
    """The kinds that are kept."""
    async with world.database.acquire() as conn:
        return [kind for kind, _ in await kinds(conn)]


async def list_on_statement(world: World, order_id: str, outcome: str = "paid") -> None:
    """The vendor's closed statement names the order."""
    async with world.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO statements (vendor, day, opened_at, closed_at)
               VALUES ('one', '2000-01-01', '2000-01-01', '2000-01-02') ON CONFLICT DO NOTHING"""
        )
        await conn.execute(
            """INSERT INTO statement_orders
                   (vendor, day, order_id, outcome, vendor_ref, product, amount_fen)
               VALUES ('one', '2000-01-01', $1, $2, '7', 'p-20', 2000)""",
            order_id,
            outcome,
        )


@pytest.mark.parametrize("answer", [DENIED, REFUSED])
async def test_a_paid_order_that_is_denied_is_kept(world: World, answer: Outcome) -> None:
    """The vendor said paid, and now that it failed or never was: told once, kept once."""
    await world.earn()
    world.vendor.to_send = DONE
    await world.payouts.submit()
    world.vendor.to_ask = lambda _: answer
    with support.captured_logs() as logs:
        for _ in range(2):
            assert "paid" == (await world.round()).state
    assert ["denied"] == await of_world(world)
    assert 1 == len([entry for entry in logs if entry["event"] == "paid order denied"])


async def test_a_look_that_nobody_answers_is_kept(world: World) -> None:
    """After a week of silence the payment is a person's to confirm."""
    await world.earn()
    world.vendor.to_send = DONE
    await world.payouts.submit()
    async with world.database.acquire() as conn:
        await conn.execute("UPDATE rewards SET paid_at = paid_at - interval '9 days'")
    world.vendor.to_ask = lambda _: LOST
    assert (await world.round()).act_at is None
    assert ["unconfirmed"] == await of_world(world)


@pytest.mark.parametrize("answer", [DENIED, REFUSED])
async def test_an_answer_against_the_statement_moves_nothing(world: World, answer: Outcome) -> None:
    """The statement says paid, the answer says no: no new order leaves, a person must look."""
    reward = await world.lose()
    await list_on_statement(world, reward.order_id)
    world.vendor.to_ask = lambda _: answer
    for _ in range(3):
        assert "unknown" == (await world.round()).state
    assert (1, ["disputed"]) == (len(world.vendor.sent), await of_world(world))
    world.vendor.to_ask = lambda _: DONE
    assert "paid" == (await world.round()).state


@pytest.mark.parametrize("answer", [DENIED, REFUSED])
async def test_an_earlier_order_on_the_statement_holds_the_next(
    world: World, answer: Outcome
) -> None:
    """Refused, to be ordered again, and then the closed statement has it as paid."""
    world.vendor.to_send = REFUSED
    await world.earn()
    await world.payouts.submit()
    first = await world.now()
    await list_on_statement(world, first.order_id)
    await world.report(first.order_id)
    world.vendor.to_ask = lambda _: answer
    await Earlier(world.database, world.vendors, PACE).query()
    for _ in range(3):
        await world.round()
    assert (1, ["disputed"]) == (len(world.vendor.sent), await of_world(world))
    world.vendor.to_ask = lambda _: DONE
    assert "paid" == (await world.round()).state


def test_what_is_a_dispute() -> None:
    """Only a word that contradicts the statement; no answer contradicts nothing."""
    every: list[Outcome] = [DONE, DENIED, REFUSED, LOST, outcomes.Reversed("1", "c"),
                            outcomes.Accepted("1", "c"), outcomes.Held("c")]  # fmt: skip
    wanted = {(): [], ("paid",): [DENIED, REFUSED], ("paid", "reversed"): [DONE]}
    for listed, disputed in wanted.items():
        assert disputed == [one for one in every if is_disputed(frozenset(listed), one)]


async def fill(desk: Desk, count: int = 1, kind: Kind = "no_order") -> None:
    """Some mismatches; those about a reward belong to a new one."""
    async with desk.database.transaction() as conn:
        for number in range(count):
            await mismatches.add(conn, Mismatch(kind, AIRTIME.name, f"strange{number:03}"))


async def two_orders(desk: Desk) -> tuple[Reward, str]:
    """A reward with two orders that stand against each other."""
    reward = await desk.earn("leased", "rejected", "retried", "leased")
    first = (await desk.get(f"/api/v1/rewards/{reward.id}"))[1]["orders"][0]["order_id"]
    async with desk.database.transaction() as conn:
        found = Mismatch("two_orders", AIRTIME.name, first, reward.id, reward.order_id)
        await mismatches.add(conn, found)
    return reward, first


def tab(desk: Desk, role: Role = "reward_approver", scope: str = "city") -> Tab:
    """Somebody's browser."""
    return Tab(desk.client, SEED, somebody(role, scope))


async def test_the_page_names_both_orders_and_what_to_do(desk: Desk) -> None:
    """And leads to the reward, whose own page shows it until it is settled."""
    reward, first = await two_orders(desk)
    page = tab(desk)
    assert 200 == await page.get("/mismatches")
    for said in (first, reward.order_id, "两笔订单冲突", "请与服务商核对", f"/rewards/{reward.id}"):
        assert said in page.text
    assert (200, True) == (await page.get(f"/rewards/{reward.id}"), first in page.text)


async def test_a_person_settles_it_with_a_note(desk: Desk) -> None:
    """By the form: gone from the open ones, kept among the settled with name and note."""
    await two_orders(desk)
    page = tab(desk)
    await page.get("/mismatches")
    (address,) = set(re.findall(r'action="(/mismatches/\d+/resolutions)"', page.text))
    assert 303 == await page.send(address, note="服务商已退回第一笔")
    assert (200, True) == (await page.get("/mismatches"), "没有这样的账目差异" in page.text)
    assert (200, set()) == (await page.get("/mismatches?show=resolved"), page.forms)
    assert "reward_approver · " in page.text
    assert "服务商已退回第一笔" in page.text


async def test_only_the_first_word_counts(desk: Desk) -> None:
    """A second person is told so; a wrong note, and a word about nothing, is refused."""
    await fill(desk)
    (found,) = (await desk.get("/api/v1/mismatches"))[1]["mismatches"]
    path = f"/api/v1/mismatches/{found['mismatch_id']}/resolutions"
    for note in ("", " ", "x" * 501, "\x00\u200b"):
        assert 422 == (await desk.post(path, {"note": note}, ANN))[0]
    status, shown = await desk.post(path, {"note": "taken back"}, ANN)
    assert (200, ANN, "taken back") == (status, shown["resolved_by"], shown["note"])
    status, refused = await desk.post(path, {"note": "mine"}, BEN)
    assert (409, "refused.mismatch_settled") == (status, refused["key"])
    nothing = f"/api/v1/mismatches/{found['mismatch_id'] + 1}/resolutions"
    assert 404 == (await desk.post(nothing, {"note": "x"}, ANN))[0]


async def test_a_wrong_note_is_told_at_its_field(desk: Desk) -> None:
    """The alert leads to the field of that very mismatch, and what was typed stays."""
    await fill(desk, 2)
    page = tab(desk)
    await page.get("/mismatches")
    address = re.findall(r'action="(/mismatches/\d+/resolutions)"', page.text)[1]
    number = address.split("/")[2]
    note = "字" * 501
    assert (422, 1) == (await page.send(address, note=note), page.text.count(note))
    assert f'href="#note-{number}"' in page.text
    assert 1 == page.text.count('aria-invalid="true"')


async def test_settling_one_leaves_the_notes_of_the_others(desk: Desk) -> None:
    """What is half-written for another stays in its field, as it does in the other language; and
    one whose mismatch somebody else has settled is there to copy.
    """
    await fill(desk, 3)
    page = tab(desk)
    await page.get("/mismatches?show=all")
    newest, second, third = re.findall(r'action="/mismatches/(\d+)/resolutions', page.text)
    typed = {f"{newest}-note": "已核对", f"{second}-note": "还在等", f"{third}-note": "再问问"}
    assert 200 == await page.send(f"/mismatches/{newest}/resolutions?show=all", **typed)
    for kept in (">\n还在等</textarea>", ">\n再问问</textarea>", ">已核对</p>"):
        assert kept in page.text
    path = f"/api/v1/mismatches/{third}/resolutions"
    assert 200 == (await desk.post(path, {"note": "x"}, BEN))[0]
    assert 200 == await page.send("/mismatches?show=all&lang=en", **typed)
    assert (">\n还在等</textarea>" in page.text, '<p class="words">再问问</p>' in page.text) == (
        True, True,
    )  # fmt: skip
    assert 'lang="en"' in page.text


async def test_the_list_leads_through_all_newest_first(desk: Desk) -> None:
    """Page by page, each once, with the filter kept; garbage in the address is told as a page."""
    await fill(desk, 101)
    page, path, seen = tab(desk), "/mismatches?show=all", list[str]()
    for _ in range(3):
        assert 200 == await page.get(path)
        seen += re.findall(r"<code>(strange\d+)</code>", page.text)
        onward = re.search(r'href="(/mismatches\?[^"]+)" rel="next"', page.text)
        path = onward[1] if onward else ""
    assert ("", [f"strange{n:03}" for n in reversed(range(101))]) == (path, seen)
    for query in ("show=none", "cursor=x", "cursor=-1", f"cursor={2**63}"):
        assert (422, True) == (await page.get(f"/mismatches?{query}"), "<html" in page.text)


@pytest.mark.parametrize("role", READ_ONLY)
async def test_the_others_read_only(desk: Desk, role: Role) -> None:
    """They see the list without a form, and sending one is refused."""
    await fill(desk)
    page = tab(desk, role)
    assert (200, set(), True) == (
        await page.get("/mismatches"), page.forms, "strange000" in page.text,
    )  # fmt: skip
    assert 403 == await page.send("/mismatches/1/resolutions", note="x")


@pytest.mark.parametrize("role", ["unit_operator", "county_supervisor"])
async def test_who_has_no_business_here_is_told_so(desk: Desk, role: Role) -> None:
    """403, as a page."""
    await fill(desk)
    page = tab(desk, role)
    assert (403, False) == (await page.get("/mismatches"), "strange000" in page.text)


async def test_another_place_sees_none_of_them(desk: Desk) -> None:
    """Neither those of rewards elsewhere, nor those of nobody's: the root alone has these."""
    await two_orders(desk)
    await fill(desk)
    assert 2 == len((await desk.get("/api/v1/mismatches"))[1]["mismatches"])
    for scope, seen in (("u", 1), ("elsewhere", 0)):
        page = tab(desk, scope=scope)
        assert 200 == await page.get("/mismatches")
        found = set(re.findall(r'action="/mismatches/(\d+)/resolutions"', page.text))
        assert seen == len(found)
    path = "/api/v1/mismatches/2/resolutions"
    bearer = statements.issue(somebody("reward_approver", "u"), SEED)
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "k" * 20}
    async with desk.client.post(path, json={"note": "x"}, headers=headers) as response:
        assert 404 == response.status


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
async def test_every_kind_has_its_words_in_both_languages(
    desk: Desk, language: str, tag: str
) -> None:
    """No key shows instead of a text, on the list, settled or not, and when it is empty."""
    page = Tab(desk.client, SEED, somebody("reward_approver", username="ann"), language)
    assert 200 == await page.get("/mismatches")
    assert {"zh": "没有这样的账目差异", "en": "no such mismatches"}[language] in page.text
    reward = await desk.earn("leased", "paid")
    facts: dict[str, str | int] = {
        "ours_fen": 2000, "theirs_fen": 5000, "day": "2026-03-03", "ref": "1", "other_ref": "2",
        "code": "c",
    }  # fmt: skip
    async with desk.database.transaction() as conn:
        for kind in KINDS:
            found = Mismatch(kind, AIRTIME.name, reward.order_id, reward.id, reward.order_id, facts)
            assert await mismatches.add(conn, found)
        assert await mismatches.add_resolution(conn, 1, "ann", "done")
    for path in ("/mismatches", "/mismatches?show=all", f"/rewards/{reward.id}", "/rewards"):
        assert (200, True) == (await page.get(path), f'lang="{tag}"' in page.text)
        assert [] == re.findall(r">\s*(?:mismatch|mismatches|reward|vendor)_\w+", page.text)
        assert language == "zh" or not re.search("[\u4e00-\u9fff]", _main(page.text))


def _main(text: str) -> str:
    """What is said in the page's own language."""
    found = re.search("<main.*?</main>", text, re.S)
    said = re.sub('<button[^>]* lang="[^"]+">[^<]*</button>', "", found[0]) if found else ""
    return said.replace("窗口", "")


async def test_nothing_of_it_is_ever_changed_or_removed(database: Database) -> None:
    """The service itself can only add."""
    async with database.transaction() as conn:
        await mismatches.add(conn, Mismatch("no_order", "v", "x"))
        await mismatches.add_resolution(conn, 1, "ann", "done")
    for change in (
        "UPDATE mismatches SET kind = 'twice'", "DELETE FROM mismatches",
        "UPDATE mismatch_resolutions SET note = ''", "DELETE FROM mismatch_resolutions",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction() as conn:
                await conn.execute(change)


async def test_metric_and_readiness_tell_of_the_open_ones(database: Database) -> None:
    """How many nobody settled; a settled one is no longer counted."""
    watch = Watch(database, [AIRTIME.name], [confirmed(Vendor())])
    assert {"money": "ok"} == watch.state()
    async with database.transaction() as conn:
        for order_id in "ab":
            await mismatches.add(conn, Mismatch("no_order", "v", order_id))
        await mismatches.add_resolution(conn, 1, "ann", "done")
    await watch.observe()
    assert {"money": "1 mismatches"} == watch.state()
    assert 1 == REGISTRY.get_sample_value("mashang_payout_mismatches")


async def test_code_of_before_still_adds_its_own(conn: Connection) -> None:
    """A rolling upgrade: what the older version writes is one of the kinds, once."""
    reward = await paid(conn)
    for _ in range(2):
        await conn.execute(
            """INSERT INTO mismatches (order_id, other_order_id, reward_id, found_at)
               VALUES ($1, $1, $2, now()) ON CONFLICT DO NOTHING""",
            reward.order_id,
            reward.id,
        )
    assert [("two_orders", reward.order_id)] == await kinds(conn)


async def test_an_open_screen_settles_nothing(desk: Desk) -> None:
    """The password is asked for again; the note stays, and the mismatch stays open."""
    await fill(desk)
    page = tab(desk)
    await page.get("/mismatches")
    newest = re.findall('name="([0-9]+)-note"', page.text)[0]
    page.confirmed = False
    path, typed = f"/mismatches/{newest}/resolutions", {f"{newest}-note": "已核对"}
    assert 403 == await page.send(path, **typed)
    assert (True, True) == ("先确认是本人" in page.text, ">\n已核对</textarea>" in page.text)
    page.confirmed = True
    assert 303 == await page.send(path, **typed)
