"""The kinds of values in a policy, each within bounds that no bureau passes on purpose.

The bounds catch a zero too many and a unit mistaken (yuan for fen, hours for days).
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(strict=True, ge=1, le=100)]
# One alone is no pattern.
Several = Annotated[int, Field(strict=True, ge=2, le=100)]
Amount = Annotated[int, Field(strict=True, ge=0, le=100)]
Days = Annotated[int, Field(strict=True, ge=1, le=92)]
KeptDays = Annotated[int, Field(strict=True, ge=30, le=3660)]
# A log of a network is kept for six months at least (Cybersecurity Law, article 21).
LogDays = Annotated[int, Field(strict=True, ge=180, le=3660)]
Hours = Annotated[int, Field(strict=True, ge=1, le=24 * 31)]
Minutes = Annotated[int, Field(strict=True, ge=0, le=24 * 60)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Fen = Annotated[int, Field(strict=True, ge=1, le=100_000)]
MonthFen = Annotated[int, Field(strict=True, ge=0, le=10_000_000_000)]
Centipoints = Annotated[int, Field(strict=True, ge=0, le=100_000)]
YEARS = range(2000, 2101)
MISTAKE = "mistake"
# Files among the zones that mean another zone on another machine.
OF_THE_MACHINE = ("localtime", "posixrules", "Factory")


def _clock_time(value: Any) -> Any:
    # pydantic alone would read the number 18 as eighteen seconds past midnight.
    if isinstance(value, time) and not value.tzinfo:
        return value
    if isinstance(value, str):
        try:
            return datetime.strptime(value, "%H:%M").time()
        except ValueError:
            pass
    raise ValueError('write a time of day, as in "18:00"')


def _day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime) and value.year in YEARS:
        return value
    raise ValueError(f"write a day from {YEARS[0]} to {YEARS[-1]}, as in 2026-01-31, no quotes")


def _known_zone(name: str) -> str:
    try:
        if name in OF_THE_MACHINE:
            raise ValueError
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone
        raise ValueError(f"no such time zone: {name}") from None
    return name


def _known_country(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise ValueError("write a country by its two letters, as in CN")
    return code


Cutoff = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Country = Annotated[str, AfterValidator(_known_country)]
Day = Annotated[date, BeforeValidator(_day)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Text = Annotated[str, Field(pattern=r"^\S(.{0,98}\S)?$")]


def mistake(key: str, told: str) -> PydanticCustomError:
    """What is wrong between several keys, said under the one that should change."""
    return PydanticCustomError(MISTAKE, "{told}", {"key": key, "told": told})


def once(values: Sequence[Any]) -> Sequence[Any]:
    """Nothing stands there twice; the second is the one that should go."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise mistake(str(place), f"{value} stands there twice")
    return values


def _once_listed(values: Any) -> Any:
    return once(values) if isinstance(values, list) else values


# For sets: what is written twice would vanish in one without a word.
Listed = BeforeValidator(_once_listed)
