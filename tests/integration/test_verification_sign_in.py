"""Signing in, statements for the other services, and being cut off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.verification.directory import commands as directory
from services.verification.signin import line
from services.verification.signin.rules import FREE_ATTEMPTS, SESSION_IDLE, SESSION_LIFETIME
from shared import statements
from shared.db import Database
from shared.errors import Unauthenticated
from shared.values import clock
from tests.integration.verification_office import PASSWORD, SEED, Answer, Office
from tests.integration.verification_sign_in import ADA, with_ada
from tests.support import at, captured_logs

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with with_ada(database) as opened:
        yield opened


async def sign_in(bureau: Office, username: str, password: str) -> Answer:
    """Try to sign in."""
    body = {"username": username, "password": password}
    async with bureau.client.post("/api/v1/sessions", json=body) as response:
        return Answer(response.status, await response.json(), await response.text())


async def me(bureau: Office, token: str) -> int:
    """The status of asking who one is."""
    headers = {"Authorization": f"Bearer {token}"}
    async with bureau.client.get("/api/v1/me", headers=headers) as response:
        return response.status


async def test_in_and_out(bureau: Office) -> None:
    """A session works from signing in until signing out, and not after."""
    session = await sign_in(bureau, "ada", PASSWORD)
    token = session.json["token"]
    assert (201, "ada") == (session.status, session.json["operator"]["username"])
    assert 200 == await me(bureau, token)
    headers = {"Authorization": f"Bearer {token}"}
    async with bureau.client.delete("/api/v1/sessions", headers=headers) as response:
        assert 204 == response.status
    assert 401 == await me(bureau, token)


@pytest.mark.parametrize("typed", ["ADA", "Ａｄａ", " ada\u3000", "a\u200bda"])
async def test_a_name_is_typed_as_people_type(bureau: Office, typed: str) -> None:
    """Capitals, full-width letters and stray spaces lock nobody out."""
    assert 201 == (await sign_in(bureau, typed, PASSWORD)).status


async def test_a_statement_convinces_the_other_services(bureau: Office) -> None:
    """The statement checks against the public key, names the operator, and ends after a minute."""
    answer = await bureau.ask("county", "POST", "statements")
    token, key = answer.json["statement"], statements.public_key(SEED)
    told = statements.check(token, key).operator
    assert ("county", "county_supervisor") == (told.username, told.role)
    with (
        at(clock.now() + timedelta(seconds=61)),
        pytest.raises(Unauthenticated, match="expired"),
    ):
        statements.check(token, key)


async def test_refusals_tell_nothing(bureau: Office) -> None:
    """Wrong password, unknown user, no password and malformed name get the very same answer."""
    tries = [("ada", "wrong"), ("nobody", PASSWORD), ("desk", PASSWORD), ("A' OR 1", PASSWORD)]
    answers = [await sign_in(bureau, *attempt) for attempt in tries]
    assert {401} == {answer.status for answer in answers}
    assert 1 == len({answer.text for answer in answers})


async def test_lock_out(bureau: Office) -> None:
    """After five failures the right password is refused too, until the lock has passed."""
    for _ in range(FREE_ATTEMPTS):
        await sign_in(bureau, "ada", "wrong")
    assert 401 == (await sign_in(bureau, "ada", PASSWORD)).status
    with at(clock.now() + timedelta(seconds=31)):
        assert 201 == (await sign_in(bureau, "ada", PASSWORD)).status
        assert 401 == (await sign_in(bureau, "ada", "wrong")).status
        assert 201 == (await sign_in(bureau, "ada", PASSWORD)).status


async def test_parallel_guesses_count(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses sent at the same moment do not slip past the lock-out."""
    monkeypatch.setattr(line, "EACH", 2 * FREE_ATTEMPTS)
    guesses = [sign_in(bureau, "ada", f"guess {n}") for n in range(FREE_ATTEMPTS + 3)]
    await asyncio.gather(*guesses)
    async with bureau.database.acquire() as conn:
        failures = await conn.fetchval("SELECT failures FROM sign_in_failures")
    assert failures == FREE_ATTEMPTS
    assert 401 == (await sign_in(bureau, "ada", PASSWORD)).status


async def test_disabling_cuts_at_once(bureau: Office) -> None:
    """A disabled operator's session ends with the next request, and they cannot sign in."""
    token = (await sign_in(bureau, "ada", PASSWORD)).json["token"]
    async with bureau.database.transaction() as conn:
        assert await directory.disable_operator(conn, "ada")
    assert 401 == await me(bureau, token)
    assert 401 == (await sign_in(bureau, "ada", PASSWORD)).status


async def test_a_new_password_ends_old_sessions(bureau: Office) -> None:
    """Setting a password signs the operator out everywhere."""
    token = (await sign_in(bureau, "ada", PASSWORD)).json["token"]
    async with bureau.database.transaction() as conn:
        await directory.set_operator(conn, ADA, "a wholly new password")
    assert 401 == await me(bureau, token)


async def test_sessions_end(bureau: Office) -> None:
    """A session ends an hour after it was last used, and twelve hours after it began."""
    idle, token, start = await bureau.token("ada"), await bureau.token("ada"), clock.now()
    used = start
    while used < start + SESSION_LIFETIME - SESSION_IDLE:
        used += SESSION_IDLE - timedelta(minutes=1)
        with at(used):
            assert 200 == await me(bureau, token)
    with at(start + SESSION_IDLE + timedelta(seconds=1)):
        assert 401 == await me(bureau, idle)
    with at(start + SESSION_LIFETIME + timedelta(seconds=1)):
        assert 401 == await me(bureau, token)


async def test_only_a_hash_of_the_token_is_stored(bureau: Office) -> None:
    """Somebody who reads the database or the logs finds no token and no password."""
    with captured_logs() as logged:
        token = (await sign_in(bureau, "ada", PASSWORD)).json["token"]
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT s::text || o::text AS row FROM sessions s, operators o")
    stored = "".join(row["row"] for row in rows) + str(logged)
    secrets = [text for secret in (token, PASSWORD) for text in (secret, secret.encode().hex())]
    assert [] == [secret for secret in secrets if secret in stored]


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer nonsense"])
async def test_no_session_no_answer(bureau: Office, header: str) -> None:
    """Without a usable token every staff route answers 401."""
    for path in ("me", "cases", "cases/01a20770-5eb4-7042-958e-4d1e498016d2"):
        async with bureau.client.get(
            f"/api/v1/{path}", headers={"Authorization": header}
        ) as response:
            assert 401 == response.status


async def test_an_old_session_is_told_apart_from_none(bureau: Office) -> None:
    """Whoever was signed in reads why they no longer are; others, that they will go on."""
    told = []
    for cookie in ("", "mashang=old"):
        headers = {"Accept": "text/html", "Cookie": cookie}
        async with bureau.client.get("/desk/sign-in?next=/desk/shift", headers=headers) as response:
            page = await response.text()
        told.append(("请重新登录" in page, "登录后就到您要去的页面" in page))
    assert [(False, True), (True, False)] == told
