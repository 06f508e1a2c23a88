"""Held submissions at the desk: a list above the unit, released or set aside, nothing before."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.verification.casework import citizens, handlers
from services.verification.casework.acts import holds as acts
from services.verification.casework.bulk_bodies import HoldBody
from services.verification.casework.store import holds
from shared.bus.handling import Heard
from shared.bus.inbox import MAX_ATTEMPTS
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, Retry
from shared.events import SubmissionAdded, SubmissionReceived, SubmissionWithdrawn
from shared.values import clock
from tests.integration.verification_case import DESK, PEOPLE, Casework, submission
from tests.integration.verification_office import FAR_UNIT, UNIT, office
from tests.integration.verification_tab import tab

SERVICE = "verification"


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


async def hold(casework: Casework, reason: str = "address", **changed: Any) -> SubmissionReceived:
    """A submission that intake held."""
    event = submission(held=reason, **changed)
    await handlers.on_submissions_received(DESK, casework.conn, [Heard(event)])
    return event


async def decide(
    casework: Casework, who: str, *ids: UUID, outcome: str = "released", **changed: Any
) -> acts.HoldsEnded:
    """What somebody decides."""
    values = {"ids": ids, "outcome": outcome, "reason": "核过，是真的"}
    body = HoldBody.model_validate(values | changed)
    async with casework.acting(who):
        return await acts.decide(casework.conn, DESK, PEOPLE[who], body)


async def seen(casework: Casework, who: str) -> list[UUID]:
    """What stands in somebody's list."""
    async with casework.acting(who):
        found = await holds.list_holds(casework.conn, "held", None, None, 50)
    return [one.submission.submission_id for one in found]


async def cases(casework: Casework) -> int:
    """How many cases there are."""
    return int(await casework.conn.fetchval("SELECT count(*) FROM cases"))


async def test_a_held_submission_opens_nothing(casework: Casework) -> None:
    """No case, no event; heard twice it is there once."""
    event = await hold(casework)
    await handlers.on_submissions_received(DESK, casework.conn, [Heard(event)])
    assert (0, []) == (await cases(casework), await casework.said())
    assert [event.submission_id] == await seen(casework, "county")


async def test_only_the_level_above_sees_it(casework: Casework) -> None:
    """The unit, and a supervisor elsewhere, do not; the city sees all."""
    near, far = await hold(casework), await hold(casework, unit_code=FAR_UNIT)
    assert [near.submission_id] == await seen(casework, "county")
    assert [far.submission_id] == await seen(casework, "elsewhere")
    assert {near.submission_id, far.submission_id} == set(await seen(casework, "city"))
    assert [] == await seen(casework, "neighbour")


async def test_whom_it_names_does_not_see_it(casework: Casework) -> None:
    """A flood that complains of the county's own supervisor is not for them to set aside."""
    event = await hold(casework, words="县督导收了好处")
    assert [] == await seen(casework, "county")
    assert [event.submission_id] == await seen(casework, "city")


async def test_released_it_is_a_case_due_from_then(casework: Casework) -> None:
    """Its clocks begin at the release, as nobody could call before; it keeps its true receipt."""
    long_ago = clock.now() - timedelta(days=3)
    event = await hold(casework, received_at=long_ago)
    assert acts.HoldsEnded(done=1, left=0) == await decide(casework, "county", event.submission_id)
    row = await casework.conn.fetchrow("SELECT * FROM cases")
    assert row is not None
    assert (event.submission_id, long_ago) == (row["submission_id"], row["received_at"])
    assert row["verification_due_at"] > clock.now()
    assert row["callback_due_at"] > clock.now()
    told = {one.get("outcome") for one in await casework.said("hold.ended.v1")}
    assert {"released"} == told
    assert 1 == len(await casework.said("case.opened.v1"))
    assert [] == await seen(casework, "county")


async def test_set_aside_it_stays_on_record(casework: Casework) -> None:
    """No case; who decided and why is kept, sealed, and cannot be changed."""
    event = await hold(casework)
    await decide(casework, "county", event.submission_id, outcome="set_aside", reason="同一人灌水")
    assert 0 == await cases(casework)
    row = await casework.conn.fetchrow("SELECT * FROM hold_decisions")
    assert row is not None
    assert ("county", "set_aside", 1) == (row["username"], row["outcome"], row["number"])
    reason = DESK.seal.open(row["reason_sealed"], f"note:{event.submission_id}")
    assert "同一人灌水" == reason


async def test_a_mistake_is_mended_once(casework: Casework) -> None:
    """What was set aside may be released later; what was released is under way."""
    event = await hold(casework)
    await decide(casework, "county", event.submission_id, outcome="set_aside")
    await decide(casework, "city", event.submission_id)
    assert 1 == await cases(casework)
    told = [(one["number"], one["outcome"]) for one in await casework.said("hold.ended.v1")]
    assert [(1, "set_aside"), (2, "released")] == told
    for outcome in ("released", "set_aside"):
        with pytest.raises(Conflict):
            await decide(casework, "city", event.submission_id, outcome=outcome)


@pytest.mark.parametrize("changed", [{"reason": " "}, {"ids": ()}])
async def test_what_lacks_is_said(casework: Casework, changed: dict[str, Any]) -> None:
    """A decision needs a reason, and something to decide."""
    event = await hold(casework)
    with pytest.raises(Invalid):
        await decide(casework, "county", event.submission_id, **changed)
    assert [event.submission_id] == await seen(casework, "county")


async def test_a_strangers_id_is_nothing(casework: Casework) -> None:
    """Whoever knows the id of another county's gets as far as without."""
    event = await hold(casework, unit_code=FAR_UNIT)
    with pytest.raises(Invalid):
        await decide(casework, "county", event.submission_id)
    assert [event.submission_id] == await seen(casework, "elsewhere")


async def test_a_flood_is_decided_together(
    casework: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a unit that are held for one reason, some at a time; others are left alone."""
    monkeypatch.setattr(acts, "AT_ONCE", 3)
    for _ in range(5):
        await hold(casework)
    other = await hold(casework, "phone")
    everything: dict[str, Any] = {
        "everything": True,
        "unit": UNIT,
        "held": "address",
        "outcome": "set_aside",
    }
    first = await decide(casework, "county", **everything)
    second = await decide(casework, "county", **everything)
    assert [(3, 2), (2, 0)] == [(one.done, one.left) for one in (first, second)]
    assert [other.submission_id] == await seen(casework, "county")


async def test_what_is_added_waits_with_it(casework: Casework) -> None:
    """More words, kept once, reach the case that the release opens."""
    event = await hold(casework, words="等了很久")
    added = SubmissionAdded(
        addition_id=uuid4(), submission_id=event.submission_id, number=1, unit_code=UNIT,
        kind="complaint", satisfaction=1, added_at=clock.now(), why="open", categories=("other",),
    )  # fmt: skip
    for _ in range(2):
        await handlers.on_submission_added(DESK, casework.conn, added)
    assert 0 == await cases(casework)
    await decide(casework, "county", event.submission_id)
    assert 1 == await casework.conn.fetchval("SELECT count(*) FROM case_additions")


async def test_a_citizens_word_on_what_is_held_comes_later(casework: Casework) -> None:
    """Withdrawing is noted when there is a case; until then it is tried again, for days."""
    event = await hold(casework)
    word = SubmissionWithdrawn(
        submission_id=event.submission_id, version=1, withdrawn=True, changed_at=clock.now()
    )
    with pytest.raises(Retry) as later:
        await citizens.on_submission_withdrawn(DESK, casework.conn, word)
    assert later.value.after * MAX_ATTEMPTS > timedelta(days=2)
    await decide(casework, "county", event.submission_id)
    await citizens.on_submission_withdrawn(DESK, casework.conn, word)
    case_id = await casework.conn.fetchval("SELECT case_id FROM cases")
    assert ("withdrawn", "") in await casework.timeline(case_id)


async def test_a_held_rating_counts_without_a_case(casework: Casework) -> None:
    """Released praise opens nothing, and the others hear that it counts."""
    event = await hold(casework, "burst", kind="rating", satisfaction=5, words=None, phone=None)
    await decide(casework, "county", event.submission_id)
    assert 0 == await cases(casework)
    assert 1 == len(await casework.said("hold.ended.v1"))


async def test_the_page(database: Database) -> None:
    """A supervisor opens the list from the inbox, ticks one, and is told; the unit has no page."""
    async with office(database) as bureau:
        event = bureau.submission(held="pace", words="服务很好很好")
        await bureau.hear(event)
        county, unit = await tab(bureau, "county"), await tab(bureau, "desk")
        assert 200 == await county.get("/desk")
        assert 'href="/desk/held"' in county.text
        assert 200 == await county.get("/desk/held")
        assert "服务很好很好" in county.text
        aside, one = ("outcome", "set_aside"), ("ids", str(event.submission_id))
        assert 422 == await county.send("/desk/held", aside, one, ("reason", " "))
        assert (True, True) == ('role="alert"' in county.text, "checked" in county.text)
        assert 303 == await county.send("/desk/held", aside, one, ("reason", "刷好评"))
        assert "/desk/held?done=1&left=0" == county.location
        assert 200 == await county.get(county.location)
        assert ("已处理 1 件" in county.text, "服务很好很好" in county.text) == (True, False)
        assert 403 == await unit.get("/desk/held")
        assert 200 == await unit.get("/desk")
        assert "/desk/held" not in unit.text


async def test_the_api(database: Database) -> None:
    """A program lists what is held and decides it; a second time under the same key is no more."""
    async with office(database) as bureau:
        event = bureau.submission(held="unit")
        await bureau.hear(event)
        listed = await bureau.ask("county", "GET", "holds")
        assert [str(event.submission_id)] == [one["submission_id"] for one in listed.json["items"]]
        body = {"ids": [str(event.submission_id)], "outcome": "released", "reason": "核过"}
        for _ in range(2):
            done = await bureau.ask("county", "POST", "holds/decisions", body, key="k" * 20)
            assert (201, {"done": 1, "left": 0}) == (done.status, done.json)
        assert 1 == len(await bureau.events("hold.ended.v1"))
