"""One's own account: the password, the places where one is signed in, the second factor."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest

from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import PASSWORD, Answer, Office
from tests.integration.verification_sign_in import with_ada
from tests.integration.verification_tab import Tab
from tests.support import at

SERVICE = "verification"
NEW = "battery staple correct"
LATER = timedelta(minutes=6)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with with_ada(database) as opened:
        yield opened


async def program(bureau: Office, password: str) -> Answer:
    """A session by the API."""
    body = {"username": "ada", "password": password}
    async with bureau.client.post("/api/v1/sessions", json=body) as response:
        return Answer(response.status, await response.json())


async def opened(bureau: Office, path: str = "/desk/account") -> Tab:
    """A browser that has just signed in, with a page open."""
    tab = Tab(bureau, (await program(bureau, PASSWORD)).json["token"])
    assert 200 == await tab.get(path)
    return tab


async def change(tab: Tab, old: str, new: str) -> int:
    """Send the form of the password."""
    await tab.get("/desk/account")
    return await tab.send("/desk/account/password", ("old", old), ("new", new))


async def test_a_new_password_ends_all_other_sessions(bureau: Office) -> None:
    """The old one opens nothing any more; where it was changed one stays signed in."""
    other, tab = await opened(bureau), await opened(bureau)
    assert 303 == await change(tab, PASSWORD, NEW)
    assert (200, 303) == (await tab.get(tab.location), await other.get("/desk/account"))
    assert (401, 201) == tuple([(await program(bureau, one)).status for one in (PASSWORD, NEW)])


async def test_changed_twice_is_changed_once(bureau: Office) -> None:
    """A second press of the same button says the same."""
    tab = await opened(bureau)
    assert [303, 303] == [await change(tab, PASSWORD, NEW) for _ in range(2)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wrong password!", NEW, "密码不对"), (PASSWORD, "short", "至少 10 个字符"),
        (PASSWORD, PASSWORD, "与现在的密码相同"),
    ],
)  # fmt: skip
async def test_a_password_that_will_not_do(bureau: Office, old: str, new: str, said: str) -> None:
    """What is wrong is said, nothing is changed, and no password stands on the page."""
    tab = await opened(bureau)
    assert 422 == await change(tab, old, new)
    assert (True, False) == (said in tab.text, f'value="{old}"' in tab.text)
    assert 201 == (await program(bureau, PASSWORD)).status


async def test_guessing_ones_own_password_ends_soon(bureau: Office) -> None:
    """Whoever finds an open screen cannot try passwords for long; nor find out which was right."""
    tab = await opened(bureau)
    assert [422] * 3 == [await change(tab, f"guess number {n}", NEW) for n in range(3)]
    assert 422 == await change(tab, PASSWORD, NEW)
    with at(clock.now() + timedelta(minutes=10)):
        assert 303 == await change(tab, PASSWORD, NEW)


async def test_one_place_is_ended_and_the_others_stay(bureau: Office) -> None:
    """A lost telephone is signed out from another device."""
    lost, kept, tab = await opened(bureau), await opened(bureau), await opened(bureau)
    places = re.findall('name="place" value="([0-9a-f]+)"', tab.text)
    assert 2 == len(set(places))
    before = [await lost.get("/desk/account"), await kept.get("/desk/account")]
    assert 303 == await tab.send("/desk/account/sessions", ("place", places[-1]))
    after = sorted([await lost.get("/desk/account"), await kept.get("/desk/account")])
    assert ([200, 200], [200, 303]) == (before, after)
    await tab.get("/desk/account")
    await tab.send("/desk/account/sessions", ("place", ""))
    assert [303, 303, 200] == [await one.get("/desk/account") for one in (lost, kept, tab)]


async def test_nobody_ends_anothers_session(bureau: Office) -> None:
    """Its key is worth nothing to somebody else."""
    tab = await opened(bureau)
    await opened(bureau)
    await tab.get("/desk/account")
    [place] = re.findall('name="place" value="([0-9a-f]+)"', tab.text)
    stranger = Tab(bureau, await bureau.token("desk"))
    await stranger.get("/desk/account")
    await stranger.send("/desk/account/sessions", ("place", place))
    await tab.get("/desk/account")
    assert place in tab.text


async def test_a_factor_is_set_up_by_whoever_knows_the_password(bureau: Office) -> None:
    """An open screen is not enough; then signing in asks for the code, and codes are renewed."""
    tab = await opened(bureau)
    with at(clock.now() + LATER):
        assert 303 == await tab.get("/desk/account/factor")
        await tab.get("/desk/confirm?next=/desk/account/factor")
        assert 422 == await tab.send("/desk/confirm", ("password", "wrong password!"))
        sent = [("password", PASSWORD), ("next", "/desk/account/factor")]
        assert 303 == await tab.send("/desk/confirm", *sent)
        assert ("/desk/account/factor", 200) == (tab.location, await tab.get(tab.location))
        found = re.search("<code>([A-Z2-7 ]+)</code>", tab.text)
        assert found is not None
        app = pyotp.TOTP(found[1].replace(" ", ""))
        assert 422 == await tab.send("/desk/account/factor", ("code", "000000"))
        assert 200 == await tab.send("/desk/account/factor", ("code", app.at(clock.now())))
        codes = re.findall("<code>([A-Z0-9-]{14})</code>", tab.text)
        assert 401 == (await program(bureau, PASSWORD)).status
        await tab.get("/desk/account")
        assert "还剩 10 个恢复码" in tab.text
        assert 200 == await tab.send("/desk/account/codes")
        renewed = re.findall("<code>([A-Z0-9-]{14})</code>", tab.text)
    assert (10, 10, set()) == (len(codes), len(renewed), set(codes) & set(renewed))
