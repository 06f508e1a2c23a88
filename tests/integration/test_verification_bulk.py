"""Several cases are assigned at once, from above, all or none."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.test_verification_assigning import team
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
PAGE = "/desk/bulk/assign"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def test_several_cases_get_a_lead_at_once(bureau: Office) -> None:
    """Of one unit's list, to its own people; each has it on its time line, and leaves the list."""
    first, second, left = [await bureau.case() for _ in range(3)]
    county = await tab(bureau, "county")
    await county.get(f"{PAGE}?unit={UNIT}")
    assert ('value="desk"' in county.text, "就都不分派" in county.text) == (True, True)
    fields = [("ids", str(first)), ("ids", str(second)), ("who", "desk"), ("unit", UNIT)]
    assert 303 == await county.send(PAGE, *fields)
    await county.get(county.location)
    assert "已分派 2 件" in county.text
    found = [f'value="{one}"' in county.text for one in (first, second, left)]
    assert [False, False, True] == found
    assert [("desk", [])] * 2 == [await team(bureau, one) for one in (first, second)]
    page = await bureau.browse("desk", f"/desk/cases/{second}")
    assert "经办：值班员" in page.text


async def test_if_one_cannot_be_assigned_none_is(bureau: Office) -> None:
    """The unit's operator cannot work on a neighbour's case; what was typed and ticked stays."""
    own, other = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT)
    county = await tab(bureau, "county")
    await county.get(PAGE)
    fields = [("ids", str(own)), ("ids", str(other)), ("who", "desk"), ("word", "今天值班")]
    assert 422 == await county.send(PAGE, *fields)
    assert ("今天值班" in county.text, f'value="{own}" checked' in county.text) == (True, True)
    assert [(None, [])] * 2 == [await team(bureau, one) for one in (own, other)]


async def test_nothing_ticked_assigns_nothing(bureau: Office) -> None:
    """It says what is missing; a unit has no such page; others' cases are not on it."""
    case_id = await bureau.case()
    county = await tab(bureau, "county")
    await county.get(PAGE)
    assert (422, True) == (await county.send(PAGE, ("who", "county")), "请勾选办件" in county.text)
    assert 403 == (await bureau.browse("desk", PAGE)).status
    assert str(case_id) not in (await bureau.browse("elsewhere", PAGE)).text


async def test_what_was_ticked_in_the_inbox_stands_first(bureau: Office) -> None:
    """Also what somebody leads already; what is not theirs to see is only counted."""
    led, other = await bureau.case(), await bureau.case(unit_code=FAR_UNIT)
    county = await tab(bureau, "county")
    await county.get("/desk")
    assert f'name="ids" value="{led}"' in county.text
    await county.get(f"/desk/cases/{led}/lead")
    assert 303 == await county.send(f"/desk/cases/{led}/lead", ("who", "county"))
    await county.get(PAGE)
    assert f'value="{led}"' not in county.text
    await county.get(f"{PAGE}?ids={led}&ids={other}")
    assert f'value="{led}" checked' in county.text
    assert "勾选的有 1 件不在这里" in county.text
    assert f'value="{other}"' not in county.text
