"""The sections of a policy that guard against abuse: what waits for a person before it counts."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.policy.kinds import Cutoff, Days, Key, mistake
from shared.policy.section import Part

Most = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
# Twice the work for each: a phone of six years needs seconds for 20.
Bits = Annotated[int, Field(strict=True, ge=1, le=24)]


class Limits(Part):
    """More than people send from one phone or network, or about one code or unit.

    From half of it on browsers are asked to work, the harder the more comes.
    """

    phone_day: Most
    address_hour: Most
    code_hour: Most
    unit_hour: Most
    review_days: Days
    puzzle_bits: Bits = 15
    puzzle_most_bits: Bits = 19

    @model_validator(mode="after")
    def _one_source_leaves_room_for_others(self) -> Self:
        for name in ("code_hour", "unit_hour"):
            if getattr(self, name) <= self.address_hour:
                told = "should be more than address_hour, or one source uses it up for everybody"
                raise mistake(name, told)
        return self

    @model_validator(mode="after")
    def _puzzles_get_no_easier(self) -> Self:
        if self.puzzle_most_bits < self.puzzle_bits:
            raise mistake("puzzle_most_bits", "should not be less than puzzle_bits")
        return self


class Praise(Part):
    """Ratings of 4 and 5 that no window can have earned."""

    address_hour: Most
    device_day: Most
    counter_hour: Most
    closed_hour: Most


class Hours(Part):
    """From when to when, every day."""

    opens: Cutoff
    closes: Cutoff

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.closes <= self.opens:
            raise mistake("closes", "should be later than opens")
        return self


class Opening(Hours):
    """When units take in people: usually, and for kinds of units with other hours."""

    kinds: dict[Key, Hours] = Field(default_factory=dict)

    def is_open(self, local: datetime, kind: str) -> bool:
        """Whether a unit of this kind is open at a time at the bureau."""
        hours = self.kinds.get(kind, self)
        return hours.opens <= local.time() <= hours.closes
