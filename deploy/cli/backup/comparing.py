"""What the services know of each other, compared: what one has told that another never heard of.

By events: whatever left a service since a moment has been handled by everybody who hears it, or
waits there. And by what they hold, which reaches further back than events are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from deploy.cli import surroundings
from services.intake import commands as intake
from services.rewards import commands as rewards
from services.scoring import commands as scoring
from services.verification import commands as verification
from shared import flows
from shared.bus import sent
from shared.flows import SERVICES, Flow

AGO = timedelta(days=3)
SHOWN = 5


class Check(NamedTuple):
    """What one service holds of which another must hold the same, under its own name."""

    told: str
    by: str
    known: str
    to: str


CHECKS = (
    Check("matter", "intake", "submission", "verification"),
    Check("submission", "intake", "submission", "scoring"),
    Check("case's submission", "verification", "submission", "intake"),
    Check("case", "verification", "case", "scoring"),
    Check("verdict", "verification", "verdict", "rewards"),
    Check("verdict", "verification", "verdict", "scoring"),
    Check("reward", "rewards", "reward", "scoring"),
    Check("rewarded verdict", "rewards", "verdict", "verification"),
)
TOLD = {"intake": intake.TOLD, "verification": verification.TOLD, "rewards": rewards.TOLD}
KNOWN = {
    "intake": intake.KNOWN,
    "verification": verification.KNOWN,
    "rewards": rewards.KNOWN,
    "scoring": scoring.KNOWN,
}


@dataclass(frozen=True)
class Gap:
    """What `service` does not know, of what `by` has told."""

    service: str
    what: str
    by: str
    ids: Sequence[UUID]


async def compare(since: datetime | None = None) -> tuple[list[Gap], Mapping[str, int]]:
    """All gaps since a moment, and how many events wait in each outbox for their relay."""
    since = since or datetime.now(UTC) - AGO
    left: dict[str, dict[UUID, str]] = {}
    waiting: dict[str, int] = {}
    for service in SERVICES:
        async with surroundings.connection(service) as conn:
            left[service] = await sent.list_ids(conn, since)
            waiting[service] = await conn.fetchval("SELECT count(*) FROM outbox")
    gaps: list[Gap] = []
    for service in SERVICES:
        asked = expected(service, left)
        async with surroundings.connection(service) as conn:
            heard = await sent.list_heard(conn, service, list(asked))
        gaps += unheard(service, asked, heard)
    return [*gaps, *[gap for check in CHECKS if (gap := await _look(check, since))]], waiting


async def _look(check: Check, since: datetime) -> Gap | None:
    async with surroundings.connection(check.by) as conn:
        told = {row[0] for row in await conn.fetch(TOLD[check.by][check.told], since)}
    async with surroundings.connection(check.to) as conn:
        known = {row[0] for row in await conn.fetch(KNOWN[check.to][check.known], list(told))}
    missing = sorted(told - known)
    return Gap(check.to, check.told, check.by, missing) if missing else None


def expected(
    service: str,
    left: Mapping[str, Mapping[UUID, str]],
    known: Sequence[Flow] = flows.FLOWS,
) -> dict[UUID, str]:
    """What it must have heard: the types by id."""
    hears = {(flow.producer, flow.event.TYPE) for flow in known if service in flow.consumers}
    return {
        event_id: kind
        for producer, events in left.items()
        for event_id, kind in events.items()
        if (producer, kind) in hears
    }


def unheard(service: str, asked: Mapping[UUID, str], heard: Collection[UUID]) -> Iterator[Gap]:
    """By type, what is not among what it heard."""
    missing: dict[str, list[UUID]] = {}
    for event_id, kind in asked.items():
        if event_id not in heard:
            missing.setdefault(kind, []).append(event_id)
    for kind, ids in sorted(missing.items()):
        yield Gap(service, kind, flows.producer_of(flows.EVENTS[kind]), sorted(ids))


def told(gaps: Sequence[Gap], waiting: Mapping[str, int]) -> Iterator[str]:
    """A line each, and one for what is on its way."""
    for service, count in waiting.items():
        if count:
            yield f"{service}: {count} events wait in its outbox and leave when it runs"
    for gap in gaps:
        ids = ", ".join(map(str, gap.ids[:SHOWN]))
        more = f" and {len(gap.ids) - SHOWN} more" if len(gap.ids) > SHOWN else ""
        yield f"{gap.service} lacks {len(gap.ids)} × {gap.what} of {gap.by}: {ids}{more}"
    if not gaps:
        yield "nothing is missing"
