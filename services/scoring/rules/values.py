"""What the rules work on: points taken, marks on officers, and the plan of what to write."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Reason = Literal["substantiated", "partly", "accountability", "transfer"]


@dataclass(frozen=True)
class Deduction:
    """Taken from a unit; `badge` where it is for an officer's second or third strike."""

    unit_code: str
    reason: Reason
    centipoints: int
    badge: str | None = None


@dataclass(frozen=True)
class Mark:
    """An officer named in a substantiated case. All marks of one incident are one strike."""

    badge: str
    case_id: UUID
    incident_id: UUID
    unit_code: str
    received_at: datetime


@dataclass(frozen=True)
class Strike:
    """An incident for which an officer was marked, under its earliest complaint.

    `number` is which one it is within the policy's window 「年內…次數」.
    """

    first: Mark
    case_ids: tuple[UUID, ...]
    number: int


@dataclass(frozen=True)
class Entry:
    """One line for a unit's ledger, and the cases that it counts."""

    deduction: Deduction
    compensates: bool
    case_ids: tuple[UUID, ...]

    @property
    def delta_centipoints(self) -> int:
        """Negative for a deduction."""
        return self.deduction.centipoints * (1 if self.compensates else -1)


@dataclass(frozen=True)
class Before:
    """What is in force: `deductions` and `marks` of the case, `officers_marks` and `extras` of all
    officers that the case named or names, whether the case is under a criticism."""

    deductions: Counter[Deduction]
    marks: frozenset[Mark]
    officers_marks: frozenset[Mark]
    extras: Counter[Deduction]
    criticised: bool


@dataclass(frozen=True)
class Plan:
    """What to write."""

    marks_added: frozenset[Mark]
    marks_withdrawn: frozenset[Mark]
    entries: tuple[Entry, ...]
    criticism: Literal["issue", "withdraw"] | None
