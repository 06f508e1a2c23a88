"""Joined and parted cases on a real database: strikes and points follow, in any order."""

from collections import defaultdict
from functools import partial
from random import Random
from uuid import UUID, uuid4

import pytest

from services.scoring import handlers
from services.scoring.store import points, strikes
from shared.db import Connection
from shared.events import CaseVerified, IncidentChanged
from tests.integration.scoring_parts import DAY, POLICIES, UNIT, cleared, on_case_verified, verdict

SERVICE = "scoring"
BADGE = "170001"
on_incident_changed = partial(handlers.on_incident_changed, POLICIES)


def moved(case_id: UUID, incident_id: UUID, version: int = 1) -> IncidentChanged:
    """A case belongs to another incident from now on."""
    return IncidentChanged(
        case_id=case_id, incident_id=incident_id, unit_code=UNIT, received_at=DAY, changed_at=DAY,
        version=version,
    )  # fmt: skip


async def struck(conn: Connection) -> set[UUID]:
    """The incidents for which the officer has a strike."""
    return {mark.incident_id for mark in await strikes.get_officers_marks(conn, [BADGE])}


async def test_a_join_takes_the_second_strike_back(conn: Connection) -> None:
    """Two cases were two strikes and a sanction; as one incident they are one, and none."""
    first, second = uuid4(), uuid4()
    await on_case_verified(conn, verdict(first))
    await on_case_verified(conn, verdict(second))
    assert ({first, second}, -600) == (await struck(conn), await points.get_balance(conn, UNIT))
    await on_incident_changed(conn, moved(second, first))
    assert ({first}, -400) == (await struck(conn), await points.get_balance(conn, UNIT))
    apart = uuid4()
    await on_incident_changed(conn, moved(second, apart, 2))
    assert ({first, apart}, -600) == (await struck(conn), await points.get_balance(conn, UNIT))


async def test_a_join_that_is_heard_before_the_verdict_counts(conn: Connection) -> None:
    """The verdict still names its old incident; the newer word stands."""
    first, second = uuid4(), uuid4()
    await on_incident_changed(conn, moved(second, first))
    await on_case_verified(conn, verdict(first))
    await on_case_verified(conn, verdict(second))
    assert {first} == await struck(conn)


async def test_an_older_change_that_comes_late_is_ignored(conn: Connection) -> None:
    """Version 1 after version 2, or version 2 once more, changes nothing."""
    case, one, two = uuid4(), uuid4(), uuid4()
    await on_case_verified(conn, verdict(case))
    for event in (moved(case, two, 2), moved(case, one, 1), moved(case, two, 2)):
        await on_incident_changed(conn, event)
    assert {two} == await struck(conn)
    assert [1, -1, 1] == [row["delta"] for row in await strikes.list_ledger(conn, BADGE)]


async def test_a_case_may_come_back_to_its_incident_before_its_next_revision(
    conn: Connection,
) -> None:
    """Out and in again under the same revision: the ledger takes it, and one strike is left."""
    case, other = uuid4(), uuid4()
    await on_case_verified(conn, verdict(case))
    await on_incident_changed(conn, moved(case, other, 1))
    await on_incident_changed(conn, moved(case, case, 2))
    await on_incident_changed(conn, moved(case, other, 3))
    assert {other} == await struck(conn)
    await on_case_verified(conn, cleared(case, 2))
    assert (set(), 0) == (await struck(conn), await points.get_balance(conn, UNIT))


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_of_delivery_ends_in_a_plain_recount(conn: Connection, seed: int) -> None:
    """Many joins, splits and revisions, shuffled and each heard twice: one strike an incident."""
    random = Random(seed)
    cases = [uuid4() for _ in range(6)]
    own, versions = {c: c for c in cases}, dict.fromkeys(cases, 0)
    newest: dict[UUID, CaseVerified] = {}
    events: list[CaseVerified | IncidentChanged] = []
    for _ in range(25):
        case, other = random.choice(cases), random.choice(cases)
        if random.random() < 0.5:
            revision = newest[case].revision + 1 if case in newest else 1
            found = random.random() < 0.7
            newest[case] = (verdict if found else cleared)(case, revision)
            newest[case] = newest[case].model_copy(update={"incident_id": own[case]})
            events.append(newest[case])
            continue
        target, left = (uuid4() if case == other else own[other]), own[case]
        for one in [case] if case == other else [c for c in cases if own[c] == left]:
            own[one], versions[one] = target, versions[one] + 1
            events.append(moved(one, target, versions[one]))
    arrivals = events * 2
    random.shuffle(arrivals)
    for event in arrivals:
        if isinstance(event, CaseVerified):
            await on_case_verified(conn, event)
        else:
            await on_incident_changed(conn, event)
    groups = defaultdict(list)
    for case, told in newest.items():
        if told.verdict == "substantiated":
            groups[own[case]].append(case)
    assert set(groups) == await struck(conn)
    charged = 200 * sum(map(len, groups.values()))
    sanctions = (0, 0, 200, 700)[min(len(groups), 3)]
    assert -(charged + sanctions) == await points.get_balance(conn, UNIT)
