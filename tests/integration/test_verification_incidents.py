"""Cases that are one incident: joined and taken apart under lock, with all that belongs to them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.verification.casework.rules.incidents import Change, Member
from shared.db import Database
from tests.integration.verification_office import OTHER_UNIT, UNIT, Answer, Office, office
from tests.support import at

SERVICE = "verification"
MORNING = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def incidents(bureau: Office) -> dict[UUID, UUID]:
    """The incident of every case."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT case_id, incident_id FROM cases")
    return {row["case_id"]: row["incident_id"] for row in rows}


async def groups(bureau: Office) -> set[frozenset[UUID]]:
    """Which cases are together."""
    found = defaultdict(set)
    for case_id, incident_id in (await incidents(bureau)).items():
        found[incident_id].add(case_id)
    return {frozenset(cases) for cases in found.values()}


async def revision(bureau: Office, case_id: UUID) -> int:
    """The present one."""
    return int((await bureau.ask("city", "GET", f"cases/{case_id}")).json["revision"])


async def say(bureau: Office, case_id: UUID, other: UUID, who: str = "county") -> Answer:
    """A verdict that wants the case to belong with another (with itself: to stand apart)."""
    seen = await revision(bureau, case_id)
    return await bureau.judge(who, case_id, incident=str(other), revision=seen)


async def join(bureau: Office, case_id: UUID, other: UUID) -> None:
    """Said by the county, confirmed by the city."""
    said = await say(bureau, case_id, other)
    assert "in_review" == said.json["state"], said.text
    done = await bureau.review("city", case_id, said.json["revision"])
    assert "verified" == done.json["state"], done.text


async def test_a_join_waits_for_the_level_above(bureau: Office) -> None:
    """Nothing belongs together until another person has confirmed it; then it is told."""
    first, second = await bureau.case(), await bureau.case()
    said = await say(bureau, second, first)
    assert ("in_review", str(second)) == (said.json["state"], said.json["incident_id"])
    assert [] == await bureau.events("incident.changed.v1")
    done = await bureau.review("city", second, 1)
    assert str(first) == done.json["incident_id"]
    told = await bureau.events("incident.changed.v1")
    assert [(str(second), str(first), 1)] == [
        (e["case_id"], e["incident_id"], e["version"]) for e in told
    ]
    assert str(first) == (await bureau.events("case.verified.v1"))[0]["incident_id"]


async def test_a_returned_join_joins_nothing(bureau: Office) -> None:
    """The level above disagrees: both cases stay as they were."""
    first, second = await bureau.case(), await bureau.case()
    await say(bureau, second, first)
    await bureau.review("city", second, 1, decision="return", note="两回事")
    assert {frozenset({first}), frozenset({second})} == await groups(bureau)


async def test_what_belongs_to_a_case_goes_along(bureau: Office) -> None:
    """A joins B, and everything that belonged to A is B's too; each is told once."""
    a, along, b, with_b = [await bureau.case() for _ in range(4)]
    await join(bureau, along, a)
    await join(bureau, with_b, b)
    await join(bureau, a, b)
    assert {frozenset({a, along, b, with_b})} == await groups(bureau)
    told = await bureau.events("incident.changed.v1")
    assert [str(along), str(with_b), str(a), str(along)] == [e["case_id"] for e in told[:2]] + (
        sorted((e["case_id"] for e in told[2:]), key=[str(a), str(along)].index)
    )
    case = await bureau.ask("city", "GET", f"cases/{along}")
    assert "incident" == case.json["actions"][-1]["action"]


async def test_a_case_leaves_for_an_incident_of_its_own(bureau: Office) -> None:
    """Also the one after which the incident was named: the others stay together."""
    a, b, c = [await bureau.case() for _ in range(3)]
    await join(bureau, b, a)
    await join(bureau, c, a)
    await join(bureau, a, a)
    assert {frozenset({a}), frozenset({b, c})} == await groups(bureau)
    await join(bureau, b, b)
    assert {frozenset({a}), frozenset({b}), frozenset({c})} == await groups(bureau)


async def test_joining_what_is_together_changes_and_delays_nothing(bureau: Office) -> None:
    """A case that names itself, alone, or a case of its own incident says nothing new."""
    a, b = await bureau.case(), await bureau.case()
    alone = await bureau.judge("county", a, incident=str(a))
    assert "verified" == alone.json["state"]
    await join(bureau, b, a)
    before = await incidents(bureau)
    said = await say(bureau, b, a)
    await bureau.review("city", b, said.json["revision"])
    assert (before, 1) == (await incidents(bureau), len(await bureau.events("incident.changed.v1")))


async def test_a_join_across_does_not_swap(bureau: Office) -> None:
    """A to B and B to A, both confirmed at the same moment: one incident, many times over."""
    for _ in range(5):
        a, b = await bureau.case(), await bureau.case()
        await say(bureau, a, b)
        await say(bureau, b, a)
        done = await asyncio.gather(bureau.review("city", a, 1), bureau.review("city2", b, 1))
        assert [201, 201] == [answer.status for answer in done]
        assert frozenset({a, b}) in await groups(bureau)


async def test_a_ring_of_joins_at_once_is_one_incident(bureau: Office) -> None:
    """Six cases, each joining the next, confirmed together: nothing is stuck, nothing swapped."""
    ring = [await bureau.case() for _ in range(6)]
    for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
        await say(bureau, one, other)
    done = await asyncio.gather(*(bureau.review("city", one, 1) for one in ring))
    assert {201} == {answer.status for answer in done}
    assert {frozenset(ring)} == await groups(bureau)


async def test_only_within_the_unit_and_what_one_may_see(bureau: Office) -> None:
    """Another unit's case, one that is not there, and one that is hidden are refused alike."""
    own, far = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT)
    hidden = await bureau.case(officer_badge="170001")
    answers = [
        await bureau.judge("county", own, incident=str(far)),
        await bureau.judge("county", own, incident=str(uuid4())),
        await bureau.judge("accused", own, incident=str(hidden)),
    ]
    assert {(422, "incident")} == {(a.status, a.json["errors"][0]["field"]) for a in answers}


async def test_not_over_more_days_than_the_policy_says(bureau: Office) -> None:
    """Seven days to the second; also by way of a neighbour no incident grows longer."""
    with at(MORNING):
        week = timedelta(days=7)
        first, last = (
            await bureau.case(received_at=MORNING - week),
            await bureau.case(received_at=MORNING),
        )
        late = await bureau.case(received_at=MORNING + timedelta(seconds=1))
        await join(bureau, last, first)
        refused = await say(bureau, late, last)
        assert (422, "incident") == (refused.status, refused.json["errors"][0]["field"])
        assert "7" in refused.json["errors"][0]["detail"]


async def test_days_are_counted_again_when_it_is_confirmed(bureau: Office) -> None:
    """Two joins that fit alone and not together: the second cannot be confirmed any more."""
    with at(MORNING):
        early, middle, late = [
            await bureau.case(received_at=MORNING - timedelta(days=n)) for n in (10, 5, 0)
        ]
        await say(bureau, early, middle)
        await say(bureau, late, middle)
        await bureau.review("city", early, 1)
        stuck = await bureau.review("city", late, 1)
        assert (409, "refused.incident_too_far") == (stuck.status, stuck.json["key"])
        back = await bureau.review("city", late, 1, decision="return", note="太久")
        assert "open" == back.json["state"]


async def test_a_reviewer_named_in_one_of_the_cases_leaves_it_to_another(bureau: Office) -> None:
    """The incident moves whole, and what one case is about all are: it takes another person."""
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE operators SET badge = '170002' WHERE username = 'city'")
    a, b = await bureau.case(), await bureau.case()
    hidden = await bureau.case(officer_badge="170002")
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET incident_id = $1 WHERE case_id = $2", a, hidden)
    await say(bureau, a, b)
    own = await bureau.review("city", a, 1)
    assert (403, "refused.other_person") == (own.status, own.json["key"])
    done = await bureau.review("city2", a, 1)
    assert 201 == done.status
    assert {b} == {(await incidents(bureau))[case] for case in (a, b, hidden)}
    for case in (a, b, hidden):
        assert 404 == (await bureau.ask("city", "GET", f"cases/{case}")).status


@pytest.mark.parametrize("seed", range(3))
async def test_random_joins_and_splits_agree_with_a_plain_account(
    bureau: Office, seed: int
) -> None:
    """After each step the groups are those of a list of sets, and every event tells the newest."""
    random = Random(seed)
    cases = [await bureau.case() for _ in range(6)]
    account = [{case} for case in cases]
    for _ in range(12):
        one, other = random.choice(cases), random.choice(cases)
        own = next(group for group in account if one in group)
        their = next(group for group in account if other in group)
        said = await say(bureau, one, other)
        if said.json["state"] == "in_review":
            await bureau.review("city", one, said.json["revision"])
        if one == other:
            own.discard(one)
            account.append({one})
        elif own is not their:
            their |= own
            account.remove(own)
        account = [group for group in account if group]
        assert {frozenset(group) for group in account} == await groups(bureau)
    newest: dict[str, Any] = {}
    for event in await bureau.events("incident.changed.v1"):
        assert event["version"] == newest.get(event["case_id"], {"version": 0})["version"] + 1
        newest[event["case_id"]] = event
    now = await incidents(bureau)
    assert {str(now[UUID(case)]) for case in newest} == {e["incident_id"] for e in newest.values()}


def member(number: int, incident: int, unit: str = UNIT) -> Member:
    """A case of a morning."""
    return Member(UUID(int=number), UUID(int=incident), 0, unit, MORNING)


def test_a_change_says_who_goes_where() -> None:
    """A join takes the whole own incident along, a split only the case."""
    members = [member(1, 1), member(2, 1), member(3, 3)]
    joined = Change(UUID(int=2), UUID(int=3), members)
    assert ((UUID(int=1), UUID(int=2)), UUID(int=3)) == (joined.moved, joined.target(UUID(int=9)))
    split = Change(UUID(int=1), UUID(int=1), members[:2])
    assert ((UUID(int=1),), UUID(int=9)) == (split.moved, split.target(UUID(int=9)))
    assert (False, False) == (joined.is_so, split.is_so)
    assert Change(UUID(int=1), UUID(int=2), members[:2]).is_so
