"""Statements of vendors taken in: all rows or none, and what they say against us is asked about."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from deploy.sandbox.customer import Client
from services.rewards import commands
from services.rewards.commands import Imported, import_statement
from services.rewards.providers.protocol import NotAStatement, Statement, StatementRow
from services.rewards.providers.registry import ADAPTERS
from services.rewards.rules.payouts import Reward
from services.rewards.store import orders
from shared.db import Connection
from shared.errors import Misconfigured
from tests.conftest import Clone, leashed
from tests.integration.test_rewards_decisions import advance, hear, verified
from tests.vendors import AIRTIME, order

SERVICE = "rewards"
DAY = date(2026, 3, 3)
OPENED = datetime(2026, 3, 2, 16, tzinfo=UTC)
WEEK = timedelta(days=7)


def of_day(rows: Sequence[StatementRow] = (), later: int = 0) -> Statement:
    """A statement of some day, as an adapter read it."""
    opened = OPENED + timedelta(days=later)
    closed = opened + timedelta(days=1)
    return Statement(DAY + timedelta(days=later), opened, closed, tuple(rows))


def row(order_id: str, outcome: str = "paid") -> StatementRow:
    """The vendor paid 20 yuan, or took them back."""
    word: Literal["paid", "reversed"] = "paid" if outcome == "paid" else "reversed"
    return StatementRow(order_id, word, "7", "6020", 2000, OPENED)


async def take(conn: Connection, monkeypatch: pytest.MonkeyPatch, statement: Statement) -> Imported:
    """Take in what an adapter read."""
    monkeypatch.setattr(ADAPTERS[AIRTIME.name], "read_statement", lambda *_: statement)
    return await import_statement(conn, AIRTIME.name, b"")


async def lost(conn: Connection) -> Reward:
    """An order of that week's beginning whose fate nobody knows."""
    reward = await hear(conn, verified())
    assert reward is not None
    lost = await advance(conn, reward, "leased", "lost")
    await conn.execute("UPDATE orders SET opened_at = $1", OPENED + timedelta(hours=1))
    await conn.execute("UPDATE rewards SET sent_at = $1", OPENED + timedelta(hours=2))
    await conn.execute("UPDATE rewards SET act_at = now() + interval '1 hour'")
    return (await hear(conn, verified(case_id=reward.case_id))) or lost


async def test_a_write_off_needs_the_statement_of_every_day(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first sending to the end of the window; one day that is missing is enough."""
    reward = await lost(conn)
    for later in (0, 1, 2, 3, 5, 6, 7):
        await take(conn, monkeypatch, of_day(later=later))
        assert not (await orders.get_evidence(conn, reward, WEEK)).covered
    await take(conn, monkeypatch, of_day(later=4))
    evidence = await orders.get_evidence(conn, reward, WEEK)
    assert (True, False) == (evidence.covered, evidence.listed)


async def test_statements_of_another_vendor_prove_nothing(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order belongs to the vendor with which it was made."""
    reward = await lost(conn)
    for later in range(8):
        await take(conn, monkeypatch, of_day([row(reward.order_id)], later))
    await conn.execute("UPDATE orders SET vendor = 'another'")
    evidence = await orders.get_evidence(conn, reward, WEEK)
    assert (False, False) == (evidence.covered, evidence.listed)


async def test_an_order_on_a_statement_is_listed_and_asked_about(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We do not know what became of it, the vendor says paid (by another product): it is due."""
    reward = await lost(conn)
    done = await take(conn, monkeypatch, of_day([row(reward.order_id), row("strange-1")]))
    assert (2, 2, 1, 2) == (done.rows, done.added, done.strange, done.mismatches)
    assert (await orders.get_evidence(conn, reward, WEEK)).listed
    assert await conn.fetchval("SELECT act_at <= mashang_now() FROM rewards")


@pytest.mark.parametrize(
    ("steps", "outcome", "asked"),
    [
        (("leased", "rejected"), "paid", True),
        (("leased", "paid"), "paid", False),
        (("leased", "paid"), "reversed", True),
        (("leased", "paid", "reversed"), "reversed", False),
        (("leased", "accepted"), "paid", True),
    ],
)
async def test_what_a_statement_says_against_us_is_asked_about(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, steps: tuple[str, ...], outcome: str,
    asked: bool,
) -> None:  # fmt: skip
    """Also about an order that was closed as failed; where both agree there is no question."""
    reward = await hear(conn, verified())
    assert reward is not None
    moved = await advance(conn, reward, *steps)  # type: ignore[arg-type]
    await conn.execute("UPDATE rewards SET act_at = act_at + interval '1 hour'")
    await take(conn, monkeypatch, of_day([row(moved.order_id, outcome)]))
    due = await conn.fetchval(
        "SELECT coalesce(ask_at, act_at) <= mashang_now() FROM rewards JOIN orders"
        " ON id = reward_id"
    )
    assert asked == bool(due)


async def test_a_later_file_of_the_day_adds_and_takes_nothing_back(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that was listed once stays listed."""
    reward = await lost(conn)
    await take(conn, monkeypatch, of_day([row(reward.order_id)]))
    again = await take(conn, monkeypatch, of_day([row("strange-1")]))
    assert (1, 1) == (again.rows, again.added)
    assert (await orders.get_evidence(conn, reward, WEEK)).listed


async def test_a_day_that_is_not_over_is_not_closed(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tomorrow it could hold more, so today it proves nothing, and is refused."""
    today = replace_day(datetime.now(UTC))
    with pytest.raises(NotAStatement, match="not over"):
        await take(conn, monkeypatch, today)
    assert 0 == await conn.fetchval("SELECT count(*) FROM statements")


def replace_day(now: datetime) -> Statement:
    """A statement of the day around this moment."""
    return Statement(now.date(), now - timedelta(hours=1), now + timedelta(hours=23), ())


async def test_a_vendor_that_nobody_knows_is_one_line(conn: Connection) -> None:
    """It names those that are known."""
    with pytest.raises(Misconfigured, match="no vendor 'nobody'; known: "):
        await commands.import_statement(conn, "nobody", b"")


async def test_the_vendors_own_export_is_taken_in(
    conn: Connection, client: Client, tmp_path: Path
) -> None:
    """What the sandbox writes of its book, the adapter reads: every payment of the day."""
    for number in range(3):
        await order(client, f"abcdefgh{number}", f"+861380000{number}088")
    for _ in range(200):
        book = (await client.book(vendor=AIRTIME.name))["airtime"]
        if book["paid_count"] == 3:
            break
        await asyncio.sleep(0.02)
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    path = f"/admin/statement?vendor={AIRTIME.name}&day={today}"
    _, text = await client.call("GET", path)
    read = ADAPTERS[AIRTIME.name].read_statement(str(text).encode(), None)
    assert {f"abcdefgh{n}" for n in range(3)} == {found.order_id for found in read.rows}
    assert (today, {2000}) == (read.day, {found.amount_fen for found in read.rows})


async def mashang(
    url: str, *arguments: str, command: Sequence[str] = ("statement", "import")
) -> tuple[int, str, str]:
    """The command as a person calls it."""
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "deploy.cli"), *command, *arguments,
        env={"DATABASE_URL_REWARDS": url, "PATH": ""}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command(clone: Clone, tmp_path: Path) -> None:
    """A day is taken in and said in a line; a bad file names its line, and nothing is stored."""
    url, file = await clone(SERVICE), tmp_path / "day.csv"
    columns = "transaction_id,external_id,time,status,product_id,mobile_number,amount,currency"
    good = "5,abcdefgh,2026-03-03 10:00:00,COMPLETED,6020,+8613800000088,20.00,CNY"
    file.write_text(f"{columns}\n{good}\n{good.replace('20.00', 'much')}\n")
    code, _, err = await mashang(url, str(file), "--vendor", AIRTIME.name)
    assert (1, True) == (code, "line 3, amount: not an amount in yuan, to the fen" in err)
    file.write_text(f"{columns}\n{good}\n")
    code, out, err = await mashang(url, str(file), "--vendor", AIRTIME.name)
    strange = "1 rows, 1 of them new; 1 of them are no orders of ours; 1 mismatches to settle"
    strange += ", on the rewards' page"
    assert (0, f"{AIRTIME.name} 2026-03-03: {strange}\n", "") == (code, out, err)
