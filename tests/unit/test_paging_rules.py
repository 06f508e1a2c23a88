"""Whom an urgent request pages, when again, and when it climbs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.paging import rules
from services.verification.paging.rules import DutyPage, DutyPhone, Ringing
from shared import policy

URGENT = policy.load(Path(__file__).parents[2] / "deploy" / "policy.toml").editions[-1].urgent
NIGHT = datetime(2026, 12, 31, 15, 50, tzinfo=UTC)  # 23:50 at the bureau
PLACES = ("u", "county", "city")
PHONES = {place: DutyPhone(place, UUID(int=n), f"1.{place}") for n, place in enumerate(PLACES)}
MINUTE = timedelta(minutes=1)


def paged(number: int, late: timedelta = timedelta(), phones: object = PHONES) -> DutyPage:
    """The page after so many."""
    ringing = Ringing(UUID(int=9), NIGHT, number, NIGHT, PLACES, NIGHT + late)
    return rules.page(ringing, URGENT, phones)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "level", "place", "climbs"),
    [
        (0, 1, "u", True), (1, 1, "u", False), (2, 1, "u", False),
        (3, 2, "county", True), (5, 2, "county", False),
        (6, 3, "city", True), (7, 3, "city", False), (9, 3, "city", False), (99, 3, "city", False),
    ],
)  # fmt: skip
def test_three_times_at_each_level_and_on_at_the_top(
    before: int, level: int, place: str, climbs: bool
) -> None:
    """「頭天晚上有群眾…留言求助」: unit, county, city, and there until somebody has it."""
    one = paged(before)
    assert (before + 1, level, place, climbs) == (
        one.number, one.level, one.place_code, one.climbs
    )  # fmt: skip
    assert one.phone == PHONES[place]


def test_it_pages_at_once_and_again_ten_minutes_after_each() -> None:
    """At 23:50 and at 0:00 of the new year; night and holiday make no difference."""
    one = paged(0)
    assert (NIGHT, NIGHT, NIGHT + 10 * MINUTE) == (one.due_at, one.detected_at, one.again_at)


def test_what_an_outage_swallowed_is_not_made_up_for() -> None:
    """Found 26 hours late: the true time is kept, one page goes out, the next ten minutes later."""
    late = timedelta(hours=26)
    one = paged(1, late)
    assert (NIGHT, NIGHT + late, NIGHT + late + 10 * MINUTE) == (
        one.due_at, one.detected_at, one.again_at
    )  # fmt: skip
    assert 1 == one.level


@pytest.mark.parametrize(
    ("phones", "heard"),
    [({"county"}, "county"), ({"city"}, "city"), ({"u", "city"}, "u"), (set(), None)],
)
def test_without_a_phone_the_next_place_above_is_paged(phones: set[str], heard: str | None) -> None:
    """A unit that has none on duty wakes its county, not nobody."""
    one = paged(0, phones={place: PHONES[place] for place in phones})
    assert (PHONES[heard] if heard else None) == one.phone
    assert "u" == one.place_code


def test_who_may_not_see_it_is_not_paged() -> None:
    """What is kept from all but the root begins there."""
    ringing = Ringing(UUID(int=9), NIGHT, 0, NIGHT, ("city",), NIGHT)
    assert ("city", 1) == (
        rules.page(ringing, URGENT, PHONES).place_code,
        rules.page(ringing, URGENT, PHONES).level,
    )


@given(st.integers(0, 500), st.integers(1, 6))
def test_the_level_never_falls_and_ends_at_the_top(before: int, levels: int) -> None:
    """Whatever the depth of the tree."""
    places = [str(n) for n in range(levels)]
    one, later = (
        rules.page(Ringing(UUID(int=9), NIGHT, n, NIGHT, places, NIGHT), URGENT, {})
        for n in (before, before + 1)
    )
    assert 0 <= later.level - one.level <= 1
    assert one.level <= levels
    assert later.climbs == (later.level > one.level)
