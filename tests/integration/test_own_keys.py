"""Keys that an operator chooses: told to every page, in every browser, of all services."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import statements
from shared.access import Operator
from shared.db import Database
from shared.values import keystrokes
from shared.values.keystrokes import USUAL, Keys
from tests.integration.verification_office import SEED, Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
PAGE = "/desk/keys"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


def told(page: Tab) -> tuple[bool, dict[str, str]]:
    """Whether single keys are on, and the own ones, as the page's script reads them."""
    own = re.search(r"data-own='([^']*)'|data-own=\"({.*?})\"", page.text)
    return 'data-keys="off"' not in page.text, json.loads(own[1] or own[2]) if own else {}


async def test_own_keys_are_on_every_page_of_every_browser(bureau: Office) -> None:
    """Chosen in one, they hold in the other, for this operator alone; blank is the usual."""
    one, other = await tab(bureau, "county"), await tab(bureau, "county")
    await one.get(PAGE)
    assert (True, {}) == told(one)
    fields = [("single", "1"), ("down", "n"), ("up", "p"), ("reveal", "o"), ("call", "")]
    assert (303, f"{PAGE}?done=keys") == (await one.send(PAGE, *fields), one.location)
    await other.get("/desk")
    assert (True, {"j": "n", "k": "p", "p": "o"}) == told(other)
    await other.get(PAGE)
    assert 'name="down" size="2" maxlength="1"' in other.text
    assert [True, True] == ['value="n"' in other.text, 'value="c"' in other.text]
    colleague = await tab(bureau, "county2")
    await colleague.get("/desk")
    assert (True, {}) == told(colleague)


async def test_single_keys_are_off_wherever_one_signs_in(bureau: Office) -> None:
    """Until they are put on again; what one browser was told by itself counts there."""
    page = await tab(bureau, "desk")
    await page.get(PAGE)
    assert 303 == await page.send(PAGE, ("single", "0"))
    await page.get("/desk")
    assert (False, {}) == told(page)
    await page.get("/desk?keys=on")
    assert (True, {}) == told(page)
    await page.get(PAGE)
    assert 303 == await page.send(PAGE, ("single", "1"))
    await page.get("/desk")
    assert (True, {}) == told(page)


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [("down", "7", "要填一个键"), ("down", "ab", "要填一个键"), ("up", "g", "要填一个键"),
     ("up", " ", "要填一个键"), ("down", "k", "已经用在别处")],
)  # fmt: skip
async def test_a_key_that_cannot_be_is_told_and_stays(
    bureau: Office, name: str, key: str, said: str
) -> None:
    """With what was typed beside it; nothing is stored."""
    page = await tab(bureau, "desk")
    await page.get(PAGE)
    assert 422 == await page.send(PAGE, ("single", "1"), (name, key), ("verdict", "y"))
    assert (said in page.text, 'value="y"' in page.text) == (True, True)
    await page.get("/desk")
    assert (True, {}) == told(page)


def test_the_other_services_are_told() -> None:
    """The desk's statement says them; one of before, without any, says that none were chosen."""
    who, keys = Operator("li", "李", "auditor", "city"), Keys(False, {"j": "n"})
    public = statements.public_key(SEED)
    assert keys == statements.check(statements.issue(who, SEED, keys=keys), public).keys
    assert keystrokes.UNCHANGED == statements.check(statements.issue(who, SEED), public).keys


@given(st.dictionaries(st.sampled_from(sorted(USUAL)), st.text(max_size=2)))
def test_what_is_taken_means_one_thing(typed: dict[str, str]) -> None:
    """Whatever is typed: refused, or each act has a key, and no two the same."""
    if list(keystrokes.faults(typed)):
        return
    keys = Keys(True, keystrokes.changed(typed))
    pressed = [keys.of(name) for name in USUAL]
    assert len(USUAL) == len(set(pressed))
    assert all(len(key) == 1 for key in pressed)
