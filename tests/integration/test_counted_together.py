"""What scoring and intake hear in batches: the same rows as one after the other."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from services.intake.follow import handlers as intake
from services.scoring import handlers as scoring
from shared import policy
from shared.bus.handling import Bulk, Heard
from shared.db import Connection, Database
from shared.events import CaseOpened, Event, SubmissionReceived
from tests.conftest import ROOT, Clone
from tests.samples import SAMPLES

POLICIES = policy.load(ROOT / "deploy" / "policy.toml")
RECEIVED = next(event for event in SAMPLES if isinstance(event, SubmissionReceived))
OPENED = next(event for event in SAMPLES if isinstance(event, CaseOpened))


async def submissions(conn: Connection, heard: Sequence[Heard[SubmissionReceived]]) -> None:
    """Scoring's handler, by the policy as shipped."""
    await scoring.on_submissions_received(POLICIES, conn, heard)


def told(event: Event, number: int, **changed: object) -> Event:
    """About a submission and a case of its own."""
    own: dict[str, object] = {"submission_id": UUID(int=number), "case_id": UUID(int=number)}
    fields = {name: value for name, value in own.items() if name in type(event).model_fields}
    return event.model_copy(update=fields | changed)


RATED = [
    told(RECEIVED, n, kind="rating", satisfaction=level, officer_badge=badge, held=held)
    for n, (level, badge, held) in enumerate(
        [(5, "170001", None), (5, None, None), (1, None, None), (4, "170002", "burst")] * 3, 1
    )
]  # fmt: skip
CASES = [told(OPENED, n) for n in range(1, 13)]
HEARD: list[tuple[str, Bulk[Any], Sequence[Event], Sequence[str]]] = [
    ("scoring", Bulk(submissions), RATED, ("submissions", "commendations")),
    ("scoring", Bulk(scoring.on_cases_opened), CASES, ("cases",)),
    ("intake", Bulk(intake.on_cases_opened), CASES, ("timeline", "story_news")),
]
NAMES = ["submissions counted", "cases counted", "stories continued"]


async def left(
    database: Database, tables: Sequence[str], bulk: Bulk[Any], batches: Sequence[Sequence[Event]]
) -> list[list[Any]]:
    """The rows that these batches leave; then they are undone."""
    async with database.acquire() as conn:
        undone = conn.transaction()
        await undone.start()
        for batch in batches:
            await bulk.many(conn, [Heard(event) for event in batch])
        rows = [
            await conn.fetch(
                f"SELECT to_jsonb(t) - '{{stored_at,number}}'::text[] AS row FROM {name} t"
                " ORDER BY submission_id"
            )
            for name in tables
        ]
        await undone.rollback()
    return [[row["row"] for row in found] for found in rows]


@pytest.mark.parametrize(("service", "bulk", "events", "tables"), HEARD, ids=NAMES)
async def test_together_is_one_by_one(
    clone: Clone, service: str, bulk: Bulk[Any], events: Sequence[Event], tables: Sequence[str]
) -> None:
    """Twelve events, one of them twice, and all of them once more."""
    database = await Database.connect(await clone(service), service, 2)
    together = await left(database, tables, bulk, [[*events, events[0]], events])
    apart = await left(database, tables, bulk, [[event] for event in (*events, *events)])
    assert all(together)
    assert apart == together
    await database.close()
