"""For tests: verdicts with the changes that matter."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from services.scoring import handlers
from shared import policy
from shared.events import CaseVerified, UnitChanged

POLICIES = policy.load(Path("deploy/policy.toml"))
DAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
UNIT = "411702001"
on_case_verified = partial(handlers.on_case_verified, POLICIES)


def unit(name: str = "窗口", version: int = 1) -> UnitChanged:
    """The unit that the verdicts are about, in a county of the city."""
    return UnitChanged(
        unit_code=UNIT, name=name, parent="驿城区", path=("411700", "411702", UNIT), kind="vehicle",
        counters=1, active=True, version=version,
    )  # fmt: skip


def verdict(case_id: UUID, revision: int = 1, **changes: Any) -> CaseVerified:
    """A verdict, substantiated against one officer unless told otherwise."""
    content = {
        "case_id": case_id,
        "submission_id": case_id,
        "incident_id": case_id,
        "revision": revision,
        "kind": "complaint",
        "unit_code": UNIT,
        "categories": ("cold_attitude",),
        "verdict": "substantiated",
        "attribution": "officers",
        "officers": ("170001",),
        "answer_sealed": None,
        "phone_sealed": None,
        "phone_index": None,
        "language": "zh",
        "received_at": DAY,
        "verified_at": DAY + timedelta(hours=5),
        "handed_at": DAY + timedelta(hours=4),
        "due_at": DAY + timedelta(hours=14),
    }
    return CaseVerified.model_validate(content | changes)


def cleared(case_id: UUID, revision: int) -> CaseVerified:
    """The case turned out to be unfounded."""
    return verdict(case_id, revision, verdict="unsubstantiated", attribution="none", officers=())
