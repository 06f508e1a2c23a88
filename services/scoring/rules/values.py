"""What the rules work on: facts, what they demand of whom and why, and the changes to write."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from shared.events import AppealState, Attribution, CaseVerified, Verdict

ScopeKind = Literal["case", "officer", "unit"]


@dataclass(frozen=True)
class Fact:
    """The highest revision of one case's verdict."""

    case_id: UUID
    revision: int
    kind: str
    unit_code: str
    incident_id: UUID
    verdict: Verdict
    attribution: Attribution
    officers: tuple[str, ...]
    categories: tuple[str, ...]
    received_at: datetime
    verified_at: datetime
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: CaseVerified) -> Self:
        """As the event tells it."""
        return cls(
            event.case_id,
            event.revision,
            event.kind,
            event.unit_code,
            event.incident_id,
            event.verdict,
            event.attribution,
            tuple(event.officers),
            tuple(event.categories),
            event.received_at,
            event.verified_at,
            tuple(event.named),
        )

    @property
    def counts(self) -> bool:
        """Whether assessment applies 「經核查屬實」: complaints only; `partly` counts as well."""
        return self.kind == "complaint" and self.verdict in ("substantiated", "partly")

    @property
    def marked(self) -> tuple[str, ...]:
        """Rules 7 and 13: the named officers; nobody where only the unit answers for it."""
        return self.officers if self.counts and self.attribution == "officers" else ()

    @property
    def cleared(self) -> tuple[str, ...]:
        """Rule 17: whom a complaint named that turned out to be unfounded."""
        unfounded = self.kind == "complaint" and self.verdict == "unsubstantiated"
        return self.named if unfounded else ()


@dataclass(frozen=True, order=True)
class Scope:
    """Which facts a rule looks at together: those of a case, of an officer, or of a unit."""

    kind: ScopeKind
    id: str

    def holds(self, fact: Fact) -> bool:
        """Whether a fact belongs here; to a unit and its officers only those that count."""
        match self.kind:
            case "case":
                return self.id == str(fact.case_id)
            case "officer":
                return self.id in fact.marked
            case "unit":
                return fact.counts and self.id == fact.unit_code


@dataclass(frozen=True, order=True)
class Subject:
    """Of whom something is demanded."""

    kind: Literal["unit", "officer"]
    id: str


@dataclass(frozen=True)
class Cause:
    """By which rule and from which facts; a strike also says for which incident."""

    rule: str
    scope: Scope
    incident_id: UUID | None = None


@dataclass(frozen=True)
class Demand:
    """What the facts demand to be in force.

    `period` is a calendar year (`2026`), quarter (`2026-Q1`) or month (`2026-03`) at the bureau,
    where the rule counts within one. `centipoints` are taken from the subject, a unit, if any.
    `edition` names the policy that demands it, by the day from which it is in force.
    """

    subject: Subject
    cause: Cause
    period: str | None = None
    centipoints: int = 0
    edition: date | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Change:
    """A demand that comes into force (+1) or is taken back (−1), and the cases it counts."""

    demand: Demand
    delta: Literal[1, -1]
    case_ids: tuple[UUID, ...]

    @property
    def delta_centipoints(self) -> int:
        """Of the subject's balance: negative for a deduction."""
        return -self.delta * self.demand.centipoints


@dataclass(frozen=True)
class Appeal:
    """An officer's appeal against the verdict of this revision."""

    case_id: UUID
    badge: str
    revision: int
    state: AppealState
    due_at: datetime

    def holds(self, fact: Fact) -> bool:
        """Whether a verdict's mark is still in question.

        What is overturned is so until its new verdict is there, which may wait for a second look.
        """
        gone = fact.case_id != self.case_id or self.badge not in fact.marked
        over = self.state == "overturned" and fact.revision > self.revision
        return not (gone or over or self.state == "upheld")


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
