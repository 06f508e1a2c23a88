"""The bureau's rules as numbers: `deploy/policy.toml`, checked and effective-dated.

A case is judged by the policy in force on the day it was received.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from shared.errors import Misconfigured
from shared.policy import file
from shared.policy.guards import Limits, Opening, Praise
from shared.policy.kinds import MISTAKE, Day, Zone, mistake
from shared.policy.parts import (
    Appeal,
    Assessment,
    Assignment,
    Calendar,
    Callback,
    Category,
    Consent,
    Incident,
    Level,
    Named,
    Papers,
    Part,
    Privacy,
    Prominent,
    Reward,
    Strikes,
    Supervision,
    UnknownOfficer,
    Urgent,
    Verification,
)
from shared.policy.waiting import Acknowledgement, Progress
from shared.values import clock

__all__ = ["Callback", "Incident", "Level", "Policies", "Policy", "Reward", "Verification", "load"]


class Policy(Part):
    """All rules in force from a day on."""

    effective_from: Day
    timezone: Zone
    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    callback: Callback
    verification: Verification
    acknowledgement: Acknowledgement = Acknowledgement()
    progress: Progress = Progress()
    assignment: Assignment = Assignment()
    incident: Incident
    supervision: Supervision
    papers: Papers = Papers()
    reward: Reward
    assessment: Assessment
    strikes: Strikes
    prominent: Prominent
    unknown_officer: UnknownOfficer
    appeal: Appeal
    privacy: Privacy
    urgent: Urgent
    limits: Limits
    praise: Praise
    opening: Opening
    calendar: Calendar
    consent: Consent
    call_languages: Annotated[tuple[Named, ...], Field(min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _every_category_has_its_points(self) -> Self:
        keys = [category.key for category in self.categories]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise mistake("categories", f"{min(twice)} stands there twice")
        for table in ("officers_centipoints", "unit_centipoints"):
            given = getattr(self.assessment, table).keys()
            if lacking := set(keys) - given:
                raise mistake(f"assessment.{table}.{min(lacking)}", "missing")
            if strange := given - set(keys):
                raise mistake(f"assessment.{table}.{min(strange)}", "not one of categories")
        return self

    @model_validator(mode="after")
    def _every_level_has_its_key(self) -> Self:
        if twice := {key for key in self.level_keys if self.level_keys.count(key) > 1}:
            raise mistake("levels", f"{min(twice)} stands there twice")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The bureau's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def level_keys(self) -> tuple[str, ...]:
        """The levels of the tree from the root's down to the units'."""
        return tuple(level.key for level in self.levels)

    @model_validator(mode="after")
    def _every_call_language_has_its_key(self) -> Self:
        keys = [language.key for language in self.call_languages]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise mistake("call_languages", f"{min(twice)} stands there twice")
        return self

    @cached_property
    def category_keys(self) -> frozenset[str]:
        """The keys a complaint may name."""
        return frozenset(category.key for category in self.categories)

    @property
    def call_language_keys(self) -> frozenset[str]:
        """The keys of what may be spoken on the phone."""
        return frozenset(language.key for language in self.call_languages)

    def reasons(self, categories: Sequence[str], satisfaction: int | None) -> tuple[int, ...]:
        """The national codes of these categories at a level, each once."""
        if satisfaction is None or not categories:
            return ()
        codes = (c.codes[str(satisfaction)] for c in self.categories if c.key in categories)
        return tuple(dict.fromkeys(chain.from_iterable(codes)))

    def is_serious(self, categories: Sequence[str]) -> bool:
        """Whether one of them bypasses the unit."""
        return any(c.serious for c in self.categories if c.key in categories)


@dataclass(frozen=True)
class Policies:
    """All policies, oldest first."""

    editions: Sequence[Policy]

    @property
    def level_keys(self) -> tuple[str, ...]:
        """The levels of the tree as the newest policy names them: a directory has only one tree."""
        return self.editions[-1].level_keys

    def at(self, received_at: datetime) -> Policy:
        """The policy in force when a case was received; the oldest for anything before it."""
        if len(self.editions) == 1:
            return self.editions[0]
        day = clock.service_day(received_at, self.editions[-1].zone)
        in_force = [p for p in self.editions if p.effective_from <= day]
        return in_force[-1] if in_force else self.editions[0]

    def from_now(self, now: datetime) -> Sequence[Policy]:
        """The policy in force, and those that are still to come."""
        first = self.editions.index(self.at(now))
        return self.editions[first:]


def load(path: Path) -> Policies:
    """Read a policy file. Misconfigured says in one line each: file, edition, key, mistake."""
    mistakes: list[str] = []
    editions: list[Policy] = []
    for number, content in enumerate(file.read(path), 1):
        try:
            editions.append(Policy.model_validate(content))
        except ValidationError as error:
            where = f"{path}: {file.name_of(content, number)}"
            mistakes += [f"{where}: {_told(e)}" for e in error.errors()]
    editions.sort(key=lambda edition: edition.effective_from)
    for one, other in pairwise(editions):
        if one.effective_from == other.effective_from:
            mistakes.append(f"{path}: policy of {one.effective_from}: effective_from: stands twice")
    if mistakes:
        raise Misconfigured("\n".join(mistakes))
    return Policies(editions)


def _told(error: Any) -> str:
    key, told = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    if error["type"] == MISTAKE:
        return f"{key}.{told}" if key else str(told)
    return f"{key}: {told}"
