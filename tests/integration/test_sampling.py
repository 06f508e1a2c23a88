"""The random review: committed to beforehand, drawn once a case, told once the day is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.verification import jobs, metrics
from services.verification.casework import citizens
from services.verification.casework.acts import sampling
from services.verification.casework.store import sampling as store
from services.verification.casework.store.sampling import Seed
from shared.db import Connection, Database
from shared.events import SubmissionWithdrawn
from shared.values import lots
from tests.conftest import eventually
from tests.integration.verification_case import DESK, SEAL, Casework
from tests.integration.verification_office import Office, office
from tests.support import at, captured_logs

SERVICE = "verification"
MORNING = datetime(2026, 11, 26, 1, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 26), date(2026, 11, 27)
MIDNIGHT = datetime(2026, 11, 26, 16, tzinfo=UTC)
LATE = MIDNIGHT - timedelta(minutes=1)


@pytest.fixture
async def work(conn: Connection) -> AsyncIterator[Casework]:
    """The small bureau, on a morning."""
    with at(MORNING):
        yield await Casework.begun(conn)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The same, whose days begin and end."""
    async with office(database) as opened:
        yield opened


async def draws(conn: Connection) -> list[tuple[str, date, bool]]:
    """What was drawn."""
    rows = await conn.fetch("SELECT * FROM sample_draws ORDER BY drawn_at, drawn_for")
    return [(row["drawn_for"], row["day"], row["drawn"]) for row in rows]


async def withdraw(work: Casework, case_id: UUID) -> None:
    """The citizen does not want to go on."""
    case = await work.stands(case_id)
    event = SubmissionWithdrawn(
        submission_id=case.submission_id, version=1, withdrawn=True, changed_at=MORNING
    )
    await citizens.on_submission_withdrawn(DESK, work.conn, event)


async def test_a_week_of_seeds_is_committed_to(bureau: Office) -> None:
    """Today and the seven days to come: sealed, each held to what everybody is told."""
    with at(MORNING):
        await sampling.prepare(bureau.database, DESK)
        await sampling.prepare(bureau.database, DESK)
    told = {e["day"]: e["commitment"] for e in await bureau.events("sample.committed.v1")}
    assert [f"{TODAY + timedelta(days=n)}" for n in range(8)] == list(told)
    async with bureau.database.acquire() as conn:
        stored = await store.list_untold(conn, 100)
    seeds = [sampling.opened(SEAL, one) for one in stored]
    assert 8 == len(set(seeds))
    assert list(told.values()) == [
        lots.commitment(one.day, seed or "") for one, seed in zip(stored, seeds, strict=True)
    ]
    assert [] == [one for one, seed in zip(stored, seeds, strict=True) if seed and seed in str(one)]


async def test_two_instances_draw_one_seed(database: Database) -> None:
    """Of each day there is one, and it was told once."""
    with at(MORNING):
        await asyncio.gather(*(sampling.prepare(database, DESK) for _ in range(4)))
    async with database.acquire() as conn:
        assert 8 == await conn.fetchval("SELECT count(*) FROM sample_seeds")
        assert 8 == await conn.fetchval("SELECT count(*) FROM outbox")


async def test_a_case_draws_one_lot(work: Casework) -> None:
    """With its first verdict; what comes later neither adds a chance nor takes one away."""
    case_id = await work.open()
    await work.judge("desk", case_id)
    for number, verdict in enumerate(("partly", "substantiated", "partly"), 1):
        await work.judge("county", case_id, verdict, revision=number)
    assert [("verdict", TODAY, False)] == await draws(work.conn)


@pytest.mark.usefixtures("chance")
async def test_submitting_again_changes_no_lot(
    work: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many cases as many are drawn after five verdicts as after the first, and the same."""
    monkeypatch.setattr(sampling, "source", lambda: "5" * 64)
    cases = [await work.open() for _ in range(40)]
    for case_id in cases:
        await work.judge("desk", case_id)
    first = {case_id for case_id in cases if (await work.stands(case_id)).review_pending}
    for case_id in cases:
        for number, verdict in enumerate(("partly", "substantiated", "partly", "substantiated"), 1):
            await work.judge("county", case_id, verdict, revision=number)
    again = {case_id for case_id in cases if (await work.stands(case_id)).review_pending}
    assert first == again
    assert 0 < len(first) < len(cases) / 2


async def test_what_waits_is_in_no_draw(work: Casework) -> None:
    """It is looked at in any case: the lot is drawn when a verdict takes effect without that."""
    case_id = await work.open()
    await work.judge("desk", case_id, "unsubstantiated")
    assert [] == await draws(work.conn)
    await work.review("county", case_id, "return")
    with at(MORNING + timedelta(days=1)):
        await work.judge("desk", case_id, "partly", revision=1)
    assert [("verdict", TOMORROW, False)] == await draws(work.conn)


async def test_a_withdrawal_is_drawn_with_the_verdict(work: Casework) -> None:
    """Nobody knows before the verdict whether somebody will look at it."""
    case_id = await work.open()
    await withdraw(work, case_id)
    assert [] == await draws(work.conn)
    await work.judge("desk", case_id)
    assert [("verdict", TODAY, False), ("withdrawn", TODAY, False)] == await draws(work.conn)


async def test_a_day_is_told_once_it_is_over(bureau: Office) -> None:
    """Its seed fits what everybody was told before, with every lot but those of pressure."""
    with at(MORNING):
        await jobs.draw_seeds(bureau.database, DESK)
        cases = [await bureau.case() for _ in range(3)]
        for case_id in cases:
            assert 201 == (await bureau.judge("desk", case_id)).status
        async with bureau.database.acquire() as conn:
            await conn.execute(
                "UPDATE cases SET kind = 'pressure', about = case_id WHERE case_id = $1", cases[0]
            )
    with at(LATE):
        await jobs.draw_seeds(bureau.database, DESK)
        assert [] == await bureau.events("sample.revealed.v1")
    with at(MIDNIGHT):
        for _ in range(2):
            await jobs.draw_seeds(bureau.database, DESK)
    [told] = await bureau.events("sample.revealed.v1")
    promised = {e["day"]: e["commitment"] for e in await bureau.events("sample.committed.v1")}
    assert promised[str(TODAY)] == lots.commitment(TODAY, told["seed"])
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT submission_id FROM cases WHERE kind <> 'pressure'")
    assert sorted(lots.number_of(row["submission_id"]) for row in rows) == [
        one["number"] for one in told["lots"]
    ]
    assert [("verdict", 10, False)] * 2 == [
        (one["drawn_for"], one["percent"], one["drawn"]) for one in told["lots"]
    ]


async def test_a_seed_is_not_told_while_somebody_draws(database: Database) -> None:
    """A verdict of the last second is in the day's list."""
    with at(LATE):
        await sampling.prepare(database, DESK)
        async with database.transaction() as conn:
            work = await Casework.begun(conn)
            case_id = await work.open()
    async with database.acquire() as conn, conn.transaction():
        with at(LATE):
            await Casework(conn).judge("desk", case_id)
        with at(MIDNIGHT):
            revealing = asyncio.create_task(sampling.reveal(database, DESK))
            await waits(database)
    with at(MIDNIGHT):
        await revealing
    async with database.acquire() as conn:
        [told] = await Casework(conn).said("sample.revealed.v1")
    assert 1 == len(told["lots"])


async def waits(database: Database) -> None:
    """Until somebody queues behind a lock."""
    async with database.acquire() as conn:

        async def waiting() -> object:
            asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return await conn.fetchval(asked)

        await eventually(waiting, 1)


async def test_nobody_draws_with_a_seed_that_is_told(database: Database) -> None:
    """A clock that went back, or a city that moved west, draws with the next sealed one."""
    async with database.transaction() as conn:
        again = await Casework.begun(conn)
        with at(MIDNIGHT):
            assert TOMORROW == await store.first_untold(conn, TOMORROW)
            await sampling._draw_seed(conn, SEAL, TODAY)
            await store.add_reveal(conn, TODAY, MIDNIGHT)
        with at(LATE):
            await again.judge("desk", await again.open())
        assert [("verdict", TOMORROW, False)] == await draws(conn)


@pytest.mark.parametrize("how", ["lost", "altered"])
async def test_a_broken_seed_is_loud_and_draws_all(bureau: Office, how: str) -> None:
    """Nobody gains by it: everything is looked at, it is in the log, counted, and never told."""
    sealed = SEAL.close("1" * 64, f"seed:{TODAY}") if how == "altered" else "1.bm90aGluZw=="
    broken = Seed(TODAY, lots.commitment(TODAY, "2" * 64), sealed)
    async with bureau.database.transaction() as conn:
        await store.add_seed(conn, broken, MORNING)
    with at(MORNING), captured_logs() as logs:
        judged = await bureau.judge("desk", await bureau.case())
    assert judged.json["review_pending"]
    assert 1 == len([entry for entry in logs if entry["event"].startswith("seed of the random")])
    with at(MIDNIGHT):
        await jobs.draw_seeds(bureau.database, DESK)
    assert ([], 1.0) == (await bureau.events("sample.revealed.v1"), _lost())


def _lost() -> Any:
    [metric] = metrics.SEEDS_LOST.collect()
    return metric.samples[0].value
