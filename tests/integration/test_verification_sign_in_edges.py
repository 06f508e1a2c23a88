"""Signing in at its edges: enumeration, races, old hashes, the end of sessions, cleaning up."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from argon2 import PasswordHasher

from services.verification import jobs
from services.verification.directory import commands as directory
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin import passwords, rules, sessions
from services.verification.signin.attempts import Caller
from services.verification.signin.passwords import Passwords
from services.verification.signin.sessions import SignIn, hash_of
from shared import statements
from shared.db import Database
from shared.errors import Unauthenticated, Unavailable
from shared.values import clock
from tests.conftest import eventually
from tests.hashes import CHEAP, make_cheap
from tests.integration.verification_office import PASSWORD, SEED, UNIT, Office, office
from tests.integration.verification_sign_in import ADA, with_ada
from tests.support import at, captured_logs

SERVICE = "verification"
OTHER = "a wholly new password"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost a millisecond."""
    make_cheap(monkeypatch)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with with_ada(database) as opened:
        yield opened


async def attempt(bureau: Office, username: str, password: str) -> tuple[int, str, frozenset[str]]:
    """Status, text and names of the headers of an attempt."""
    body = {"username": username, "password": password}
    async with bureau.client.post("/api/v1/sessions", json=body) as response:
        return response.status, await response.text(), frozenset(response.headers)


async def stored(bureau: Office, what: str) -> Any:
    """One value of the database."""
    async with bureau.database.acquire() as conn:
        return await conn.fetchval(what)


NOBODIES = {
    "wrong password": ("ada", "x"),
    "unknown": ("nobody", PASSWORD),
    "without a password": ("desk", PASSWORD),
    "disabled": ("county", PASSWORD),
    "empty": ("", PASSWORD),
    "too long": ("a" * 65, PASSWORD),
    "password too long": ("ada", PASSWORD + "x" * 1100),
    "injection": ("ada' OR ''='", PASSWORD),
    "invisible": ("\u200b\u00ad", PASSWORD),
    "empty password": ("ada", ""),
}


async def test_no_refusal_tells_who_exists(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words, the same headers and one hash checked, whoever it was and why ever not."""
    worked: list[str] = []
    real = passwords._verify

    def counted(hashed: str, password: str) -> bool:
        worked.append(hashed)
        return real(hashed, password)

    async with bureau.database.transaction() as conn:
        assert await directory.disable_operator(conn, "county")
    monkeypatch.setattr(passwords, "_verify", counted)
    answers = {name: await attempt(bureau, *who) for name, who in NOBODIES.items()}
    assert {401} == {status for status, _, _ in answers.values()}
    assert 1 == len({(text, headers) for _, text, headers in answers.values()})
    assert len(NOBODIES) == len(worked)


async def test_the_page_refuses_everybody_alike(bureau: Office) -> None:
    """The form answers with the same words too; only the name that was typed differs."""
    pages = set()
    for username, password in NOBODIES.values():
        form = {"username": username, "password": password}
        page = await bureau.browse("", "/desk/sign-in", form)
        assert 401 == page.status
        pages.add(page.text.split("<form")[0])
    assert 1 == len(pages)


async def test_a_name_is_locked_by_the_table(bureau: Office) -> None:
    """Each failure after the fifth doubles the wait; attempts while locked count for nothing."""
    moment = clock.now()
    for failures, wait in ((5, 30), (6, 60), (7, 120), (8, 240)):
        with at(moment):
            while await stored(bureau, "SELECT max(failures) FROM sign_in_failures") != failures:
                await attempt(bureau, "ada", "wrong")
            for _ in range(3):
                assert 401 == (await attempt(bureau, "ada", PASSWORD))[0]
            assert failures == await stored(bureau, "SELECT failures FROM sign_in_failures")
        moment += timedelta(seconds=wait + 1)
    with at(moment):
        assert 201 == (await attempt(bureau, "ada", PASSWORD))[0]
        assert 0 == await stored(bureau, "SELECT count(*) FROM sign_in_failures")


async def test_a_lock_is_of_one_name(bureau: Office) -> None:
    """Whoever is being guessed at locks nobody else out, in whatever spelling they are guessed."""
    async with bureau.database.transaction() as conn:
        eve = StoredOperator("eve", "伊娃", "auditor", "ZMD", None, active=True)
        assert await directory.set_operator(conn, eve, PASSWORD) is None
    for spelling in ("ada", "ADA", "Ａｄａ", " ada", "a\u200bda", "ada"):
        await attempt(bureau, spelling, "wrong")
    assert 1 == await stored(bureau, "SELECT count(*) FROM sign_in_failures")
    assert (401, 201) == (
        (await attempt(bureau, "ada", PASSWORD))[0], (await attempt(bureau, "eve", PASSWORD))[0],
    )  # fmt: skip


async def test_yesterdays_failures_are_forgotten(bureau: Office) -> None:
    """Four failures, a day, and four more: nobody is locked, since a day forgets."""
    for day in range(3):
        with at(clock.now() + timedelta(hours=24 * day, minutes=day)):
            for _ in range(4):
                await attempt(bureau, "ada", "wrong")
            assert 4 == await stored(bureau, "SELECT failures FROM sign_in_failures")
    with at(clock.now() + timedelta(hours=49)):
        assert 201 == (await attempt(bureau, "ada", PASSWORD))[0]


async def test_an_old_hash_is_renewed_by_signing_in(bureau: Office) -> None:
    """The right password replaces a hash of older parameters; a wrong one changes nothing."""
    older = PasswordHasher(time_cost=2, memory_cost=512, parallelism=1).hash(PASSWORD)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE operators SET password_hash = $1 WHERE username = 'ada'", older)
    which = "SELECT password_hash FROM operators WHERE username = 'ada'"
    await attempt(bureau, "ada", "wrong")
    assert older == await stored(bureau, which)
    told = await bureau.events("operator.changed.v1")
    assert 201 == (await attempt(bureau, "ada", PASSWORD))[0]
    renewed = await stored(bureau, which)
    assert renewed != older
    assert not CHEAP.check_needs_rehash(renewed)
    assert 201 == (await attempt(bureau, "ada", PASSWORD))[0]
    assert renewed == await stored(bureau, which)
    assert told == await bureau.events("operator.changed.v1")


async def change_password(database: Database) -> None:
    """A supervisor gives Ada another password."""
    async with database.transaction() as conn:
        assert await directory.set_operator(conn, ADA, OTHER) is None


async def disable(database: Database) -> None:
    """A supervisor cuts Ada off."""
    async with database.transaction() as conn:
        assert await directory.disable_operator(conn, "ada")


@pytest.mark.parametrize("meanwhile", [change_password, disable])
async def test_what_changes_while_a_password_is_checked(
    bureau: Office, monkeypatch: pytest.MonkeyPatch, meanwhile: Any
) -> None:
    """A password that is replaced, or an operator disabled, during the check opens no session."""
    real = Passwords.check

    async def slow(self: Passwords, hashed: str | None, password: str, whose: str) -> bool:
        right = await real(self, hashed, password, whose)
        await meanwhile(bureau.database)
        return right

    monkeypatch.setattr(Passwords, "check", slow)
    with pytest.raises(Unauthenticated, match="sign_in"):
        await SignIn(bureau.database).begin("ada", PASSWORD)
    assert 0 == await stored(bureau, "SELECT count(*) FROM sessions")


async def test_signing_in_and_a_new_password_at_once(bureau: Office) -> None:
    """Whatever comes first, no session under the old password is left afterwards."""
    for _ in range(5):
        async with bureau.database.transaction() as conn:
            assert await directory.set_operator(conn, ADA, PASSWORD) is None
        await asyncio.gather(attempt(bureau, "ada", PASSWORD), change_password(bureau.database))
        assert 0 == await stored(bureau, "SELECT count(*) FROM sessions")


async def test_the_new_password_works_and_the_old_does_not(bureau: Office) -> None:
    """A change takes effect with the next attempt and forgets the failures before."""
    for _ in range(6):
        await attempt(bureau, "ada", "wrong")
    await change_password(bureau.database)
    assert (201, 401) == (
        (await attempt(bureau, "ada", OTHER))[0], (await attempt(bureau, "ada", PASSWORD))[0],
    )  # fmt: skip


async def test_a_session_knows_who_its_operator_is_by_now(bureau: Office) -> None:
    """A changed role or place holds from the next request on, without signing in again."""
    sign_in, token = SignIn(bureau.database), await bureau.token("county")
    before = await sign_in.who(token)
    async with bureau.database.acquire() as conn:
        await conn.execute(
            """UPDATE operators SET role = 'auditor', scope = 'YC', version = version + 1
               WHERE username = 'county'"""
        )
    after = await sign_in.who(token)
    assert ("county_supervisor", "ZY") == (before.operator.role, before.operator.scope)
    assert ("auditor", "YC", before.version + 1, before.session) == (
        after.operator.role, after.operator.scope, after.version, after.session,
    )  # fmt: skip


async def test_a_session_of_somebody_disabled_opens_nothing(bureau: Office) -> None:
    """Also where its row is still there: by a restored table, or by a hand that knew no better."""
    sign_in, token = SignIn(bureau.database), await bureau.token("county")
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE operators SET active = false WHERE username = 'county'")
    with pytest.raises(Unauthenticated):
        await sign_in.who(token)


async def test_use_is_noted_once_a_minute(bureau: Office) -> None:
    """A busy page writes no row a request; what is noted is enough to keep the session."""
    sign_in, token, start = SignIn(bureau.database), await bureau.token("desk"), clock.now()
    seen = []
    for seconds in (1, 59, 70, 71, 140):
        with at(start + timedelta(seconds=seconds)):
            await sign_in.who(token)
        seen.append(await stored(bureau, "SELECT seen_at FROM sessions"))
    assert [True, False, True, False] == [a == b for a, b in pairwise(seen)]


async def test_signing_out_ends_one_session_only(bureau: Office) -> None:
    """The same operator at another desk stays signed in; ending twice is no error."""
    here, there = await bureau.token("desk"), await bureau.token("desk")
    sign_in = SignIn(bureau.database)
    for _ in range(2):
        await sign_in.end(here)
    assert "desk" == (await sign_in.who(there)).operator.username
    for token in (here, "", "x" * 5000, "\x00"):
        with pytest.raises(Unauthenticated, match="session_ended"):
            await sign_in.who(token)


async def test_old_sessions_and_failures_are_swept(bureau: Office) -> None:
    """What can no longer be used goes; a session in use and a fresh failure stay."""
    now = clock.now()
    ages = {"fresh": (0, 0), "idle": (2, 2), "old": (13, 0)}
    async with bureau.database.acquire() as conn:
        for name, (began, seen) in ages.items():
            await conn.execute(
                """INSERT INTO sessions (token_hash, username, created_at, seen_at, expires_at)
                   VALUES ($1, 'desk', $2::timestamptz, $3, $2 + $4::interval)""",
                hash_of(name), now - timedelta(hours=began), now - timedelta(hours=seen),
                rules.SESSION_LIFETIME,
            )  # fmt: skip
        for name, hours in (("late", 25), ("recent", 23)):
            await conn.execute(
                "INSERT INTO sign_in_failures VALUES ($1, 3, $2, $2)",
                name, now - timedelta(hours=hours),
            )  # fmt: skip
    await jobs.remove_old_sessions(bureau.database)
    assert hash_of("fresh") == await stored(bureau, "SELECT token_hash FROM sessions")
    assert "recent" == await stored(bureau, "SELECT username FROM sign_in_failures")


async def test_a_statement_is_of_the_session_and_the_version(bureau: Office) -> None:
    """What the other services are told names the operator as they are, for one minute."""
    answer = await bureau.ask("county", "POST", "statements")
    told = statements.check(answer.json["statement"], statements.public_key(SEED))
    assert (("county", "ZY"), 1, 60) == (
        (told.operator.username, told.operator.scope), told.version, answer.json["expires_in"],
    )  # fmt: skip


async def test_who_one_is(bureau: Office) -> None:
    """Everybody may ask who they are; the answer holds nothing that opens anything."""
    answer = await bureau.ask("accused", "GET", "me")
    expected = {
        "username": "accused", "name": "甲", "role": "unit_operator", "scope": UNIT,
        "badge": "170001",
    }  # fmt: skip
    assert (200, expected) == (answer.status, answer.json)


async def test_the_log_names_nobody(bureau: Office) -> None:
    """Refused and accepted attempts are logged without name, password or token."""
    with captured_logs() as logged:
        await attempt(bureau, "ada", "a wrong password")
        _, text, _ = await attempt(bureau, "ada", PASSWORD)
    told = [entry["event"] for entry in logged if "sign" in entry["event"]]
    assert ["sign-in refused", "operator signed in"] == told
    token = text.split('"token":"')[1].split('"')[0]
    for secret in ("ada", "a wrong password", PASSWORD, token):
        assert secret not in str(logged)


async def test_the_other_language_keeps_the_name_and_the_way(bureau: Office) -> None:
    """The button brings the same form: nothing is tried, and the password is not shown again."""
    form = {"username": "ada", "password": "a wrong password", "next": "/desk?mine=1", "keep": "1"}
    page = await bureau.browse("", "/desk/sign-in?lang=en", form)
    assert (200, True) == (page.status, 'lang="en"' in page.text)
    for kept in ('name="username" value="ada"', 'name="next" value="/desk?mine=1"'):
        assert kept in page.text
    assert "a wrong password" not in page.text
    assert 0 == await stored(bureau, "SELECT count(*) FROM sign_in_failures")


@pytest.mark.parametrize("device", ["", "known"])
async def test_who_waits_in_vain_has_not_failed(
    bureau: Office, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """Nobody looked at the password: however often that happens, the name is not locked."""
    going = threading.Event()

    def stuck(hashed: str, password: str) -> bool:
        return going.wait(30)

    monkeypatch.setattr(passwords, "_verify", stuck)
    monkeypatch.setattr(sessions, "PATIENCE", 0.1)
    instance, caller = SignIn(bureau.database), Caller("203.0.113.7", device)
    for _ in range(rules.FREE_ATTEMPTS + 1):
        with pytest.raises(Unavailable):
            await instance.begin("ada", PASSWORD, caller)
    going.set()
    monkeypatch.undo()

    async def counted() -> Any:
        return await stored(bureau, "SELECT coalesce(max(failures), 0) FROM sign_in_failures")

    await eventually(counted, 0)
    assert "ada" == (await instance.begin("ada", PASSWORD, caller)).operator.username


async def test_a_wrong_password_that_was_looked_at_counts(bureau: Office) -> None:
    """Beside one that waits in vain, a real failure stays one."""
    instance = SignIn(bureau.database)
    for _ in range(rules.FREE_ATTEMPTS):
        with pytest.raises(Unauthenticated):
            await instance.begin("ada", "wrong")
    with pytest.raises(Unauthenticated):
        await instance.begin("ada", PASSWORD)


async def test_signing_in_may_lead_to_another_service(database: Database) -> None:
    """A browser holds the form to its page's policy over redirects too: each service is named in
    it, once, and nobody else.
    """
    elsewhere = {"rewards": "https://rewards.example", "scoring": "http://127.0.0.1:8084"}
    wanted = "form-action 'self' http://127.0.0.1:8084 https://rewards.example;"
    async with office(database, staff_urls=elsewhere) as bureau:
        headers = {"Accept": "text/html", "Origin": bureau.origin}
        async with bureau.client.get("/desk/sign-in", headers=headers) as shown:
            assert wanted in shown.headers["Content-Security-Policy"]
        form = {"username": "x", "password": "x"}
        async with bureau.client.post("/desk/sign-in", data=form, headers=headers) as refused:
            assert (401, True) == (
                refused.status, wanted in refused.headers["Content-Security-Policy"],
            )  # fmt: skip
