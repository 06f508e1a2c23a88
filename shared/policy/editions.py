"""A policy, whole, and the policies that follow one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from shared.policy.calendar import Calendar
from shared.policy.guards import Limits, Opening, Praise
from shared.policy.kinds import Country, Day, Zone, mistake
from shared.policy.messages import Messages
from shared.policy.naming import Category, Level
from shared.policy.papers import Papers
from shared.policy.parts import (
    Appeal,
    Assessment,
    Assignment,
    Callback,
    Incident,
    Prominent,
    Reward,
    Strikes,
    Supervision,
    UnknownOfficer,
    Urgent,
    Verification,
)
from shared.policy.privacy import Consent, Privacy
from shared.policy.section import Named, Part, keyed_once
from shared.policy.waiting import Acknowledgement, Progress
from shared.policy.within import Duty
from shared.values import clock

Keyed = AfterValidator(keyed_once)


class Policy(Part):
    """All rules in force from a day on."""

    effective_from: Day
    timezone: Zone
    language: Literal["zh", "en"] = "zh"
    country: Country = "CN"
    levels: Annotated[tuple[Level, ...], Field(min_length=2), Keyed]
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
    messages: Messages = Messages()
    limits: Limits
    praise: Praise
    opening: Opening
    calendar: Calendar
    consent: Consent
    call_languages: Annotated[tuple[Named, ...], Field(min_length=1), Keyed]
    categories: Annotated[tuple[Category, ...], Field(min_length=1), Keyed]

    @model_validator(mode="after")
    def _every_category_has_its_points(self) -> Self:
        keys = [category.key for category in self.categories]
        for table in ("officers_centipoints", "unit_centipoints"):
            given = getattr(self.assessment, table).keys()
            if lacking := set(keys) - given:
                raise mistake(f"assessment.{table}.{min(lacking)}", "missing")
            if strange := given - set(keys):
                raise mistake(f"assessment.{table}.{min(strange)}", "not one of categories")
        for duty in ("callback", "verification"):
            if strange := getattr(self, duty).category_within.keys() - set(keys):
                raise mistake(f"{duty}.category_within.{min(strange)}", "not one of categories")
        return self

    @model_validator(mode="after")
    def _the_phone_is_used_for_no_more(self) -> Self:
        """Than what the citizen agreed to."""
        used = ("callback", "thanks", *(("reward",) if self.reward.verdicts else ()))
        if lacking := [one for one in used if one not in self.consent.complaint]:
            raise mistake("consent.complaint", f"{lacking[0]} is missing, and is done")
        if "callback" not in self.consent.request:
            raise mistake("consent.request", "callback is missing, and is done")
        return self

    @model_validator(mode="after")
    def _who_pays_is_told_awake(self) -> Self:
        """Two days end at midnight: an alert in the quiet hours before it comes too late."""
        due = clock.end_of_day(self.effective_from, self.zone)
        at = due - timedelta(hours=self.reward.alert_hours)
        late = self.messages.is_quiet(at, self.zone) and self.messages.wakes(at, self.zone) >= due
        if self.reward.verdicts and late:
            raise mistake("reward.alert_hours", "begins in the quiet hours, which end too late")
        return self

    @model_validator(mode="after")
    def _notices_climb_the_tree(self) -> Self:
        """A misspelt level would be the root's, and nobody between would hear of it."""
        climbed = self.level_keys[::-1]
        places = [climbed.index(key) if key in climbed else None
                  for key in self.supervision.levels]  # fmt: skip
        if places[0] != 0:
            raise mistake("supervision.levels.0", f"should be {climbed[0]}, the last of levels")
        for number, (below, here) in enumerate(pairwise(places), 1):
            key = self.supervision.levels[number]
            if here is not None and below is None:
                told = f"{self.supervision.levels[number - 1]} is not one of levels"
                raise mistake(f"supervision.levels.{number - 1}", told)
            if here is not None and below is not None and here < below:
                raise mistake(f"supervision.levels.{number}", f"{key} is no level higher")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The bureau's time zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def due_together(self) -> bool:
        """Whether callback and verification have the same terms."""
        terms = ((getattr(self.callback, name), getattr(self.verification, name))
                 for name in Duty.model_fields)  # fmt: skip
        return all(one == other for one, other in terms)

    @property
    def level_keys(self) -> tuple[str, ...]:
        """The levels of the tree from the root's down to the units'."""
        return tuple(level.key for level in self.levels)

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
