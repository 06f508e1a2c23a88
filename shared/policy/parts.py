"""The sections of a policy, each with the number of its rule."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.events import Verdict
from shared.policy.kinds import (
    Amount,
    Centipoints,
    Count,
    Cutoff,
    Days,
    Fen,
    Hours,
    KeptDays,
    Key,
    Minutes,
    MonthFen,
    Percent,
    Text,
    mistake,
    once,
)
from shared.values import text


class Part(BaseModel):
    """A section: every key known, nothing changed after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Callback(Part):
    """Rule 4."""

    cutoff: Cutoff
    attempts: Count
    spacing_minutes: Minutes


class Verification(Part):
    """Rule 5."""

    cutoff: Cutoff
    extensions: Amount
    extension_days: Days
    second_review_verdicts: frozenset[Verdict]
    second_review_days: Days
    sample_percent: Percent
    withdrawn_sample_percent: Percent = 30


class Incident(Part):
    """Rules 8 and 10: complaints about one event are one incident, not one for each."""

    days: Annotated[int, Field(strict=True, ge=1, le=31)]
    likeness_percent: Annotated[int, Field(strict=True, ge=1, le=100)]


class Supervision(Part):
    """Rule 6."""

    repeat_hours: Hours
    levels: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    copy_first_to: str

    @model_validator(mode="after")
    def _copy_goes_to_a_level(self) -> Self:
        if self.copy_first_to not in self.levels:
            raise mistake("copy_first_to", f"{self.copy_first_to} is not one of levels")
        return self


class Reward(Part):
    """Rule 8; amounts in fen."""

    amount_fen: Fen
    days: Days
    verdicts: Annotated[frozenset[Verdict], Field(min_length=1)]
    per_phone_per_incident: Count
    per_incident: Count
    per_phone_month_fen: MonthFen
    budget_month_fen: MonthFen

    @model_validator(mode="after")
    def _one_fits_the_month(self) -> Self:
        for name in ("per_phone_month_fen", "budget_month_fen"):
            if getattr(self, name) < self.amount_fen:
                raise mistake(name, "less than one reward, so that none could be paid")
        return self


class Assessment(Part):
    """Rules 7 and 13; deductions in centipoints by category."""

    partly_percent: Percent
    officers_centipoints: dict[str, Centipoints]
    unit_centipoints: dict[str, Centipoints]


class Strikes(Part):
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


class Prominent(Part):
    """Rule 12."""

    incidents: Count
    months: Count


class UnknownOfficer(Part):
    """Rule 13."""

    cases: Count
    period: Literal["calendar_quarter"]


class Appeal(Part):
    """Rule 15."""

    officer_working_days: Days
    officer_times: Amount
    citizen_days: Days
    citizen_times: Amount


class Privacy(Part):
    """How long phones, words and photos are kept after they came; longer while more is owed."""

    kept_days: KeptDays


class Urgent(Part):
    """Rule 3."""

    words: Annotated[tuple[Text, ...], AfterValidator(once)]

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words as they are compared."""
        return tuple(filter(None, map(text.keyword, self.words)))


class Category(Part):
    """A kind of complaint, by key, in both languages."""

    key: Key
    zh: Text
    en: Text


class Level(Part):
    """A level of the tree of places, by key, in both languages."""

    key: Key
    zh: Text
    en: Text
