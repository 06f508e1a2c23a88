"""S4: one source floods; what it sends waits and is not lost, and nobody else is touched.

A thousand in the suite; `make flood` sends ten thousand.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pytest

from shared.db import Database
from tests.integration.intake_site import Site, site
from tests.integration.test_intake_held import BEHIND, RULE, send, told

SERVICE = "intake"
AT_ONCE = 20
OTHERS = 200
# So many of the flood's receipts are opened again.
LOOKED_AT = 20


@dataclass(frozen=True)
class Answered:
    """What one of them heard."""

    flood: bool
    status: int
    submission_id: str
    receipt: str


async def everybody(intake: Site, flood: int) -> list[Answered]:
    """One network sends and sends; between, citizens of as many networks as there are of them."""
    gate, every = asyncio.Semaphore(AT_ONCE), (flood + OTHERS) // OTHERS

    async def one(number: int) -> Answered:
        ours, nth = number % every == 0 and number // every < OTHERS, number // every
        address = f"10.{nth // 250}.{nth % 250}.9" if ours else f"203.0.113.{number % 250}"
        async with gate, await send(intake, address) as answer:
            said: dict[str, Any] = await answer.json()
        assert 201 == answer.status, said
        return Answered(not ours, answer.status, said["submission_id"], said["receipt"]["code"])

    return await asyncio.gather(*map(one, range(flood + OTHERS)))


async def waits(intake: Site, receipt: str) -> str | None:
    """What a receipt says."""
    async with intake.client.get(f"/api/v1/receipts/{receipt}") as answer:
        said: str | None = (await answer.json())["waits"]
    return said


async def test_a_flood_is_held_and_others_are_not(
    database: Database, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each gets a receipt of its own, is stored and told on; only the flood waits for a person."""
    flood: int = pytestconfig.getoption("--flood")
    async with site(database, **BEHIND) as intake:
        await intake.add_unit()
        await intake.refresh()
        began = monotonic()
        sent = await everybody(intake, flood)
        took = monotonic() - began
        reasons = {one["submission_id"]: one["held"] for one in await told(intake)}
        stored = await intake.fetch("SELECT count(*) FROM submissions")
        theirs = [one for one in sent if one.flood]
        looked = [await waits(intake, one.receipt) for one in theirs[-LOOKED_AT:]]
    assert (flood, OTHERS) == (len(theirs), len(sent) - len(theirs))
    assert len(sent) == stored[0][0] == len(reasons) == len({one.receipt for one in sent})
    passed = RULE.limits.address_hour
    assert Counter({None: passed, "address": flood - passed}) == Counter(
        reasons[one.submission_id] for one in theirs
    )
    assert {None} == {reasons[one.submission_id] for one in sent if not one.flood}
    assert ["held"] * LOOKED_AT == looked
    with capsys.disabled():
        print(f"\n{flood} of one source: {flood - passed} held, 0 dropped; {OTHERS} others: 0 held;"
              f" {len(sent)} receipts in {took:.1f} s")  # fmt: skip
