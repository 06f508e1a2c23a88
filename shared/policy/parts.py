"""The sections of a policy, each with the number of its rule."""

from collections.abc import Collection
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.events import Attribution, Verdict
from shared.policy.kinds import (
    Amount,
    Centipoints,
    Count,
    Days,
    Fen,
    Hours,
    Key,
    Listed,
    Minutes,
    MonthFen,
    Percent,
    Several,
    Text,
    mistake,
    once,
)
from shared.policy.section import Part
from shared.policy.within import Duty
from shared.values import text


class Callback(Duty):
    """Rule 4."""

    attempts: Count
    spacing_minutes: Minutes


class Verification(Duty):
    """Rule 5."""

    extensions: Amount
    extension_days: Days
    second_review_verdicts: Annotated[frozenset[Verdict], Listed]
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


class Odd(Part):
    """Rule 8, 「anything suspicious is held」: from how many on, this one counted along.

    phone_units      units at which one phone was rewarded, within so many days
    near_phones      phones whose numbers follow one another, at most twenty apart
    counter_rewards  rewards at one counter, within so many hours

    What is left out is not looked for.
    """

    phone_units: Several | None = None
    phone_units_days: Days = 30
    near_phones: Several | None = None
    near_phones_days: Days = 30
    counter_rewards: Several | None = None
    counter_hours: Hours = 24


class Reward(Part):
    """Rule 8; amounts in fen. Without `verdicts` there are no rewards.

    Budgets are of a month, those of a unit and of a day may be left out; beyond them, and where
    something is `odd`, a reward is held. So long before the two days are over it is told aloud,
    and by SMS, of the same again after so many days.
    """

    amount_fen: Fen
    days: Days
    verdicts: Annotated[frozenset[Verdict], Listed]
    per_phone_per_incident: Count
    per_incident: Count
    per_phone_month_fen: MonthFen
    per_unit_month_fen: MonthFen | None = None
    per_day_fen: MonthFen | None = None
    budget_month_fen: MonthFen
    alert_hours: Hours = 12
    alert_again_days: Days = 1
    odd: Odd = Odd()

    @model_validator(mode="after")
    def _one_fits(self) -> Self:
        """Each sum of money is enough for one."""
        names = ("per_phone_month_fen", "per_unit_month_fen", "per_day_fen", "budget_month_fen")
        for name in names:
            most: int | None = getattr(self, name)
            if most is not None and most < self.amount_fen:
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
