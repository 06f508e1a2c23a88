"""A given password works for three days, and opens only the page to choose one's own."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest
from aiohttp import ClientSession, CookieJar

from services.verification.signin.store.sessions import given_until
from shared.db import Database
from shared.values import clock
from tests.integration.test_second_factor import Browser
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import tab
from tests.support import at

SERVICE = "verification"
OWN = "eine eigene, lange Losung"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """Where cookies are kept."""
    headers = {"Accept": "text/html"}
    async with ClientSession(headers=headers, cookie_jar=CookieJar(unsafe=True)) as opened:
        yield opened


async def given(bureau: Office) -> str:
    """The keeper of accounts gives the unit's desk a password."""
    keeper = await tab(bureau, "security")
    await keeper.get("/desk/directory/operators/desk")
    assert 200 == await keeper.send("/desk/directory/operators/desk/password")
    found = re.search(r"<code>([^<]+)</code>", keeper.text)
    assert found is not None
    return found[1]


async def enter(browser: Browser, password: str) -> int:
    """Sign in by the page."""
    form = {"username": "desk", "password": password, "next": "/desk/mine"}
    return await browser.send("/desk/sign-in", **form)


async def test_first_of_all_a_password_of_ones_own(bureau: Office, http: ClientSession) -> None:
    """Until then nothing opens, by page or program; then one is where one was going."""
    password, browser = await given(bureau), Browser(bureau, http)
    assert 303 == await enter(browser, password)
    assert "/desk/new-password?next=/desk/mine" == browser.path
    for path in ("/desk", "/desk/account", "/desk/mine"):
        assert 303 == await browser.get(path)
        assert browser.path.startswith("/desk/sign-in")
    assert 200 == await browser.get("/desk/new-password?next=/desk/mine")
    assert "别人给的临时密码" in browser.text
    for wrong, told in (("short", "10"), (password, "与现在的密码相同")):
        assert 422 == await browser.send("/desk/new-password", new=wrong, next="/desk/mine")
        assert told in browser.text
        assert wrong not in re.findall('value="([^"]+)"', browser.text)
    assert 303 == await browser.send("/desk/new-password", new=OWN, next="/desk/mine")
    assert "/desk/mine" == browser.path
    assert 200 == await browser.get("/desk/mine")
    # The same form once more, as after a second click.
    assert 303 == await browser.send("/desk/new-password", new=OWN, next="/desk/mine")
    assert "/" == browser.path
    assert 401 == await enter(browser, password)
    assert 303 == await enter(browser, OWN)
    assert "/desk/mine" == browser.path
    async with bureau.database.acquire() as conn:
        assert await given_until(conn, "desk") is None


@pytest.mark.parametrize(("hours", "works"), [(71, True), (73, False)])
async def test_it_works_for_three_days(
    bureau: Office, http: ClientSession, hours: int, works: bool
) -> None:
    """Afterwards it says why not, to whoever knows it."""
    password, browser = await given(bureau), Browser(bureau, http)
    with at(clock.now() + timedelta(hours=hours)):
        assert (303 if works else 401) == await enter(browser, password)
    assert works != ("过期" in browser.text)


async def test_a_program_is_sent_to_the_page(bureau: Office) -> None:
    """It cannot choose a password, and gets no session by a given one."""
    body = {"username": "desk", "password": await given(bureau)}
    async with bureau.client.post("/api/v1/sessions", json=body) as answer:
        told = await answer.json()
    assert (403, "refused.password_first") == (answer.status, told["key"])


async def test_another_given_meanwhile_ends_the_first(bureau: Office, http: ClientSession) -> None:
    """Whoever was about to choose by the old one has to sign in by the new."""
    browser = Browser(bureau, http)
    await enter(browser, await given(bureau))
    again = await given(bureau)
    assert 303 == await browser.send("/desk/new-password", new=OWN)
    assert "/" == browser.path
    assert 401 == await enter(browser, OWN)
    assert 303 == await enter(browser, again)


async def test_the_second_factor_comes_first(database: Database, http: ClientSession) -> None:
    """Where it is required it is enrolled as ever, and then the password is chosen."""
    async with office(database, second_factor="required") as strict:
        browser = Browser(strict, http)
        await enter(browser, await given(strict))
        assert 200 == await browser.get(browser.path)
        found = re.search("<code>([A-Z2-7 ]+)</code>", browser.text)
        assert found is not None
        code = pyotp.TOTP(found[1].replace(" ", "")).at(clock.now())
        assert 200 == await browser.send("/desk/second", code=code, next="/desk/mine")
        assert "/desk/new-password?next=/desk/mine" in browser.text
        assert 303 == await browser.get("/desk/mine")
        assert 303 == await browser.send("/desk/new-password", new=OWN, next="/desk/mine")
        assert 200 == await browser.get("/desk/mine")
