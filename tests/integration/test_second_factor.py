"""A second factor beside the password: enrolled, asked for, used once, recovered from, reset."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
import pytest
from aiohttp import ClientSession, CookieJar

from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import PASSWORD, Answer, Office, office
from tests.integration.verification_sign_in import ADA, add_ada
from tests.support import at, captured_logs

SERVICE = "verification"


@pytest.fixture
async def strict(database: Database) -> AsyncIterator[Office]:
    """The small bureau, where a second factor is required."""
    async with office(database, second_factor="required") as opened:
        await add_ada(database)
        yield opened


@pytest.fixture
async def easy(database: Database) -> AsyncIterator[Office]:
    """The small bureau, where it is not."""
    async with office(database) as opened:
        await add_ada(database)
        yield opened


class Browser:
    """A browser with its cookies, before anybody is signed in."""

    def __init__(self, bureau: Office, http: ClientSession) -> None:
        self.bureau, self.http, self.text, self.path = bureau, http, "", ""

    async def send(self, path: str, **form: str) -> int:
        """Send a form; where it leads is not followed."""
        sent = {"data": form, "headers": {"Origin": self.bureau.origin}}
        return await self._ask("POST", path, sent)

    async def get(self, path: str) -> int:
        """Open a page."""
        return await self._ask("GET", path, {})

    async def _ask(self, method: str, path: str, sent: dict[str, Any]) -> int:
        url = f"{self.bureau.origin}{path}"
        async with self.http.request(method, url, allow_redirects=False, **sent) as response:
            self.text = unescape(await response.text())
            self.path = response.headers.get("Location", "")
            return response.status

    async def password(self, then: str = "") -> None:
        """The first step."""
        form = {"username": "ada", "password": PASSWORD, "next": then}
        assert 303 == await self.send("/desk/sign-in", **form), self.text

    async def enrol(self) -> tuple[pyotp.TOTP, list[str]]:
        """Set up an app by the page; its codes, and the recovery codes."""
        await self.password()
        assert 200 == await self.get(self.path)
        found = re.search("<code>([A-Z2-7 ]+)</code>", self.text)
        assert found is not None
        app = pyotp.TOTP(found[1].replace(" ", ""))
        assert 200 == await self.send("/desk/second", code=app.at(clock.now()))
        return app, re.findall("<code>([A-Z0-9-]{14})</code>", self.text)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """Where cookies are kept."""
    headers = {"Accept": "text/html"}
    async with ClientSession(headers=headers, cookie_jar=CookieJar(unsafe=True)) as opened:
        yield opened


async def program(bureau: Office, **said: str) -> Answer:
    """A program signs in."""
    body = {"username": "ada", "password": PASSWORD, **said}
    async with bureau.client.post("/api/v1/sessions", json=body) as response:
        return Answer(response.status, await response.json())


async def test_who_has_none_enrols_one_first(strict: Office, http: ClientSession) -> None:
    """The right password opens nothing until the app's code is typed; then recovery codes come."""
    browser = Browser(strict, http)
    await browser.password("/desk/cases/1")
    assert "/desk/second?next=/desk/cases/1" == browser.path
    assert (303, "/desk/sign-in?next=/desk") == (await browser.get("/desk"), browser.path)
    assert 401 == await browser.send("/desk/second", code="000000")
    _, codes = await browser.enrol()
    assert 10 == len(set(codes))
    assert 200 == await browser.get("/desk")
    assert codes[0] not in browser.text


async def test_the_code_is_asked_for_and_good_once(strict: Office, http: ClientSession) -> None:
    """After the password the code, and on to where one was going; the same code is refused."""
    browser = Browser(strict, http)
    app, _ = await browser.enrol()
    http.cookie_jar.clear()
    with at(clock.now() + timedelta(minutes=2)):
        await browser.password("/desk/commendations")
        await browser.get(browser.path)
        assert ("secret" in browser.text, "<svg" in browser.text) == (False, False)
        code = app.at(clock.now())
        sent = {"code": code, "next": "/desk/commendations"}
        assert (303, "/desk/commendations") == (
            await browser.send("/desk/second", **sent), browser.path
        )  # fmt: skip
        http.cookie_jar.clear()
        await browser.password()
        assert 401 == await browser.send("/desk/second", code=code)
        assert "已经用过" in browser.text


async def test_a_recovery_code_stands_in_once(strict: Office, http: ClientSession) -> None:
    """However it is typed; and whoever reads the log sees that it was one."""
    browser = Browser(strict, http)
    _, codes = await browser.enrol()
    typed = codes[3].lower().replace("-", " ")
    for status in (303, 401):
        http.cookie_jar.clear()
        await browser.password()
        with captured_logs() as logs:
            assert status == await browser.send("/desk/second", code=typed)
        assert (status == 303) == any(one["event"] == "recovery code used" for one in logs)


async def test_guessing_codes_ends_soon(strict: Office, http: ClientSession) -> None:
    """After five wrong ones even the right one is refused for a while, also by another browser."""
    browser = Browser(strict, http)
    app, _ = await browser.enrol()
    start = clock.now() + timedelta(minutes=2)
    with at(start):
        await browser.password()
        for guess in range(5):
            assert 401 == await browser.send("/desk/second", code=f"{guess:06}")
        assert 401 == (await program(strict, code=app.at(clock.now()))).status
    with at(start + timedelta(minutes=2)):
        assert 303 == await browser.send("/desk/second", code=app.at(clock.now()))


async def test_who_takes_too_long_begins_again(strict: Office, http: ClientSession) -> None:
    """Ten minutes after the password its step is over."""
    browser = Browser(strict, http)
    await browser.password()
    with at(clock.now() + timedelta(minutes=11)):
        for step in (browser.get("/desk/second"), browser.send("/desk/second", code="123456")):
            assert (303, "/desk/sign-in") == (await step, browser.path)


async def test_a_waiting_session_opens_nothing(strict: Office, http: ClientSession) -> None:
    """Its token, put where a session's belongs, is nobody's."""
    browser = Browser(strict, http)
    await browser.password()
    [token] = [one.value for one in http.cookie_jar if one.key == "mashang-second"]
    headers = {"Authorization": f"Bearer {token}"}
    async with strict.client.get("/api/v1/me", headers=headers) as response:
        assert 401 == response.status
    async with strict.client.get(
        "/desk", headers={"Cookie": f"mashang={token}"}, allow_redirects=False
    ) as response:
        assert 401 == response.status or 303 == response.status


async def test_programs_send_it_along(strict: Office, http: ClientSession) -> None:
    """Without a factor they are told to enrol; without or with a wrong code they are refused."""
    told = await program(strict)
    assert (403, True) == (told.status, "绑定" in told.json["detail"])
    app, _ = await Browser(strict, http).enrol()
    with at(clock.now() + timedelta(minutes=2)):
        said = [{}, {"code": "000000"}, {"code": app.at(clock.now())}]
        assert [401, 401, 201] == [(await program(strict, **one)).status for one in said]


async def test_where_it_is_optional_nobody_is_asked(easy: Office) -> None:
    """On a developer's machine the password is enough."""
    assert 201 == (await program(easy)).status


async def test_the_secret_lies_sealed(strict: Office, http: ClientSession) -> None:
    """Whoever reads the tables can make no code, and use no recovery code."""
    app, codes = await Browser(strict, http).enrol()
    async with strict.database.acquire() as conn:
        factor = str(await conn.fetchrow("SELECT * FROM second_factors"))
        hashes = str(await conn.fetch("SELECT * FROM recovery_codes"))
    assert app.secret not in factor
    assert [] == [code for code in codes if code in hashes or code.replace("-", "") in hashes]
    assert ADA.username in factor
