"""Signing in by the bureau's own OpenID provider, against one that runs as a process of its own."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from subprocess import DEVNULL, Popen
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import ClientConnectionError, ClientSession, CookieJar

from services.verification.directory import commands as directory
from shared.db import Database
from tests.integration.verification_office import Office, office

SERVICE = "verification"
DESK = "https://desk.example"
CLIENT = {"oidc_client": "mashang", "oidc_secret": "a secret", "staff_urls": f"verification={DESK}"}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Its issuer; whatever name is typed there is somebody."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as running:
        yield f"http://127.0.0.1:{port}"
        running.terminate()


@pytest.fixture
async def bureau(database: Database, provider: str) -> AsyncIterator[Office]:
    """The small bureau, whose people may sign in there."""
    async with office(database, oidc_issuer=provider, **CLIENT) as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A browser."""
    headers = {"Accept": "text/html"}
    async with ClientSession(headers=headers, cookie_jar=CookieJar(unsafe=True)) as opened:
        yield opened


async def answering(http: ClientSession, issuer: str) -> None:
    """Until the provider is up."""
    for _ in range(300):
        try:
            async with http.get(f"{issuer}/.well-known/openid-configuration") as response:
                if response.status == 200:
                    return
        except ClientConnectionError:
            pass
        await asyncio.sleep(0.1)


async def see(http: ClientSession, url: str) -> tuple[int, str, str]:
    """A page: its status, where it leads, and its text; nothing is followed."""
    async with http.get(url, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def leave(bureau: Office, http: ClientSession, provider: str, then: str = "") -> str:
    """To the provider: its address."""
    await answering(http, provider)
    status, away, _ = await see(http, f"{bureau.origin}/desk/oidc?{urlencode({'next': then})}")
    assert 303 == status
    return away


async def sign_in(http: ClientSession, away: str, username: str) -> dict[str, str]:
    """At the provider; what it sends back along."""
    async with http.post(away, data={"sub": username}, allow_redirects=False) as response:
        back = urlsplit(response.headers["Location"])
    assert f"{DESK}/desk/oidc/back" == f"{back.scheme}://{back.netloc}{back.path}"
    return {name: values[0] for name, values in parse_qs(back.query).items()}


async def back(bureau: Office, http: ClientSession, told: dict[str, str]) -> tuple[int, str, str]:
    """Back at the desk."""
    return await see(http, f"{bureau.origin}/desk/oidc/back?{urlencode(told)}")


async def test_there_and_back(bureau: Office, http: ClientSession, provider: str) -> None:
    """The sign-in page leads there; back again one is signed in, and goes on to where one was."""
    _, _, page = await see(http, f"{bureau.origin}/desk/sign-in?next=/desk/commendations")
    assert "/desk/oidc?next=/desk/commendations" in page
    away = await leave(bureau, http, provider, "/desk/commendations")
    asked = parse_qs(urlsplit(away).query)
    assert (["S256"], ["code"]) == (asked["code_challenge_method"], asked["response_type"])
    status, _, page = await back(bureau, http, await sign_in(http, away, "desk"))
    assert (200, True) == (status, 'href="/desk/commendations"' in page)
    assert 200 == (await see(http, f"{bureau.origin}/desk"))[0]


async def test_what_was_not_begun_here(bureau: Office, http: ClientSession, provider: str) -> None:
    """Another state, a code twice, one for another browser, none at all: nobody is signed in."""
    away = await leave(bureau, http, provider)
    told = await sign_in(http, away, "desk")
    wrong = [told | {"state": "another"}, {"state": told["state"]}, told | {"code": "guessed"}, {}]
    assert [401] * 4 == [(await back(bureau, http, one))[0] for one in wrong]
    async with ClientSession(headers={"Accept": "text/html"}) as other:
        assert 401 == (await back(bureau, other, told))[0]
    assert 200 == (await back(bureau, http, told))[0]
    await leave(bureau, http, provider)
    assert 401 == (await back(bureau, http, told))[0]


async def test_a_code_for_another_attempt(
    bureau: Office, http: ClientSession, provider: str
) -> None:
    """A code that somebody else's browser was given is refused: its verifier is not ours."""
    async with ClientSession(headers={"Accept": "text/html"}) as other:
        stolen = await sign_in(other, await leave(bureau, other, provider), "city")
    own = parse_qs(urlsplit(await leave(bureau, http, provider)).query)["state"][0]
    status, _, page = await back(bureau, http, stolen | {"state": own})
    assert (401, True) == (status, "统一认证没有成功" in page)


async def test_who_has_no_account_here(bureau: Office, http: ClientSession, provider: str) -> None:
    """Unknown to the directory, or disabled: told so, and not signed in."""
    async with bureau.database.transaction() as conn:
        assert await directory.disable_operator(conn, "neighbour")
    for username in ("nobody", "neighbour"):
        told = await sign_in(http, await leave(bureau, http, provider), username)
        status, _, page = await back(bureau, http, told)
        assert (401, True) == (status, "没有您的账号" in page)


async def test_a_second_factor_is_asked_for_all_the_same(
    database: Database, http: ClientSession, provider: str
) -> None:
    """Where it is required, whoever comes from the provider enrols one, too."""
    chosen = {**CLIENT, "oidc_issuer": provider, "second_factor": "required"}
    async with office(database, **chosen) as bureau:
        told = await sign_in(http, await leave(bureau, http, provider), "desk")
        _, _, page = await back(bureau, http, told)
        assert "/desk/second?next=" in page
        assert 303 == (await see(http, f"{bureau.origin}/desk"))[0]
        assert "<svg" in (await see(http, f"{bureau.origin}/desk/second"))[2]


async def test_a_provider_that_is_away(database: Database, http: ClientSession) -> None:
    """The sign-in page says so, and the password still works there."""
    issuer = f"http://127.0.0.1:{free_port()}"
    async with office(database, oidc_issuer=issuer, **CLIENT) as bureau:
        status, _, page = await see(http, f"{bureau.origin}/desk/oidc?next=/desk")
    assert (503, True, True) == (status, "暂时没有回应" in page, 'value="/desk"' in page)
