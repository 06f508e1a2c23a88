"""A case as the recount tells it: its verdicts, its clock, its callback."""

from dataclasses import dataclass, field
from datetime import datetime

from deploy.simulate.facts import TRUE, Called, Filed, Judged, Rated
from deploy.simulate.recount.edition import Edition

VIRTUAL = ("162", "165", "167", "170", "171")


@dataclass
class Span:
    """A verification that ran from a moment on, due at a time, until something stopped it."""

    begins: datetime
    due: datetime
    ends: datetime | None = None


@dataclass(frozen=True)
class Effect:
    """A verdict took effect: the `order` of it among all facts, and after how many spans."""

    order: int
    at: datetime
    revision: int
    ruling: Judged
    spans: int


@dataclass
class Story:
    """A case."""

    case: str
    filed: Filed
    edition: Edition
    phone: str
    incident: str
    state: str = "open"
    verdicts: list[Judged] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    confirmed: bool = False
    splits: int = 0
    callback: str = "open"
    callback_due: datetime | None = None
    tries: list[datetime] = field(default_factory=list)
    calls: list[tuple[Called, datetime, str]] = field(default_factory=list)
    rating: Rated | None = None
    withdrawn: bool = False

    @property
    def complaint(self) -> bool:
        """Only complaints enter penalties and rewards (rule 3)."""
        return self.filed.kind == "complaint"

    def due(self, since: datetime, part: str) -> datetime:
        """When a duty that begins at a moment is due."""
        pressed = self.filed.kind == "pressure"
        urgent = pressed or self.edition.urgent(self.filed.kind, self.filed.words)
        return self.edition.due(since, part, self.filed.categories, urgent=urgent)

    @property
    def ruling(self) -> Judged | None:
        """The verdict in force."""
        return self.effects[-1].ruling if self.effects else None

    @property
    def counts(self) -> bool:
        """A complaint that was found true 「經核查屬實」."""
        return self.complaint and self.ruling is not None and self.ruling.verdict in TRUE


@dataclass(frozen=True)
class Merge:
    """Cases changed their incident: the `order` of it among all facts."""

    order: int
    at: datetime
    cases: tuple[str, ...]
    before: tuple[str, ...]
    incident: str


def mobile(phone: str) -> bool:
    """Whether it is a mainland mobile, which takes SMS."""
    return phone.startswith("+861") and len(phone) == len("+86") + 11


def airtime(phone: str) -> bool:
    """Whether a phone gets airtime: a mobile of one of the three operators."""
    return mobile(phone) and not phone.removeprefix("+86").startswith(VIRTUAL)
