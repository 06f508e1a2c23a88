"""The bureau's rules as numbers: `deploy/policy.toml`, checked and effective-dated.

A case is judged by the policy in force on the day it was received.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared import policy_file
from shared.errors import Misconfigured
from shared.events import Verdict
from shared.policy_kinds import (
    MISTAKE,
    Amount,
    Centipoints,
    Count,
    Cutoff,
    Day,
    Days,
    Fen,
    Hours,
    Key,
    Minutes,
    MonthFen,
    Percent,
    Text,
    mistake,
    once,
)
from shared.values import clock, text


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no such time zone: {name}") from None
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Callback(_Part):
    """Rule 4."""

    cutoff: Cutoff
    attempts: Count
    spacing_minutes: Minutes


class Verification(_Part):
    """Rule 5."""

    cutoff: Cutoff
    extensions: Amount
    extension_days: Days
    second_review_verdicts: frozenset[Verdict]
    second_review_days: Days
    sample_percent: Percent


class Supervision(_Part):
    """Rule 6."""

    repeat_hours: Hours
    levels: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    copy_first_to: str

    @model_validator(mode="after")
    def _copy_goes_to_a_level(self) -> Self:
        if self.copy_first_to not in self.levels:
            raise mistake("copy_first_to", f"{self.copy_first_to} is not one of levels")
        return self


class Reward(_Part):
    """Rule 8; amounts in fen."""

    amount_fen: Fen
    days: Days
    verdicts: Annotated[frozenset[Verdict], Field(min_length=1)]
    per_phone_per_incident: Count
    per_incident: Count
    per_phone_month_fen: MonthFen
    budget_month_fen: MonthFen


class Assessment(_Part):
    """Rules 7 and 13; deductions in centipoints by category."""

    partly_percent: Percent
    officers_centipoints: dict[str, Centipoints]
    unit_centipoints: dict[str, Centipoints]


class Strikes(_Part):
    """Rules 10 and 11."""

    window: Literal["calendar_year", "rolling_365_days"]
    accountability_at: Count
    transfer_at: Count
    accountability_centipoints: Centipoints
    transfer_centipoints: Centipoints

    @model_validator(mode="after")
    def _transfer_comes_after_accountability(self) -> Self:
        if self.transfer_at <= self.accountability_at:
            raise mistake("transfer_at", "should be more than accountability_at")
        return self


class Prominent(_Part):
    """Rule 12."""

    incidents: Count
    months: Count


class UnknownOfficer(_Part):
    """Rule 13."""

    cases: Count
    period: Literal["calendar_quarter"]


class Appeal(_Part):
    """Rule 15."""

    officer_working_days: Days
    officer_times: Amount
    citizen_days: Days
    citizen_times: Amount


class Urgent(_Part):
    """Rule 3."""

    words: Annotated[tuple[Text, ...], AfterValidator(once)]

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words as they are compared."""
        return tuple(filter(None, map(text.keyword, self.words)))


class Category(_Part):
    """A kind of complaint, by key, in both languages."""

    key: Key
    zh: Text
    en: Text


class Level(_Part):
    """A level of the tree of places, by key, in both languages."""

    key: Key
    zh: Text
    en: Text


class Policy(_Part):
    """All rules in force from a day on."""

    effective_from: Day
    timezone: Annotated[str, AfterValidator(_known_zone)]
    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    callback: Callback
    verification: Verification
    supervision: Supervision
    reward: Reward
    assessment: Assessment
    strikes: Strikes
    prominent: Prominent
    unknown_officer: UnknownOfficer
    appeal: Appeal
    urgent: Urgent
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

    @property
    def zone(self) -> ZoneInfo:
        """The bureau's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def level_keys(self) -> tuple[str, ...]:
        """The levels of the tree from the root's down to the units'."""
        return tuple(level.key for level in self.levels)

    @property
    def category_keys(self) -> frozenset[str]:
        """The keys a complaint may name."""
        return frozenset(category.key for category in self.categories)


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
        day = clock.service_day(received_at, self.editions[-1].zone)
        in_force = [p for p in self.editions if p.effective_from <= day]
        return in_force[-1] if in_force else self.editions[0]


def load(path: Path) -> Policies:
    """Read a policy file. Misconfigured says in one line each: file, edition, key, mistake."""
    mistakes: list[str] = []
    editions: list[Policy] = []
    for number, content in enumerate(policy_file.read(path), 1):
        try:
            editions.append(Policy.model_validate(content))
        except ValidationError as error:
            where = f"{path}: {policy_file.name_of(content, number)}"
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
