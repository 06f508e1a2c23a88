"""Statements beside the ledger on a real database: runs, stops, what is read and what refused."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from prometheus_client import REGISTRY

from deploy.sandbox import statement
from services.rewards import fetching, jobs
from services.rewards.commands import Imported, import_statement
from services.rewards.fetching import Fetching
from services.rewards.providers.protocol import NotAStatement, StatementRow
from services.rewards.providers.registry import ADAPTERS
from services.rewards.rebinding import Rebinding
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import reconciliations, rewards, stops
from services.rewards.watching import observe_books
from shared.db import Connection, Database
from tests import support
from tests.conftest import Clone
from tests.integration.test_ledger import all_hold, balances
from tests.integration.test_rewards_decisions import POLICIES, SEAL, hear, verified
from tests.integration.test_rewards_mismatches import other, paid
from tests.integration.test_rewards_statements import DAY, OPENED, mashang, of_day, row, take
from tests.vendors import AIRTIME, confirmed, lease

SERVICE = "rewards"
read = ADAPTERS[AIRTIME.name].read_statement
COLUMNS = ",".join(statement.COLUMNS)
LINE = "5,{order},2026-03-03 19:00:00,COMPLETED,p-1,+8613800000088,20.00,CNY"


def line(reward: Reward) -> StatementRow:
    """The payment as the vendor's statement has it."""
    return replace(other(row(reward.order_id), product="p-1"), at=OPENED + timedelta(hours=11))


async def kinds(conn: Connection, run: int) -> list[str]:
    """What a run found."""
    return [one["kind"] for one in await reconciliations.list_differences(conn, run, 99)]


async def test_where_both_agree_a_run_is_clean(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sums stand there, nothing is stopped, and the ledger is as it was."""
    reward = await paid(conn)
    before = await balances(conn)
    told = replace(of_day([line(reward)]), opening_fen=5000, closing_fen=3000)
    done = await take(conn, monkeypatch, told)
    run = await reconciliations.get(conn, done.run)
    assert run is not None
    assert (0, 2000, 0, 5000, 3000) == (
        run["differences"], run["paid_fen"], run["refunded_fen"], run["opening_fen"],
        run["closing_fen"],
    )  # fmt: skip
    assert [] == await stops.list_standing(conn)
    assert before == await balances(conn)
    await all_hold(conn)


@pytest.mark.parametrize(
    ("steps", "changes", "found"),
    [
        (("leased", "lost"), {}, ["missing_here"]),
        (("leased", "rejected"), {}, ["state"]),
        (("leased", "paid"), {"outcome": "reversed"}, ["state", "missing_there"]),
        (("leased", "paid"), {"amount_fen": 5000}, ["amount"]),
        (("leased", "paid"), {"product": "6050"}, ["product"]),
        (("leased", "paid"), {"at": OPENED + timedelta(hours=19)}, ["wrong_day"]),
    ],
)
async def test_each_difference_has_its_kind(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, steps: tuple[str, ...],
    changes: dict[str, Any], found: list[str],
) -> None:  # fmt: skip
    """As the ledger has it, and with what either side says."""
    reward = await paid(conn, *steps)
    done = await take(conn, monkeypatch, of_day([replace(line(reward), **changes)]))
    assert found == await kinds(conn, done.run)


async def test_what_the_vendor_leaves_out_is_missing_there(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its wallet, which does not begin as it ended, does not add up."""
    await paid(conn)
    await take(conn, monkeypatch, replace(of_day(), opening_fen=7000, closing_fen=7000))
    done = await take(
        conn, monkeypatch, replace(of_day(later=1), opening_fen=5000, closing_fen=5001)
    )
    assert ["balance", "balance"] == await kinds(conn, done.run)
    runs = await reconciliations.list_page(conn, None, None, "differing", 9)
    assert [["balance", "balance"], ["missing_there"]] == [
        await kinds(conn, run["run_id"]) for run in runs
    ]


async def test_the_same_statement_twice_changes_nothing(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run, its stop is not renewed, and it says that it is the same."""
    told = of_day([row("strange1")])
    first = await take(conn, monkeypatch, told)
    again = await take(conn, monkeypatch, told)
    assert (False, True, first.run) == (first.again, again.again, again.run)
    assert 1 == len(await reconciliations.list_page(conn, None, AIRTIME.name, "all", 9))
    assert 1 == len(await stops.list_standing(conn))


async def ready(conn: Connection) -> None:
    """A reward that waits to be sent."""
    reward = await hear(conn, verified())
    assert reward is not None


def payouts(database: Database) -> jobs.Payouts:
    """The work, with a vendor that is never called."""
    told = {"name": AIRTIME.name, "products": {"p-1": 2000}, "by_network": False}
    vendor: Any = type("Vendor", (), told)()
    return jobs.Payouts(
        database, [vendor], SEAL, Pace(), [confirmed(vendor)], Rebinding(POLICIES, SEAL)
    )


async def test_an_order_that_we_have_not_stops_the_vendor(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loudly: nothing is leased for it, the gauge and readiness say so."""
    async with database.transaction() as conn:
        await ready(conn)
        done = await take(conn, monkeypatch, of_day([row("strange1")]))
        assert ["unknown_order"] == await kinds(conn, done.run)
    assert [] == await lease(payouts(database))
    with support.captured_logs() as logs:
        assert [1, 1] == [await observe_books(database, before) for before in (0, 1)]
    assert ["payouts stopped"] == [e["event"] for e in logs if e["log_level"] == "error"]
    assert 1 == REGISTRY.get_sample_value("mashang_airtime_stops")
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO vendor_stop_lifts VALUES ($1, 'ann', 'x', NULL, now()),"
            " ($1, 'ben', 'y', NULL, now())", done.run,
        )  # fmt: skip
    assert 1 == len(await lease(payouts(database)))


async def test_two_instances_take_one_statement_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the same moment: one run, whoever was first."""
    monkeypatch.setattr(
        "services.rewards.commands.ADAPTERS",
        {AIRTIME.name: type("A", (), {"read_statement": lambda *_: of_day([row("strange1")])})},
    )

    async def one() -> Imported:
        async with database.transaction() as conn:
            return await import_statement(conn, AIRTIME.name, b"")

    done = await asyncio.gather(one(), one(), one())
    assert 1 == len({each.run for each in done})
    assert 2 == sum(each.again for each in done)


async def test_another_vendors_statement_is_refused(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its orders were made elsewhere: nothing is stored, and the other vendor is named."""
    reward = await paid(conn)
    await conn.execute("UPDATE orders SET vendor = 'another'")
    with pytest.raises(NotAStatement, match="were made at another"):
        await take(conn, monkeypatch, of_day([line(reward)]))
    assert 0 == await conn.fetchval("SELECT count(*) FROM statements")


async def test_what_was_never_booked_is_booked_first(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance of before paid without the ledger: it catches up, and both agree."""
    reward = await paid(conn, "leased", "lost")
    await conn.execute("UPDATE orders SET outcome = 'paid', closed_at = $1",
                       OPENED + timedelta(hours=11))  # fmt: skip
    now = await rewards.get_now(conn)
    await conn.execute("UPDATE rewards SET state = 'paid', unknown_at = NULL, paid_at = $1", now)
    done = await take(conn, monkeypatch, of_day([line(reward)]))
    assert [] == await kinds(conn, done.run)
    assert {("wallet", AIRTIME.name): -2000, ("paid", AIRTIME.name): 2000} == await balances(conn)


def workbook(lines: Sequence[str]) -> bytes:
    """The same cells in a workbook, as Excel keeps them: numbers are numbers, times are times."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for n, text in enumerate(lines):
        cells: list[Any] = text.split(",")
        if n:
            cells[2], cells[6] = datetime.fromisoformat(cells[2]), float(cells[6])
        sheet.append(cells)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


LINES = [COLUMNS, LINE.format(order="abcdefgh"), LINE.format(order="abcdefgi")]
TEXT = "\r\n".join(LINES)
FORMS = {
    "UTF-8": TEXT.encode(), "with its mark": TEXT.encode("utf-8-sig"),
    "GBK": TEXT.replace("p-1", "话费").encode("gbk"),
    "UTF-16": TEXT.encode("utf-16"), "semicolons": TEXT.replace(",", ";").encode(),
    "quoted": TEXT.replace("abcdefgh", '"abcdefgh"').encode(), "XLSX": workbook(LINES),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_statement_is_read_however_it_was_saved(form: str) -> None:
    """Always the same rows, of the same day."""
    found = read(FORMS[form], None)
    assert (DAY, ["abcdefgh", "abcdefgi"]) == (found.day, [r.order_id for r in found.rows])
    assert {(2000, OPENED + timedelta(hours=19))} == {(r.amount_fen, r.at) for r in found.rows}


def test_the_product_in_gbk_is_read_as_it_was_written() -> None:
    """Not as the letters that its bytes would be elsewhere."""
    assert {"话费"} == {r.product for r in read(FORMS["GBK"], None).rows}


BROKEN = {
    "20.00,CNY": ("much,CNY", r"line 3: amount: not an amount"),
    "20.00,": ("-20.00,", "line 3: amount: should be positive"),
    "COMPLETED": ("DONE", "line 3: status: not one of"),
    "2026-03-03": ("2026-03-04", "line 3: time: not on 2026-03-03"),
    "19:00:00": ("25:00:00", "line 3: time: should be as"),
    "5,abc": (",abc", "line 3: transaction_id: not an id"),
    "CNY": ("EUR", "line 3: currency: not CNY"),
    ",+86": (",x,y,+86", "line 3: "),
}


@pytest.mark.parametrize("was", BROKEN)
def test_a_broken_row_is_named_with_its_column(was: str) -> None:
    """The second order's row; as CSV and as XLSX alike, and the good one is not taken either."""
    becomes, why = BROKEN[was]
    broken = LINES[2].replace(was, becomes, 1)
    with pytest.raises(NotAStatement, match=why):
        read("\n".join([*LINES[:2], broken]).encode(), None)


@pytest.mark.parametrize(
    ("raw", "day", "why"),
    [
        (b"", None, "columns should be"), (b"a,b\n1,2", None, "columns should be"),
        (COLUMNS.encode(), None, "say which day"), (TEXT.encode(), date(2026, 3, 4), "not on"),
        (b"PK\x03\x04 no workbook", None, "line 1"), (b"\xff\xfe\xff", None, "line 1"),
    ],
)  # fmt: skip
def test_what_is_no_such_statement_is_refused(raw: bytes, day: date | None, why: str) -> None:
    """An empty file, other columns, no day, the wrong day, a broken workbook, broken characters."""
    with pytest.raises(NotAStatement, match=why):
        read(raw, day)


class HandsOut:
    """A vendor that hands its statements out, or does not."""

    name, hands_out = AIRTIME.name, True

    def __init__(self, raw: bytes | None) -> None:
        self.raw, self.asked = raw, list[date]()

    async def fetch_statement(self, day: date) -> bytes | None:
        """Noted."""
        self.asked.append(day)
        return self.raw


async def test_each_of_the_last_days_is_asked_for_once_an_hour(database: Database) -> None:
    """Eight rounds of two instances ask for eight days, each once; then nothing is due."""
    vendor: Any = HandsOut(None)
    looks = [Fetching(database, [vendor]) for _ in range(2)]
    for _ in range(8):
        await asyncio.gather(*(look.run() for look in looks))
    last = (datetime.now(UTC) + timedelta(hours=8) - fetching.AFTER).date() - timedelta(days=1)
    assert sorted(last - timedelta(days=n) for n in range(8)) == sorted(vendor.asked)


async def test_what_is_handed_out_is_taken_in_by_itself(database: Database) -> None:
    """As a run of the vendor's; an unreadable one is told and changes nothing."""
    day = (datetime.now(UTC) + timedelta(hours=8) - fetching.AFTER).date() - timedelta(days=8)
    text = TEXT.replace("2026-03-03", day.isoformat()).encode()
    good: Any = HandsOut(text)
    assert 1 == await Fetching(database, [good]).run()
    bad: Any = HandsOut(b"nonsense")
    with support.captured_logs() as logs:
        assert 1 == await Fetching(database, [bad]).run()
    assert ["statement unreadable"] == [e["event"] for e in logs if e["log_level"] == "error"]
    async with database.acquire() as conn:
        (run,) = await reconciliations.list_page(conn, None, None, "all", 9)
        said = await conn.fetch("SELECT said FROM statement_fetches ORDER BY day")
    assert (day, "vendor", "system", 2) == (run["day"], run["source"], run["actor"], run["unknown"])
    assert ["taken", "unreadable"] == [row["said"] for row in said]


async def test_what_no_program_is_handed_is_for_a_person(database: Database) -> None:
    """It is not asked; each of the days is noted, a day long once, and listed until it is there."""
    vendor: Any = HandsOut(b"")
    vendor.hands_out = False
    with support.captured_logs() as logs:
        assert [0] * 9 == [await Fetching(database, [vendor]).run() for _ in range(9)]
    assert [] == vendor.asked
    assert ["statement to upload"] * 8 == [e["event"] for e in logs]
    last = (datetime.now(UTC) + timedelta(hours=8) - fetching.AFTER).date() - timedelta(days=1)
    text = TEXT.replace("2026-03-03", last.isoformat()).encode()
    async with database.transaction() as conn:
        await import_statement(conn, vendor.name, text)
        lacking = await reconciliations.list_lacking(conn, [vendor.name], last - timedelta(days=9))
        assert [] == await reconciliations.list_lacking(conn, ["another"], last)
    assert [last - timedelta(days=n) for n in range(7, 0, -1)] == [one["day"] for one in lacking]
    assert {"upload"} == {one["said"] for one in lacking}


async def test_the_command_says_each_difference(clone: Clone, tmp_path: Path) -> None:
    """A line each and the end is 1; the same file again says so; a workbook is read as well."""
    url, file = await clone(SERVICE), tmp_path / "day.xlsx"
    file.write_bytes(workbook([*LINES[:2], LINES[2].replace("20.00", "-20")]))
    code, out, err = await mashang(url, str(file), "--vendor", AIRTIME.name, command=("reconcile",))
    assert (1, "", True) == (code, out, "line 3, amount: should be positive" in err)
    file.write_bytes(workbook(LINES))
    for again in ("", "; taken in before"):
        code, out, err = await mashang(
            url, str(file), "--vendor", AIRTIME.name, command=("reconcile",)
        )
        *told, last, stopped = out.splitlines()
        assert stopped.startswith(f"nothing is paid through {AIRTIME.name}")
        assert (1, "") == (code, err)
        assert ["unknown_order abcdefgh", "unknown_order abcdefgi"] == [t[:22] for t in told]
        assert f"{AIRTIME.name} 2026-03-03, run 1: 2 rows, 2 differences{again}" == last
