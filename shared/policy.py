"""The bureau's rules as numbers: `deploy/policy.toml`, checked and effective-dated.

A case is judged by the policy in force on the day it was received.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Misconfigured
from shared.events import Verdict
from shared.values import clock

Count = Annotated[int, Field(ge=1)]
Amount = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=100)]


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

    cutoff: time
    attempts: Count
    spacing_minutes: Amount


class Verification(_Part):
    """Rule 5."""

    cutoff: time
    extensions: Amount
    extension_days: Count
    second_review_verdicts: frozenset[Verdict]
    second_review_days: Count
    sample_percent: Percent


class Supervision(_Part):
    """Rule 6."""

    repeat_hours: Count
    levels: tuple[str, ...]
    copy_first_to: str


class Reward(_Part):
    """Rule 8; amounts in fen."""

    amount_fen: Count
    days: Count
    verdicts: frozenset[Verdict]
    per_phone_per_incident: Count
    per_incident: Count
    per_phone_month_fen: Amount
    budget_month_fen: Amount


class Assessment(_Part):
    """Rules 7 and 13; deductions in centipoints by category."""

    partly_percent: Percent
    officers_centipoints: dict[str, Amount]
    unit_centipoints: dict[str, Amount]


class Strikes(_Part):
    """Rules 10 and 11."""

    window: Literal["calendar_year", "rolling_365_days"]
    accountability_at: Count
    transfer_at: Count
    accountability_centipoints: Amount
    transfer_centipoints: Amount


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

    officer_working_days: Count
    officer_times: Amount
    citizen_days: Count
    citizen_times: Amount


class Urgent(_Part):
    """Rule 3."""

    words: tuple[str, ...]


class Category(_Part):
    """A kind of complaint, by key, in both languages."""

    key: str
    zh: str
    en: str


class Policy(_Part):
    """All rules in force from a day on."""

    effective_from: date
    timezone: Annotated[str, AfterValidator(_known_zone)]
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
    categories: tuple[Category, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The bureau's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def category_keys(self) -> frozenset[str]:
        """The keys a complaint may name."""
        return frozenset(category.key for category in self.categories)


@dataclass(frozen=True)
class Policies:
    """All policies, oldest first."""

    editions: Sequence[Policy]

    def at(self, received_at: datetime) -> Policy:
        """The policy in force when a case was received; the oldest for anything before it."""
        day = clock.service_day(received_at, self.editions[-1].zone)
        in_force = [p for p in self.editions if p.effective_from <= day]
        return in_force[-1] if in_force else self.editions[0]


class _File(_Part):
    policy: Annotated[tuple[Policy, ...], Field(min_length=1)]


def load(path: Path) -> Policies:
    """Read a policy file. Misconfigured names the file, and every wrong key in one line each."""
    try:
        content = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}; set MASHANG_POLICY_FILE") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Misconfigured("\n".join(lines)) from None
    policies = Policies(sorted(content.policy, key=lambda p: p.effective_from))
    for edition in policies.editions:
        _check_points(path, edition)
    return policies


def _check_points(path: Path, policy: Policy) -> None:
    for name in ("officers_centipoints", "unit_centipoints"):
        table: dict[str, int] = getattr(policy.assessment, name)
        if wrong := policy.category_keys.symmetric_difference(table):
            keys = ", ".join(sorted(wrong))
            raise Misconfigured(
                f"{path}: policy of {policy.effective_from}: assessment.{name} and categories"
                f" must have the same keys; they differ in: {keys}"
            )
