"""Scoring's handlers and ledgers on a real database."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.scoring import handlers
from services.scoring.rules import plan
from services.scoring.rules.strikes import marks_of, year_of
from services.scoring.rules.values import Fact, Scope
from services.scoring.store import criticisms, demands, points, strikes
from shared.bus.handling import Heard
from shared.db import Connection, Database
from shared.events import CaseVerified, SubmissionAdded, SubmissionReceived
from tests.integration.scoring_parts import (
    DAY,
    POLICIES,
    UNIT,
    cleared,
    on_case_verified,
    verdict,
)

SERVICE = "scoring"


async def published(conn: Connection) -> list[dict[str, Any]]:
    """The data of the score.changed events in the outbox, in order."""
    rows = await conn.fetch(
        "SELECT body::jsonb->'data' AS data FROM outbox WHERE type = 'score.changed.v1'"
        " ORDER BY seq"
    )
    return [row["data"] for row in rows]


async def rules_in_force(conn: Connection, case: UUID) -> set[str]:
    """By which rules the case has consequences at present."""
    in_force = await demands.get_in_force(conn, [Scope("case", str(case))])
    return {demand.cause.rule for demand in in_force}


async def test_a_substantiated_complaint_costs_points_a_strike_and_a_criticism(
    conn: Connection,
) -> None:
    """One verdict writes one entry, one mark, one numbered criticism, and says score.changed."""
    case = uuid4()
    await on_case_verified(conn, verdict(case))
    assert -200 == await points.get_balance(conn, UNIT)
    assert {case} == {m.case_id for m in await strikes.get_officers_marks(conn, ["170001"])}
    assert {"criticism", "strike", "substantiated"} == await rules_in_force(conn, case)
    [event] = await published(conn)
    assert (1, -200, -200, "substantiated", str(case)) == (
        event["entry_no"],
        event["delta_centipoints"],
        event["balance_centipoints"],
        event["reason"],
        event["case_id"],
    )


async def test_praise_by_name_is_noted_once(conn: Connection) -> None:
    """With the rating or added to it: who, where and when, never the words; 3 is no praise."""
    sealed, said = {"words_sealed": "1.c2VhbGVk", "officer_badge": "170001"}, uuid4()
    rated = {"kind": "rating", "unit_code": UNIT, **sealed}
    first = SubmissionReceived(submission_id=said, satisfaction=5, received_at=DAY, **rated)
    later = {"addition_id": uuid4(), "submission_id": uuid4(), "number": 1, "why": "thanks"}
    for _ in range(2):
        await handlers.on_submissions_received(POLICIES, conn, [Heard(first)])
        await handlers.on_submission_added(
            conn, SubmissionAdded(satisfaction=4, added_at=DAY, **rated, **later)
        )
    plain = {**rated, "satisfaction": 3, "submission_id": uuid4(), "received_at": DAY}
    await handlers.on_submissions_received(POLICIES, conn, [Heard(SubmissionReceived(**plain))])
    rows = await conn.fetch("SELECT submission_id, badge FROM commendations")
    assert {(said, "170001"), (later["submission_id"], "170001")} == {tuple(r) for r in rows}


async def test_a_new_revision_compensates_everything(conn: Connection) -> None:
    """When a verdict falls, points, strike and criticism go by further entries, none is deleted."""
    case = uuid4()
    await on_case_verified(conn, verdict(case))
    await on_case_verified(conn, cleared(case, 2))
    assert 0 == await points.get_balance(conn, UNIT)
    assert frozenset() == await strikes.get_officers_marks(conn, ["170001"])
    assert [1, -1] == [row["delta"] for row in await strikes.list_ledger(conn, "170001")]
    assert set() == await rules_in_force(conn, case)
    assert [-200, 200] == [e["delta_centipoints"] for e in await published(conn)]


async def test_an_older_revision_arriving_late_changes_nothing(conn: Connection) -> None:
    """Revision 1 after revision 2 is ignored, and so is a repeat of revision 2."""
    case = uuid4()
    for event in (cleared(case, 2), verdict(case, 1), cleared(case, 2)):
        await on_case_verified(conn, event)
    assert 0 == await points.get_balance(conn, UNIT)
    assert [] == await published(conn)


async def test_numbers_of_criticisms_have_no_gaps(conn: Connection) -> None:
    """A criticism that comes back after its withdrawal gets the next number."""
    first, second = uuid4(), uuid4()
    for event in (verdict(first), verdict(second), cleared(first, 2), verdict(first, 3)):
        await on_case_verified(conn, event)
    year = year_of(datetime.now(UTC), POLICIES.editions[-1])
    rows = await criticisms.list_criticisms(conn, year, 0, 10)
    assert [(1, first), (2, second), (3, first)] == [(r["number"], r["case_id"]) for r in rows]
    assert [False, True, True] == [row["withdrawn_at"] is None for row in rows]


async def test_the_second_strike_is_an_entry_of_its_own(conn: Connection) -> None:
    """Rule 10's further deduction names both cases that it counts."""
    first, second = uuid4(), uuid4()
    await on_case_verified(conn, verdict(first))
    await on_case_verified(conn, verdict(second, received_at=DAY + timedelta(days=1)))
    latest, *_ = await points.list_entries(conn, UNIT, 2**31 - 1, 10)
    assert ("accountability", "170001", -200) == (
        latest["reason"],
        latest["badge"],
        latest["delta_centipoints"],
    )
    assert sorted([first, second]) == sorted(latest["case_ids"])


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_of_arrival_ends_in_the_same_ledgers(conn: Connection, seed: int) -> None:
    """Shuffled and repeated revisions end in what the highest ones alone demand."""
    chance = random.Random(seed)
    cases = [uuid4() for _ in range(5)]
    final = {case: chance.choice([cleared(case, 3), _random_verdict(case, 3, chance)])
             for case in cases}  # fmt: skip
    earlier = [_random_verdict(case, n, chance) for case in cases for n in (1, 2)]
    arrivals = [*earlier, *final.values(), *earlier]
    chance.shuffle(arrivals)
    for event in arrivals:
        await on_case_verified(conn, event)
    facts = [Fact.of(event) for event in final.values()]
    scopes = plan.scopes_of(facts + [Fact.of(event) for event in earlier])
    demanded = plan.decide(scopes, facts, Counter(), POLICIES)
    for unit in ("411702001", "411702002"):
        wanted = sum(c.delta_centipoints for c in demanded if c.demand.subject.id == unit)
        assert wanted == await points.get_balance(conn, unit)
    assert Counter(c.demand for c in demanded) == await demands.get_in_force(conn, scopes)
    marks = frozenset().union(*map(marks_of, facts))
    assert marks == await strikes.get_officers_marks(conn, ["170001", "170002"])


def _random_verdict(case: UUID, revision: int, chance: random.Random) -> CaseVerified:
    return verdict(
        case,
        revision,
        verdict=chance.choice(["substantiated", "partly"]),
        officers=tuple(chance.sample(["170001", "170002"], chance.randint(0, 2))),
        unit_code=f"41170200{case.int % 2 + 1}",
        received_at=DAY + timedelta(minutes=case.int % 100_000),
    )


async def test_concurrent_verdicts_keep_the_ledger_right(database: Database) -> None:
    """Twelve verdicts on one unit at once: numbers without gaps, each balance the sum so far."""

    async def handle(case: UUID) -> None:
        async with database.transaction() as conn:
            await on_case_verified(conn, verdict(case, officers=()))

    await asyncio.gather(*(handle(uuid4()) for _ in range(12)))
    async with database.acquire() as conn:
        entries = await points.list_entries(conn, UNIT, 2**31 - 1, 50)
    expected = [(n, -200 * n) for n in range(12, 0, -1)]
    assert expected == [(e["entry_no"], e["balance_centipoints"]) for e in entries]


@pytest.mark.parametrize("table", ["points_entries", "strikes", "criticisms", "demands"])
async def test_the_ledgers_refuse_to_be_changed(conn: Connection, table: str) -> None:
    """The service's own role can neither change nor delete what it wrote."""
    await on_case_verified(conn, verdict(uuid4()))
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET case_id = case_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with conn.transaction():
                await conn.execute(statement)
