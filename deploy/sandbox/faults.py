"""Faults on demand: what can be armed, and whether one strikes now."""

import random
import sqlite3
from collections.abc import Set
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.book import Book

Kind = Literal[
    "drop_answer",
    "drop_before",
    "delay",
    "http_500_before",
    "http_500_after",
    "garbage",
    "truncated",
    "duplicate_callback",
    "forged_callback",
    "no_callback",
    "reorder_callbacks",
    "late_reversal",
    "empty_wallet",
    "stale_look_up",
    "statement_missing_row",
    "statement_extra_row",
]
BEFORE: Set[Kind] = {"drop_before", "http_500_before"}
AFTER: Set[Kind] = {"drop_answer", "http_500_after", "garbage", "truncated"}
AIRTIME_ONLY: Set[Kind] = {
    "late_reversal", "stale_look_up", "statement_missing_row", "statement_extra_row",
}  # fmt: skip
DEFAULT_DELAY: dict[Kind, float] = {"delay": 2.0, "late_reversal": 1.0, "reorder_callbacks": 3.0}


class Fault(BaseModel):
    """An armed fault. It strikes with ``probability``, at most ``count`` times (None: always).

    ``path`` must occur in the request's path, or in the callback's address. ``delay_s`` is the
    waiting time of ``delay``, ``late_reversal`` and ``reorder_callbacks``. With ``seed`` the same
    sequence of requests is struck in the same places, also across a restart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    kind: Kind
    probability: float = Field(1.0, ge=0, le=1)
    count: int | None = Field(None, ge=1)
    seed: int | None = None
    path: str | None = Field(None, min_length=1)
    delay_s: float | None = Field(None, ge=0, le=600)

    @property
    def wait(self) -> float:
        """Seconds to wait, before scaling."""
        return DEFAULT_DELAY.get(self.kind, 0.0) if self.delay_s is None else self.delay_s

    def hits(self, draw: int | str) -> bool:
        """The same answer for the same seed and draw, in any process."""
        return random.Random(f"{self.seed}:{draw}").random() < self.probability


class Armed(BaseModel):
    """A fault in the book, with how often it was tried and struck."""

    id: int
    draws: int
    fired: int
    fault: Fault

    def may_strike(self, vendor: str, kinds: Set[Kind], path: str) -> bool:
        """Whether this fault is meant for the occasion and not used up."""
        spec = self.fault
        meant = spec.vendor == vendor and spec.kind in kinds and (spec.path or "") in path
        return meant and (spec.count is None or self.fired < spec.count)


class FaultBox:
    """The armed faults; they live in the book and so survive a kill."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def arm(self, fault: Fault) -> Armed:
        """Add a fault after the ones already armed; without a seed it gets a random one."""
        seed = random.SystemRandom().getrandbits(32) if fault.seed is None else fault.seed
        seeded = fault.model_copy(update={"seed": seed})
        with self._book.writing() as db:
            added = db.execute("INSERT INTO faults (spec) VALUES (?)", (seeded.model_dump_json(),))
        return Armed(id=added.lastrowid or 0, draws=0, fired=0, fault=seeded)

    def all(self) -> list[Armed]:
        """Every armed fault, oldest first."""
        return [armed(row) for row in self._book.db.execute("SELECT * FROM faults ORDER BY id")]

    def clear(self) -> int:
        """Disarm all; how many there were."""
        with self._book.writing() as db:
            return db.execute("DELETE FROM faults").rowcount

    def strike(self, vendor: str, kinds: Set[Kind], path: str = "") -> Fault | None:
        """The first armed fault that strikes now. Joins the caller's transaction if one is open."""
        for candidate in self.all():
            if candidate.may_strike(vendor, kinds, path):
                hit = candidate.fault.hits(candidate.draws)
                self._book.db.execute(
                    "UPDATE faults SET draws = draws + 1, fired = fired + ? WHERE id = ?",
                    (int(hit), candidate.id),
                )
                if hit:
                    return candidate.fault
        return None

    def standing(self, vendor: str, kind: Kind) -> list[Fault]:
        """Faults of a document, which must spoil every copy of it alike: nothing is used up."""
        return [a.fault for a in self.all() if (a.fault.vendor, a.fault.kind) == (vendor, kind)]


def armed(row: sqlite3.Row) -> Armed:
    """A row of the book as a value."""
    fault = Fault.model_validate_json(row["spec"])
    return Armed(id=row["id"], draws=row["draws"], fired=row["fired"], fault=fault)
