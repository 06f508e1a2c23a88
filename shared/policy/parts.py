"""The sections of a policy, each with the number of its rule."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.events import Attribution, Verdict
from shared.policy.kinds import (
    Amount,
    Centipoints,
    Count,
    Cutoff,
    Day,
    Days,
    Fen,
    Hours,
    KeptDays,
    Key,
    LogDays,
    Minutes,
    MonthFen,
    Percent,
    Text,
    mistake,
    once,
)
from shared.values import text

# The reasons of 好差评 by level of satisfaction.
NATIONAL: Mapping[str, range] = {
    "1": range(108, 116),
    "2": range(207, 215),
    "3": range(307, 315),
    "4": range(406, 414),
    "5": range(510, 518),
}
_SATURDAY = 5


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
    bare_working_days: Days
    sample_percent: Percent
    withdrawn_sample_percent: Percent = 30
    dispute_hours: Hours = 4


class Assignment(Part):
    """Who works on a new case; `automatic` gives it to whoever of its unit has the fewest open."""

    automatic: bool = True


class Incident(Part):
    """Rules 8 and 10: complaints about one event are one incident, not one for each."""

    days: Annotated[int, Field(strict=True, ge=1, le=31)]
    likeness_percent: Annotated[int, Field(strict=True, ge=1, le=100)]


class Supervision(Part):
    """Rule 6; a notice that nobody acknowledges is reminded of, so often and no more."""

    repeat_hours: Hours
    remind_hours: Hours = 8
    reminders: Amount = 2
    levels: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    copy_first_to: str

    @model_validator(mode="after")
    def _copy_goes_to_a_level(self) -> Self:
        if self.copy_first_to not in self.levels:
            raise mistake("copy_first_to", f"{self.copy_first_to} is not one of levels")
        return self


class Marks(Part):
    """What the numbers of documents begin with that follow from verdicts."""

    criticism: Text = "公通"
    accountability: Text = "公责"
    transfer: Text = "公调"
    interview: Text = "公约"
    clearing: Text = "公澄"
    alert: Text = "公报"
    inspection: Text = "公检"


class Papers(Part):
    """How numbered documents are headed: who issues them, the mark of their numbers, who prints.

    `mark` is that of supervision notices.
    """

    issuer: Text = "公安局"
    mark: Text = "公督"
    marks: Marks = Marks()
    office: Text = "窗口服务监督办公室"


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

    def deduction(
        self, verdict: Verdict, attribution: Attribution, categories: Collection[str]
    ) -> int:
        """What a complaint that was found true takes from its unit: the largest of its categories.

        Rule 14: policy causes cost nothing. A case without a category that this policy knows costs
        the smallest deduction, since something was found.
        """
        tables = {"officers": self.officers_centipoints, "unit": self.unit_centipoints}
        if attribution not in tables:
            return 0
        table = tables[attribution]
        points = max((table[c] for c in categories if c in table), default=min(table.values()))
        return points * self.partly_percent // 100 if verdict == "partly" else points


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
    officer_answer_days: Days = 5
    citizen_days: Days
    citizen_times: Amount


class Privacy(Part):
    """How long phones, words and photos are kept after they came; longer while more is owed.

    `account_days` is for what happened to the accounts of staff.
    """

    kept_days: KeptDays
    account_days: LogDays


class Urgent(Part):
    """Rule 3; whoever is on duty is paged again until somebody acknowledges.

    After so many times it climbs a level; at the top of the tree it goes on.
    """

    page_minutes: Annotated[int, Field(strict=True, ge=1, le=24 * 60)] = 10
    page_times: Count = 3
    words: Annotated[tuple[Text, ...], AfterValidator(once)]

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words as they are compared."""
        return tuple(filter(None, map(text.keyword, self.words)))


# The languages in which a policy names things.
SPOKEN = ("zh", "en")


class Named(Part):
    """Something by key, called so in the languages that a policy speaks."""

    key: Key
    zh: Text
    en: Text

    def called(self, language: str) -> str:
        """Its name in a language; in Chinese for those that the policy does not know."""
        return self.en if language == "en" else self.zh


class Category(Named):
    """What went wrong, or well: a subject with the national codes of each level of satisfaction.

    Where something went well it is `good_zh`, `good_en`; without them it is no praise. What is
    `serious` bypasses the unit and everybody below the top of the tree (rule 3).
    """

    good_zh: Text | None = None
    good_en: Text | None = None
    serious: bool = False
    codes: dict[str, tuple[Annotated[int, Field(strict=True)], ...]]

    @model_validator(mode="after")
    def _codes_are_the_nations(self) -> Self:
        if strange := self.codes.keys() ^ NATIONAL.keys():
            raise mistake("codes", f"{min(strange)} is {_level_fault(min(strange))}")
        for level, codes in self.codes.items():
            known = NATIONAL[level]
            for place, code in enumerate(codes):
                if code not in known:
                    told = f"{code} is not one of {known[0]} to {known[-1]}"
                    raise mistake(f"codes.{level}", told)
                if code in codes[:place]:
                    raise mistake(f"codes.{level}", f"{code} stands there twice")
        if (self.good_zh is None) != (self.good_en is None):
            raise mistake("good_zh", "stands with good_en, or neither does")
        return self

    def praise(self, language: str) -> str | None:
        """What is said of it where it went well."""
        return self.good_en if language == "en" else self.good_zh


def _level_fault(level: str) -> str:
    return "missing; write [] where there is none" if level in NATIONAL else "no level, 1 to 5 are"


class Consent(Part):
    """What a citizen agrees to who leaves a phone: which notice, for what, and who is told."""

    notice: Text
    complaint: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    request: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]
    recipients: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(once)]

    def purposes(self, kind: str) -> tuple[str, ...]:
        """For what the phone is used: a bad rating without a complaint asks for no more."""
        return self.complaint if kind == "complaint" else self.request


class Calendar(Part):
    """Which days are working days: Monday to Friday, but for these."""

    holidays: frozenset[Day]
    workdays: frozenset[Day]

    @model_validator(mode="after")
    def _a_day_is_one_of_them(self) -> Self:
        if both := self.holidays & self.workdays:
            raise mistake("workdays", f"{min(both)} is one of holidays")
        return self

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)

    def working_day_after(self, day: date, days: int) -> date:
        """The nth working day after a day."""
        while days:
            day += timedelta(days=1)
            days -= self.works(day)
        return day


class Level(Named):
    """A level of the tree of places."""
