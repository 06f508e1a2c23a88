"""The books for people and programs: statements, stops, the ledger, closed months."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from services.rewards import books, closing
from services.rewards.commands import check_close
from services.rewards.store import closes, ledger, rewards
from shared import statements
from shared.db import Database
from shared.values import clock
from shared.values.notes import Signer, keys_in
from tests.integration.rewards_desk import ANN, BEN, SEED, Desk, opened, token
from tests.integration.staff_tab import Tab, somebody
from tests.integration.test_access_matrix import RUN
from tests.integration.test_rewards_decisions import advance, hear, verified
from tests.vendors import AIRTIME

SERVICE = "rewards"
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def stopped(desk: Desk) -> int:
    """A run that stopped a vendor."""
    async with desk.database.transaction() as conn:
        return int(await conn.fetchval(RUN))


async def test_an_empty_book_says_so(desk: Desk) -> None:
    """Lists without rows, no balance, no month to close; what is not there is 404."""
    assert (200, {"runs": [], "stops": [], "lacking": [], "next": None}) == await desk.get(
        "/api/v1/reconciliations"
    )
    assert (200, {"balances": [], "postings": [], "next": None}) == await desk.get("/api/v1/ledger")
    assert (200, {"closes": [], "open_month": None, "due": False}) == await desk.get(
        "/api/v1/closes"
    )
    far = "9" * 30
    for path in ("reconciliations/7", "ledger/7", "closes/2026/7", f"reconciliations/{far}",
                 f"ledger/{far}", f"closes/{far}/1", f"closes/1/{far}"):  # fmt: skip
        assert 404 == (await desk.get(f"/api/v1/{path}"))[0]


async def test_a_stop_is_lifted_by_two(desk: Desk) -> None:
    """Not by one who signs twice, not a second time, and never without a reason."""
    path = f"/api/v1/reconciliations/{await stopped(desk)}/lifts"
    status, run = await desk.post(path, {"note": "asked the vendor"}, ANN)
    assert (200, True, [ANN]) == (status, run["stopped"], [one["username"] for one in run["lifts"]])
    assert 409 == (await desk.post(path, {"note": "again"}, ANN))[0]
    assert 422 == (await desk.post(path, {"note": " "}, BEN))[0]
    status, run = await desk.post(path, {"note": "their mistake"}, BEN)
    assert (200, False) == (status, run["stopped"])
    assert 409 == (await desk.post(path, {"note": "late"}, "cyd"))[0]


async def test_a_later_clean_run_needs_one_person(desk: Desk) -> None:
    """It is named; a later run that is not clean would not do."""
    first = await stopped(desk)
    await stopped(desk)
    path = f"/api/v1/reconciliations/{first}/lifts"
    assert (await desk.post(path, {"note": "x"}, ANN))[1]["stopped"]
    async with desk.database.transaction() as conn:
        clean = await conn.fetchval(
            """INSERT INTO reconciliations (vendor, day, source, digest, actor, rows, paid_fen,
                   refunded_fen, topped_up_fen, differences, unknown, made_at)
               VALUES ('elsewhere', '2026-03-04', 'file', 'd', 'x', 0, 0, 0, 0, 0, 0, now())
               RETURNING run_id"""
        )
    _, run = await desk.post(path, {"note": "corrected"}, BEN)
    assert (False, clean) == (run["stopped"], run["lifts"][-1]["clean_run"])


@pytest.mark.parametrize("role", ["unit_operator", "system_admin"])
async def test_others_see_no_books(desk: Desk, role: Any) -> None:
    """Neither the list nor one of them."""
    for path in ("reconciliations", "ledger", "closes"):
        assert 403 == (await desk.get(f"/api/v1/{path}", **token("x", role)))[0]


async def test_who_only_reads_changes_nothing(desk: Desk) -> None:
    """An auditor sees all of it and has no form and no act."""
    path = f"/api/v1/reconciliations/{await stopped(desk)}"
    assert 200 == (await desk.get(path, **token("x", "auditor")))[0]
    async with desk.client.post(
        f"{path}/lifts", json={"note": "x"}, headers=token("x", "auditor")
    ) as answer:
        assert 403 == answer.status


async def test_below_the_root_nobody_sees_the_books(desk: Desk) -> None:
    """They are no unit's: refused, and runs are not even listed."""
    run_id = await stopped(desk)
    told = statements.issue(somebody("reward_approver", "u"), SEED)
    somewhere = {"Authorization": f"Bearer {told}"}
    assert 403 == (await desk.get("/api/v1/ledger", **somewhere))[0]
    assert (200, []) == (
        (found := await desk.get("/api/v1/reconciliations", **somewhere))[0], found[1]["runs"],
    )  # fmt: skip
    assert 404 == (await desk.get(f"/api/v1/reconciliations/{run_id}", **somewhere))[0]


async def test_a_top_up_is_booked_and_turned_round(desk: Desk) -> None:
    """Once each, with a reason; a day to come, another vendor or no amount is refused by field."""
    good = {"vendor": AIRTIME.name, "yuan": "1,000.50", "day": "2026-03-03", "note": "transfer"}
    status, made = await desk.post("/api/v1/ledger/top-ups", good, ANN)
    assert (200, [100050, -100050]) == (status, [one["fen"] for one in made["entries"]])
    for field, wrong in (("vendor", "nobody"), ("day", "2999-01-01"), ("yuan", "-1"),
                         ("yuan", "much"), ("yuan", "1e999999999"), ("note", "")):  # fmt: skip
        status, problem = await desk.post("/api/v1/ledger/top-ups", good | {field: wrong}, ANN)
        assert (422, field) == (status, problem["errors"][0]["field"]), problem
    path = f"/api/v1/ledger/{made['posting_no']}/reversal"
    status, back = await desk.post(path, {"note": "typed twice"}, BEN)
    assert (200, made["posting_no"]) == (status, back["reverses"])
    assert 409 == (await desk.post(path, {"note": "again"}, BEN))[0]
    _, book = await desk.get("/api/v1/ledger")
    assert {0} == {one["fen"] for one in book["balances"]}


async def a_past_month(desk: Desk) -> None:
    """Money of January 2020: 100 yuan in, a payment, a reversal, one written off."""
    async with desk.database.transaction() as conn:
        now = await rewards.get_now(conn)
        await books.top_up(conn, AIRTIME.name, 10_000, LONG_AGO, now, ANN, "x")
        for steps in (("leased", "paid"), ("leased", "paid", "reversed"),
                      ("leased", "lost", "written_off"), ("leased", "lost")):  # fmt: skip
            reward = await hear(conn, verified())
            assert reward is not None
            await advance(conn, reward, *steps)
        # As if it had been then; only the owner could, so it is added anew.
        await ledger.add_up(conn, 1000)
        await conn.execute("UPDATE ledger_turnover SET month = '2020-01-01' WHERE vendor <> ''")


async def test_a_month_is_closed_once_in_its_order(desk: Desk) -> None:
    """By name, with sums that add up; not the present one, not one in between, not twice."""
    await a_past_month(desk)
    _, listed = await desk.get("/api/v1/closes")
    assert ("2020-01-01", True) == (listed["open_month"], listed["due"])
    assert 409 == (await desk.post("/api/v1/closes", {"month": "2020-02-01"}, ANN))[0]
    status, done = await desk.post("/api/v1/closes", {"month": "2020-01-01"}, ANN)
    assert 200 == status, done
    (row,) = done["vendors"]
    assert {"vendor": AIRTIME.name, "opening_fen": 0, "topped_up_fen": 10_000, "paid_fen": 4000,
            "reversed_fen": 2000, "written_off_fen": 2000, "suspense_fen": 2000,
            "closing_fen": 8000} == row  # fmt: skip
    assert 409 == (await desk.post("/api/v1/closes", {"month": "2020-01-01"}, BEN))[0]
    assert "2020-02-01" == (await desk.get("/api/v1/closes"))[1]["open_month"]
    # The present month is not over, and neither is one that ended less than an hour ago.
    now = datetime.now(UTC)
    assert not closing._is_over(clock.service_day(now).replace(day=1), now)
    assert not closing._is_over(date(2020, 1, 1), clock.end_of_day(date(2020, 1, 31)))
    assert closing._is_over(
        date(2020, 1, 1), clock.end_of_day(date(2020, 1, 31)) + timedelta(hours=1)
    )


async def test_what_belongs_to_a_closed_month_goes_to_the_next(desk: Desk) -> None:
    """A top-up that is found out late is of February, and names January."""
    await a_past_month(desk)
    await desk.post("/api/v1/closes", {"month": "2020-01-01"}, ANN)
    late = {"vendor": AIRTIME.name, "yuan": "5.00", "day": "2020-01-07", "note": "found late"}
    _, made = await desk.post("/api/v1/ledger/top-ups", late, ANN)
    assert ("2020-02-01", "2020-01-01") == (made["month"], made["for_month"])
    async with desk.database.acquire() as conn:
        (signed,) = await closes.list_newest(conn)
    assert 8000 == signed.rows["vendors"][0]["closing_fen"]


async def test_a_closed_month_is_a_document_and_a_sheet(desk: Desk) -> None:
    """Numbered, signed by name, with the sums and their check sum; the sheet has no formula."""
    await a_past_month(desk)
    _, done = await desk.post("/api/v1/closes", {"month": "2020-01-01"}, ANN)
    address = f"/closes/{done['year']}/{done['number']}"
    tab = Tab(desk.client, SEED, somebody("auditor"))
    assert 200 == await tab.get(address)
    sums = ("支付40.00", "退回20.00", "核销20.00")
    for told in (done["ref"], "2020年1月", ANN, *sums, done["digest"]):
        assert told in tab.text
    async with desk.client.get(f"{address}/paper.pdf", headers=tab.headers) as answer:
        assert (200, b"%PDF-") == (answer.status, (await answer.read())[:5])
    async with desk.client.get(f"{address}/sums.xlsx", headers=tab.headers) as answer:
        sheet = load_workbook(BytesIO(await answer.read())).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert (AIRTIME.name, 0, 100, 40, 20, 20, 20, 80) == rows[1]
    assert (done["key_id"], done["signature"]) == (rows[4][1], str(rows[5][1]).replace(" ", ""))
    assert rows[1][1:] == rows[2][1:]
    assert {"n", "s"} >= {cell.data_type for row in sheet.iter_rows() for cell in row}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_pages_speak_both_languages(desk: Desk, language: str) -> None:
    """Empty and with something in them, with forms for who may and without for who may not."""
    for role in ("reward_approver", "auditor"):
        tab = Tab(desk.client, SEED, somebody(role), language)
        for path in ("/reconciliations", "/ledger", "/closes"):
            assert (200, role != "auditor" and path == "/ledger") == (
                await tab.get(path), "top-ups" in tab.forms,
            )  # fmt: skip
    run_id = await stopped(desk)
    await a_past_month(desk)
    tab = Tab(desk.client, SEED, somebody("reward_approver"), language)
    said = {
        "zh": ("已停止向", "同意恢复付款", "签字结账"),
        "en": ("Nothing is paid through", "Let orders leave again", "Sign and close"),
    }
    for path, told in zip(("/reconciliations", f"/reconciliations/{run_id}", "/closes"),
                          said[language], strict=True):  # fmt: skip
        assert (200, True) == (await tab.get(path), told in tab.text), path
    assert 200 == await tab.get("/ledger/1")
    assert "reversal" in tab.forms


async def test_the_forms_lead_to_what_was_done(desk: Desk) -> None:
    """A stop, a top-up, its reversal and a month are sent; what hurts is confirmed."""
    run_id = await stopped(desk)
    tab = Tab(desk.client, SEED, somebody("reward_approver"))
    await tab.get(f"/reconciliations/{run_id}")
    assert 422 == await tab.send(f"/reconciliations/{run_id}/lifts", note="")
    assert 'aria-invalid="true"' in tab.text
    tab.confirmed = False
    assert 403 == await tab.send(f"/reconciliations/{run_id}/lifts", note="已问过")
    assert "已问过" in tab.text
    tab.confirmed = True
    assert 303 == await tab.send(f"/reconciliations/{run_id}/lifts", note="已问过")
    await tab.get(tab.location)
    assert ("已问过" in tab.text, set()) == (True, tab.forms - {"exports"})
    await tab.get("/ledger")
    wrong = {"vendor": AIRTIME.name, "yuan": "很多", "day": "2020-01-07", "note": "汇款"}
    assert 422 == await tab.send("/ledger/top-ups", **wrong)
    assert 'value="很多"' in tab.text
    assert 303 == await tab.send("/ledger/top-ups", **wrong | {"yuan": "20"})
    posting = tab.location
    await tab.get(posting)
    assert 303 == await tab.send(f"{posting}/reversal", note="录错了")
    await tab.get("/closes")
    assert 303 == await tab.send("/closes", month="2020-01-01")
    assert 200 == await tab.get(tab.location)
    await tab.get("/closes")
    assert "2020年1月" in tab.text


async def test_a_file_is_refused_with_what_is_wrong(desk: Desk) -> None:
    """No file, another vendor, no day, not at the root, not confirmed; a reader has no form."""
    tab = Tab(desk.client, SEED, somebody("reward_approver"), "en")
    await tab.get("/reconciliations")
    for fields, told in (
        ({"vendor": AIRTIME.name}, "Choose a file"), ({"vendor": "nobody"}, "vendor"),
        ({"vendor": AIRTIME.name, "day": "soon"}, "date"),
    ):  # fmt: skip
        assert 422 == await tab.send("/reconciliations/statements", **fields)
        assert any(told in one for one in tab.alerts), tab.alerts
    tab.confirmed = False
    assert 403 == await tab.send("/reconciliations/statements", vendor=AIRTIME.name)
    below = Tab(desk.client, SEED, somebody("reward_approver", "u"))
    await below.get("/reconciliations")
    assert 403 == await below.send("/reconciliations/statements", vendor=AIRTIME.name)
    reader = Tab(desk.client, SEED, somebody("auditor"))
    assert (200, False) == (await reader.get("/reconciliations"), "statements" in reader.forms)


async def test_days_without_a_statement_are_asked_for(desk: Desk) -> None:
    """Each with what its vendor said, in both languages; nobody below the root is told."""
    async with desk.database.acquire() as conn:
        await conn.execute(
            """INSERT INTO statement_fetches (vendor, day, next_at, tries, said)
               SELECT $1, mashang_now()::date - n::int, mashang_now(), 1, said
               FROM unnest(ARRAY['none', 'unreadable', 'upload']) WITH ORDINALITY AS d (said, n)""",
            AIRTIME.name,
        )
    for language, told in (
        ("zh", "请从它的后台导出后上传"),
        ("en", "export it there and upload it"),
    ):
        tab = Tab(desk.client, SEED, somebody("auditor"), language)
        assert (200, 2) == (await tab.get("/reconciliations"), tab.text.count(told))
    _, listed = await desk.get("/api/v1/reconciliations")
    assert ["upload", "unreadable", "none"] == [one["said"] for one in listed["lacking"]]
    below = statements.issue(somebody("reward_approver", "u"), SEED)
    _, listed = await desk.get("/api/v1/reconciliations", Authorization=f"Bearer {below}")
    assert [] == listed["lacking"]


async def test_a_closed_month_proves_itself(desk: Desk) -> None:
    """Its file is checked with the public keys, which anybody may have; another key follows."""
    await a_past_month(desk)
    _, done = await desk.post("/api/v1/closes", {"month": "2020-01-01"}, ANN)
    tab = Tab(desk.client, SEED, somebody("auditor"))
    address = f"/closes/{done['year']}/{done['number']}/close.txt"
    async with desk.client.get(address, headers=tab.headers) as answer:
        assert (200, True) == (answer.status, "2020-01" in answer.headers["Content-Disposition"])
        file = await answer.read()
    async with desk.client.get(address) as answer:
        assert 200 != answer.status or b"mashang-close" not in await answer.read()
    async with desk.database.transaction() as conn:
        later = Signer("x/closes", b"l" * 32)
        await closing.close(conn, somebody("reward_approver"), date(2020, 2, 1), later)
    async with desk.client.get("/close-keys") as answer:
        keys = keys_in(await answer.text())
    assert {later.public.key_id, done["key_id"]} == {key.key_id for key in keys}
    checked = check_close(file, keys)
    assert (done["signed_by"], done["digest"]) == (
        checked.closed["signed_by"], checked.closed["digest"],
    )  # fmt: skip
    assert done["key_id"] == checked.key.key_id


async def test_a_month_of_before_there_were_keys_has_no_file(desk: Desk) -> None:
    """Its page and its document are as they were; the file is not there, and it says why."""
    async with desk.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO ledger_closes
                   (month, year, number, rows, digest, signed_by, signer, closed_at)
               VALUES ('2019-12-01', 2020, 1, '{"vendors": [], "owed_fen": 0}', 'd', 'ann', 'Ann',
                       now())"""
        )
    tab = Tab(desk.client, SEED, somebody("auditor"), "en")
    assert (200, False) == (await tab.get("/closes/2020/1"), "close.txt" in tab.text)
    assert (404, True) == (
        await tab.get("/closes/2020/1/close.txt"), "before months were signed" in tab.text,
    )  # fmt: skip
