"""The store and the page of notifications: claims that never overlap, release, reports, gauges."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp.test_utils import TestClient
from prometheus_client import REGISTRY

from services.notifications.jobs import Deliveries
from services.notifications.providers.protocol import Call, Provider, Sms
from services.notifications.rules.messages import FINAL, Limits, Next, State
from services.notifications.store import claiming, messages, overview
from services.notifications.store.messages import Message
from shared import access, statements
from shared.access import Role
from shared.db import Connection, Database
from shared.vendors.outcomes import Accepted, Outcome
from tests.conftest import Clone
from tests.integration.notifications_desk import SEED, opened
from tests.integration.notifications_parts import (
    NOW,
    SEAL,
    THRIFT,
    WANTED,
    queue,
    rows,
    settlements,
    states,
    verified,
)
from tests.integration.staff_tab import Tab, somebody
from tests.vendors import SMS, report_path

SERVICE = "notifications"
PATH = report_path(SMS)
STEPS: dict[State, tuple[Next, ...]] = {
    "accepted": (Next("accepted", Limits().settle_after),),
    "unknown": (Next("unknown", Limits().settle_after),),
    "held": (Next("held", code="no_template"),),
    "delivered": (Next("delivered"),),
    "failed": (Next("failed", code="x"),),
    "lost": (Next("unknown", Limits().settle_after), Next("lost", code="no_word")),
}


class Slow(Provider):
    """A vendor that answers once everybody is there; it notes whom it was asked to write to."""

    name = "slow"

    def __init__(self, parties: int) -> None:
        self.sent: list[UUID] = []
        self.barrier = asyncio.Barrier(parties)

    async def send(self, sms: Sms) -> Outcome:
        """Taken, when all calls of both instances are under way."""
        self.sent.append(sms.message_id)
        async with asyncio.timeout(60):
            await self.barrier.wait()
        return Accepted("1", "x")

    async def ask(self, sms: Sms, call: Call) -> Outcome:
        """Never asked here."""
        raise NotImplementedError

    def read_report(self, body: bytes) -> list[str]:
        """Never reports here."""
        raise NotImplementedError


async def claimed(conn: Connection, limit: int = 1) -> list[Message]:
    """What is due, claimed for sending."""
    return await claiming.claim_queued(conn, limit, THRIFT.terms(SMS.name, NOW))


async def brought(conn: Connection, state: State) -> UUID:
    """A message of a new case that came to a state."""
    await WANTED.on_case_verified(conn, verified(uuid4()))
    [message] = await claimed(conn)
    for to in STEPS.get(state, ()):
        moved, _ = await messages.mark(conn, message, to)
        assert moved
        version = await conn.fetchval(
            "SELECT version FROM messages WHERE message_id = $1", message.message_id
        )
        message = Message(**{**vars(message), "version": version})
    return message.message_id


async def test_two_claims_at_once_share_nothing(database: Database) -> None:
    """Two open transactions take five each of ten messages, and no third finds any."""
    for _ in range(10):
        await queue(database)
    async with database.transaction() as one, database.transaction() as two:
        first, second = await claimed(one, 5), await claimed(two, 50)
        async with database.transaction() as three:
            assert [] == await claimed(three, 50)
    ids = {message.message_id for message in [*first, *second]}
    assert (5, 5, 10) == (len(first), len(second), len(ids))


async def test_a_claim_that_is_rolled_back_is_free_again(database: Database) -> None:
    """An instance that dies before its commit takes nothing with it, not even an attempt."""
    await queue(database)
    async with database.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        assert 1 == len(await claimed(conn))
        await transaction.rollback()
    async with database.transaction() as conn:
        [message] = await claimed(conn)
    assert (1, 2) == (message.attempt, message.version)


async def test_two_instances_write_to_nobody_twice(clone: Clone) -> None:
    """Both send at the same time, all forty calls under way at once: forty people, one SMS each."""
    url, vendor = await clone(SERVICE), Slow(40)
    pools = [await Database.connect(url, SERVICE, 22) for _ in range(2)]
    for pool in pools:
        # One after the other: to open forty at once takes longer than anybody waits for one.
        for one in [await pool.pool.acquire() for _ in range(22)]:
            await pool.pool.release(one)
    for _ in range(40):
        await queue(pools[0])
    twins = [Deliveries(pool, vendor, SEAL, Limits(), THRIFT) for pool in pools]

    async def send(one: Deliveries) -> int:
        # What the other has locked at that moment is left to the next run.
        while not (count := await one.send_queued()):
            pass
        return count

    assert [20, 20] == await asyncio.gather(*map(send, twins))
    assert (40, 40) == (len(vendor.sent), len(set(vendor.sent)))
    assert {"accepted"} == set(await states(pools[1]))
    for pool in pools:
        await pool.close()


async def test_questions_are_shared_too(database: Database) -> None:
    """Two at once ask about disjoint messages, and each question is counted once."""
    async with database.transaction() as conn:
        for _ in range(6):
            await brought(conn, "accepted")
        await conn.execute("UPDATE messages SET next_at = now()")
    async with database.transaction() as one, database.transaction() as two:
        first, second = (
            await messages.claim_queries(one, 3, SMS.name),
            await messages.claim_queries(two, 9, SMS.name),
        )
    assert (3, 3) == (len(first), len(second))
    assert set() == {m.message_id for m in first} & {m.message_id for m in second}
    assert [1] * 6 == [row["queries"] for row in await rows(database, "SELECT * FROM messages")]


async def test_the_longest_waiting_go_first(conn: Connection) -> None:
    """With room for two of four, those that have been due for longest are taken."""
    made = []
    for minutes in (1, 4, 3, 2):
        await WANTED.on_case_verified(conn, verified(case := uuid4()))
        made.append((minutes, case))
        await conn.execute(
            "UPDATE messages SET next_at = now() - make_interval(mins => $2) WHERE case_id = $1",
            case,
            minutes,
        )
    cases = {message.case_id for message in await claimed(conn, 2)}
    assert {case for minutes, case in made if minutes >= 3} == cases


@pytest.mark.parametrize("state", STEPS)
async def test_each_state_can_be_reached_and_is_told_in_the_history(
    conn: Connection, state: State
) -> None:
    """The row keeps its constraints and, for a while, its phone; the history ends so."""
    message_id = await brought(conn, state)
    row = await conn.fetchrow("SELECT * FROM messages WHERE message_id = $1", message_id)
    assert row is not None
    ended = state in FINAL
    assert (False, ended) == (row["phone_sealed"] is None, row["settled_at"] is not None)
    assert (ended or state == "held") == (row["next_at"] is None)
    history = await conn.fetch(
        "SELECT version, state FROM message_states WHERE message_id = $1 ORDER BY version",
        message_id,
    )
    assert list(range(1, len(history) + 1)) == [step["version"] for step in history]
    assert ["queued", "sending", state] == [
        *[h["state"] for h in history[:2]],
        history[-1]["state"],
    ]


async def test_whoever_was_overtaken_changes_nothing(conn: Connection) -> None:
    """Two answers to one call: the first counts, the second leaves no trace in the history."""
    await WANTED.on_case_verified(conn, verified(uuid4()))
    [message] = await claimed(conn)
    first = await messages.mark(conn, message, Next("delivered"))
    second = await messages.mark(conn, message, Next("failed", code="late"))
    assert (True, (False, None)) == (first[0], second)
    assert 3 == await conn.fetchval("SELECT count(*) FROM message_states")


async def test_a_hint_during_a_question_is_not_put_off(conn: Connection) -> None:
    """The vendor reported while it was asked: due at once, not after the back-off."""
    message_id = await brought(conn, "accepted")
    await conn.execute("UPDATE messages SET next_at = now()")
    [asked] = await messages.claim_queries(conn, 9, SMS.name)
    await overview.mark_hinted(conn, SMS.name, [str(message_id)])
    await messages.postpone(conn, asked, Next("accepted", Limits().give_up))
    assert await conn.fetchval("SELECT next_at <= now() FROM messages")


@pytest.mark.parametrize("state", [s for s in get_args(State) if s not in ("queued", "held")])
async def test_only_a_held_message_is_released(conn: Connection, state: State) -> None:
    """In every other state a release finds nothing to do, and nothing changes."""
    message_id = await brought(conn, state)
    before = await conn.fetch("SELECT * FROM messages")
    assert not await overview.mark_released(conn, message_id)
    assert not await overview.mark_released(conn, uuid4())
    assert before == await conn.fetch("SELECT * FROM messages")


async def test_a_released_message_is_sent_as_a_new_attempt(conn: Connection) -> None:
    """It keeps its history, and the release stands in it."""
    message_id = await brought(conn, "held")
    assert await overview.mark_released(conn, message_id)
    [message] = await claimed(conn)
    assert (message_id, 2, 0) == (message.message_id, message.attempt, message.repeats)
    codes = await conn.fetch("SELECT code FROM message_states ORDER BY version")
    assert [None, None, "no_template", "released", None] == [row["code"] for row in codes]


async def test_one_of_each_a_case_whatever_comes_again(conn: Connection) -> None:
    """The same purpose a second time queues nothing, and says so."""
    key = (uuid4(), uuid4())
    for number, purpose in enumerate(("thanks", "paid", "thanks", "paid")):
        amount = 2000 if purpose == "paid" else None
        message = messages.OfACase(uuid4(), *key, purpose, "s", None, amount)  # type: ignore[arg-type]
        added = await messages.add_message(conn, message, "t")
        assert (number < 2) == added


@pytest.mark.parametrize(("purpose", "amount"), [("paid", None), ("thanks", 2000), ("paid", 0)])
async def test_the_database_knows_what_a_message_needs(
    conn: Connection, purpose: Any, amount: int | None
) -> None:
    """News of a payment names an amount, thanks none, and nobody is told of nothing."""
    wrong = messages.OfACase(uuid4(), uuid4(), uuid4(), purpose, "s", None, amount)
    with pytest.raises(asyncpg.CheckViolationError):
        await messages.add_message(conn, wrong, "t")


@pytest.fixture
async def client(database: Database) -> AsyncIterator[TestClient[Any, Any]]:
    """The service as it is wired."""
    async with opened(database) as counter:
        yield counter.client


async def test_a_held_message_is_released_on_the_page(
    client: TestClient[Any, Any], database: Database
) -> None:
    """The administrator reads why it waits, sends it again, and finds the list empty."""
    async with database.transaction() as conn:
        message_id = await brought(conn, "held")
    page = Tab(client, SEED, somebody("system_admin"))
    assert (200, True) == (await page.get("/messages"), "no_template" in page.text)
    assert 303 == await page.send(f"/messages/{message_id}/release")
    await page.get(page.location)
    assert (set(), ["queued"]) == (page.forms, await states(database))


async def test_releasing_twice_is_told_on_the_page(
    client: TestClient[Any, Any], database: Database
) -> None:
    """A second person gets 409 with the reason above the unchanged list, a second click not."""
    async with database.transaction() as conn:
        message_id, other = await brought(conn, "held"), await brought(conn, "held")
    first, page = (
        Tab(client, SEED, somebody("system_admin", username=name)) for name in ("ann", "ben")
    )
    for tab in (first, page):
        await tab.get("/messages")
    form, path = first.text, f"/messages/{message_id}/release"
    clicks = [await first.send(path)]
    first.text = form
    clicks.append(await first.send(path))
    assert ([303, 303], 409) == (clicks, await page.send(path))
    assert (1, True) == (len(page.alerts), f"/messages/{other}/release" in page.text)


@pytest.mark.parametrize("role", access.MESSAGE_READERS)
async def test_readers_see_why_and_only_menders_release(
    client: TestClient[Any, Any], database: Database, role: Role
) -> None:
    """City and auditor see figures and reasons, no button, and a form of theirs is refused."""
    async with database.transaction() as conn:
        message_id = await brought(conn, "held")
    page = Tab(client, SEED, somebody(role))
    assert (200, True) == (await page.get("/messages"), "no_template" in page.text)
    mends = role in access.MESSAGE_MENDERS
    assert mends == ("release" in page.forms)
    status = await page.send(f"/messages/{message_id}/release")
    assert (303 if mends else 403, ["queued" if mends else "held"]) == (
        status,
        await states(database),
    )


async def test_others_see_no_messages(client: TestClient[Any, Any]) -> None:
    """A unit, a county, an approver and the leadership have no business with SMS."""
    for role in ("unit_operator", "county_supervisor", "reward_approver", "leadership"):
        page = Tab(client, SEED, somebody(role))
        assert [403, 403] == [await page.get("/"), await page.get("/messages")], role


async def test_forms_from_elsewhere_and_addresses_that_are_none(
    client: TestClient[Any, Any], database: Database
) -> None:
    """Without the session's token 403, to no message of ours 409, to no id at all 404."""
    async with database.transaction() as conn:
        message_id = await brought(conn, "held")
    page = Tab(client, SEED, somebody("system_admin"))
    await page.get("/messages")
    form, answers = page.text, []
    for path, token in ((message_id, "0" * 64), (uuid4(), None), ("nonsense", None), ("%00", None)):
        page.text = form
        answers.append(await page.send(f"/messages/{path}/release", token))
    assert ([403, 409, 404, 404], ["held"]) == (answers, await states(database))


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
async def test_the_page_speaks_both_languages(
    client: TestClient[Any, Any], database: Database, language: str, tag: str
) -> None:
    """With one message in every state: no key instead of a text, and the figures are there."""
    async with database.transaction() as conn:
        for state in STEPS:
            await brought(conn, state)
    page = Tab(client, SEED, somebody("auditor"), language)
    assert (200, True) == (await page.get("/messages"), f'lang="{tag}"' in page.text)
    assert [] == [word for word in ("sms_", "purpose_", "held_none") if word in page.text]
    token = {"Authorization": f"Bearer {statements.issue(somebody('auditor'), SEED)}"}
    async with client.get("/api/v1/figures", headers=token) as response:
        figures = await response.json()
    assert (2, 1, 1, 2, 1, 0) == tuple(
        figures[name]
        for name in ("thanks", "thanks_delivered", "failed", "unknown", "held", "queued")
    )


async def test_one_report_about_many_makes_each_due(
    client: TestClient[Any, Any], database: Database
) -> None:
    """Ours that are open are asked about now; ended ones, strangers and nonsense change nothing."""
    async with database.transaction() as conn:
        due = [await brought(conn, state) for state in ("accepted", "unknown")]
        ended = [await brought(conn, state) for state in ("delivered", "failed", "held")]
    before = await rows(database, "SELECT * FROM messages WHERE NOT message_id = ANY($1)", due)
    told = [*map(str, due), *map(str, ended), str(uuid4()), "nonsense", str(due[0])]
    body = json.dumps([line for ref in told for line in SMS.customer.report(ref)])
    async with client.post(PATH, data=body) as response:
        assert 200 == response.status
    sql = "SELECT next_at <= now() AS due FROM messages WHERE message_id = ANY($1)"
    assert [True, True] == [row["due"] for row in await rows(database, sql, due)]
    after = await rows(database, "SELECT * FROM messages WHERE NOT message_id = ANY($1)", due)
    assert before == after
    assert [] == await settlements(database)


async def test_the_gauges_forget_what_is_no_more(database: Database) -> None:
    """A state that every message has left is not shown with its last number."""

    def shown(state: str) -> float | None:
        labels = {"purpose": "thanks", "state": state}
        return REGISTRY.get_sample_value("mashang_sms_messages", labels)

    deliveries = Deliveries(database, Slow(1), SEAL, Limits(), THRIFT)
    async with database.transaction() as conn:
        message_id = await brought(conn, "held")
    await deliveries.observe()
    assert (1, None) == (shown("held"), shown("queued"))
    async with database.transaction() as conn:
        await overview.mark_released(conn, message_id)
    await deliveries.observe()
    assert (None, 1) == (shown("held"), shown("queued"))


@pytest.mark.parametrize(("language", "said"), [("zh", "新短信占比"), ("en", "Share of new SMS")])
async def test_the_page_shows_whose_share_has_moved(
    client: TestClient[Any, Any], database: Database, language: str, said: str
) -> None:
    """With several vendors, where they stand and where they rest; of a single one nothing."""
    page = Tab(client, SEED, somebody("auditor"), language)
    await page.get("/messages")
    assert said not in page.text
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO vendor_shares VALUES ('a', 40, 50), ('b', 60, 50)")
    await page.get("/messages")
    assert (True, True, True) == (said in page.text, "40%" in page.text, "60%" in page.text)
