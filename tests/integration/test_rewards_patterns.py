"""Budgets as running totals, and what looks odd among rewards: held, with a reason in words."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest

from services.rewards import approvals, handlers
from services.rewards.rules.entitlement import HoldReason
from services.rewards.rules.payouts import Reward
from services.rewards.store import erasures, usage
from shared.db import Connection
from shared.events import CaseVerified, ContactErased
from shared.policy import Odd
from shared.web.texts import texts
from tests.integration.test_rewards_approvals import ANN, BEN, YES
from tests.integration.test_rewards_decisions import SEAL, advance, again, hear, verified

SERVICE = "rewards"
NOON = datetime(2026, 3, 3, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def of(number: str, **changes: Any) -> CaseVerified:
    """A verdict whose citizen left this number, sealed as it travels."""
    own = uuid4()
    sealed = SEAL.close(number, f"phone:{own}")
    values = {"submission_id": own, "phone_sealed": sealed, "phone_index": f"of {number}"}
    return verified(**values | changes)


async def reasons(conn: Connection, *events: CaseVerified) -> list[str | None]:
    """Why each was held, in the order in which they come; None for what is on its way."""
    made = [await hear(conn, event) for event in events]
    return [reward.reason if reward else "none" for reward in made]


async def left(conn: Connection, reward: Reward) -> tuple[int, int, int]:
    """What others have taken of the month, the unit's month and the day, as this one sees it."""
    used = await usage.get(conn, reward, Odd())
    return used.month_fen, used.unit_month_fen, used.day_fen


async def test_a_phone_at_many_units(conn: Connection) -> None:
    """Rewarded at two units it is nobody's business; at the third within the days it is."""
    events = [of("+8613900010001", unit_code=unit, verified_at=NOON + n * DAY)
              for n, unit in enumerate("aabc")]  # fmt: skip
    found = await reasons(conn, *events[:2], *events[2:])
    assert [None, None, None, "phone_units"] == found


async def test_a_phone_at_many_units_over_a_long_time(conn: Connection) -> None:
    """More than the policy's days apart, they have nothing in common."""
    events = [of("+8613900010001", unit_code=unit, verified_at=NOON + n * 31 * DAY)
              for n, unit in enumerate("abc")]  # fmt: skip
    assert [None] * 3 == await reasons(conn, *events)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["+8613900010001", "+8613900010002", "+8613900010003"], "near_phones"),
        (["+8613900010009", "+8613900010010", "+8613900010011"], "near_phones"),
        (["+8613900009991", "+8613900010000", "+8613900010009"], "near_phones"),
        (["+8613900010001", "+8613900010002", "+8613900010102"], None),
        (["+8613900010001", "+8613900010001", "+8613900010002"], None),
    ],
)
async def test_numbers_in_a_row(conn: Connection, numbers: list[str], expected: str | None) -> None:
    """Three of one ten, or of tens that touch, whatever the units; the same number is one."""
    found = await reasons(conn, *(of(n, unit_code=f"u{i}") for i, n in enumerate(numbers)))
    assert [None, None, expected] == found


async def test_what_lies_in_the_database_tells_no_number(conn: Connection) -> None:
    """The blocks are keyed hashes: nothing of the digits; and they go when the phone goes."""
    event = of("+8613900010001")
    reward = await hear(conn, event)
    assert reward is not None
    assert 3 == len(set(reward.near)) == len(reward.near)
    assert not any("1390001" in block for block in reward.near)
    await advance(conn, reward, "leased", "paid")
    await conn.execute("UPDATE rewards SET act_at = NULL WHERE id = $1", reward.id)
    await handlers.on_contact_erased(
        conn, ContactErased(submission_id=event.submission_id, erased_at=NOON)
    )
    assert 1 == await erasures.erase(conn, 10)
    assert [] == await conn.fetchval("SELECT near FROM rewards WHERE id = $1", reward.id)


async def test_many_rewards_at_one_counter(conn: Connection) -> None:
    """The fifth within a day at counter 3; another counter, and one who names none, go on."""
    events = [of(f"+86139000{n}0001", counters=(3,), verified_at=NOON + n * HOUR)
              for n in range(1, 6)]  # fmt: skip
    assert [*[None] * 4, "counter_rush"] == await reasons(conn, *events)
    others = [of("+8613900080001", counters=(4,), verified_at=NOON),
              of("+8613900090001", verified_at=NOON),
              of("+8613910010001", counters=(3,), unit_code="v", verified_at=NOON),
              of("+8613910020001", counters=(3,), verified_at=NOON + 3 * DAY)]  # fmt: skip
    assert [None] * 4 == await reasons(conn, *others)


async def test_a_unit_has_a_cap_of_the_month(conn: Connection) -> None:
    """Thirty rewards of one unit, over many days; the next is held, another unit's is not."""
    events = [verified(verified_at=NOON + n // 2 * DAY) for n in range(31)]
    assert [*[None] * 30, "unit_month_cap"] == await reasons(conn, *events)
    assert [None] == await reasons(conn, verified(unit_code="v", verified_at=NOON))


async def test_the_bureau_has_a_cap_of_the_day(conn: Connection) -> None:
    """What would be the 101st reward of a day at the bureau is held; the next day's is not."""
    events = [verified(unit_code=f"u{n}", verified_at=NOON) for n in range(101)]
    assert [*[None] * 100, "day_cap"] == await reasons(conn, *events)
    assert [None] == await reasons(conn, verified(verified_at=NOON + DAY))


async def test_totals_run_along(conn: Connection) -> None:
    """Held takes nothing, approved takes, refused gives back; amounts are as the rewards say."""
    mine = await hear(conn, verified(verified_at=NOON))
    assert mine is not None
    assert (0, 0, 0) == await left(conn, mine)
    event = verified(verified_at=NOON)
    other = await hear(conn, event)
    assert other is not None
    assert (2000, 2000, 2000) == await left(conn, mine)
    held = await approvals.hold(conn, other, ANN, "odd")
    assert (0, 0, 0) == await left(conn, mine)
    await approvals.decide(conn, held, BEN, YES)
    assert (2000, 2000, 2000) == await left(conn, mine)
    await hear(conn, again(event, verdict="helped"))
    assert (0, 0, 0) == await left(conn, mine)
    elsewhere = await hear(conn, verified(unit_code="v", verified_at=NOON + DAY))
    assert elsewhere is not None
    assert (2000, 0, 0) == await left(conn, mine)
    counted = """SELECT scope, key, since, count(*)::int AS number, sum(amount_fen) AS fen
                 FROM (SELECT 'month' AS scope, '' AS key, month AS since, amount_fen, state
                       FROM rewards UNION ALL
                       SELECT 'unit_month', unit_code, month, amount_fen, state FROM rewards
                       UNION ALL SELECT 'day', '', day, amount_fen, state FROM rewards) all_of_it
                 WHERE takes_a_place(state) GROUP BY 1, 2, 3"""
    running = "SELECT scope, key, since, number, fen FROM taken WHERE number <> 0"
    assert await conn.fetchval(f"SELECT count(*) FROM ({counted} EXCEPT {running}) a") == 0
    assert await conn.fetchval(f"SELECT count(*) FROM ({running} EXCEPT {counted}) a") == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_is_told_in_words(lang: str) -> None:
    """Whatever holds a reward, an approver reads why."""
    assert {f"held_{reason}" for reason in get_args(HoldReason)} <= set(texts(lang).forms)
