"""What a bureau calls its places and what goes wrong there, with the nation's codes."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.policy.kinds import Text, mistake
from shared.policy.section import Named

# The reasons of 好差评 by level of satisfaction.
NATIONAL: Mapping[str, range] = {
    "1": range(108, 116),
    "2": range(207, 215),
    "3": range(307, 315),
    "4": range(406, 414),
    "5": range(510, 518),
}


Code = Annotated[int, Field(strict=True, ge=1, lt=1000)]


def _none() -> dict[str, tuple[Code, ...]]:
    return dict.fromkeys(NATIONAL, ())


class Level(Named):
    """A level of the tree of places."""


class Category(Named):
    """What went wrong, or well: a subject with the national codes of each level of satisfaction.

    Without `codes` it has none, as abroad. Where something went well it is `good_zh`, `good_en`;
    without them it is no praise. What is `serious` bypasses the unit and everybody below the top of
    the tree (rule 3).
    """

    good_zh: Text | None = None
    good_en: Text | None = None
    serious: bool = False
    codes: dict[str, tuple[Code, ...]] = Field(default_factory=_none)

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
