"""Signing in while others guess and flood: who is slowed down, and who is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from aiohttp import ClientSession, DummyCookieJar

from services.verification import jobs
from services.verification.directory import commands as directory
from services.verification.signin import line, passwords, rules
from services.verification.signin.attempts import Caller
from services.verification.signin.sessions import SignIn
from shared.db import Database
from shared.errors import Refused, TooMany, Unauthenticated
from shared.values import clock
from tests.hashes import make_cheap
from tests.integration.verification_office import PASSWORD, Answer, Office
from tests.integration.verification_sign_in import ADA, with_ada
from tests.support import at

SERVICE = "verification"
HERE, THERE = Caller("203.0.113.7"), Caller("198.51.100.1")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost a millisecond."""
    make_cheap(monkeypatch)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with with_ada(database) as opened:
        yield opened


class Browser:
    """A browser that keeps its cookies, all but the session's."""

    def __init__(self, bureau: Office) -> None:
        self._bureau = bureau
        self.cookies: dict[str, str] = {}

    async def sign_in(self, username: str, password: str) -> Answer:
        """Send the form."""
        headers = {
            "Accept": "text/html",
            "Origin": self._bureau.origin,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        form = {"username": username, "password": password, "next": "/desk?mine=1"}
        address = f"{self._bureau.origin}/desk/sign-in"
        async with (
            ClientSession(cookie_jar=DummyCookieJar()) as http,
            http.post(address, data=form, headers=headers, allow_redirects=False) as response,
        ):
            for text in response.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(text).items():
                    if "device" in name:
                        assert "Strict" == morsel["samesite"]
                        assert (True, "15552000") == (morsel["httponly"], morsel["max-age"])
                        self.cookies[name] = morsel.value
            return Answer(response.status, dict(response.headers), await response.text())


async def failures(bureau: Office, address: str = HERE.address) -> float | None:
    """What an address has spent."""
    async with bureau.database.acquire() as conn:
        found: float | None = await conn.fetchval(
            "SELECT failures FROM sign_in_addresses WHERE address = $1", address
        )
    return found


async def refusals(*attempts: Awaitable[object]) -> list[str]:
    """How many attempts end, by the name of their refusal."""
    ended = await asyncio.gather(*attempts, return_exceptions=True)
    return [one.key if isinstance(one, Refused) else type(one).__name__ for one in ended]


async def test_guesses_of_others_do_not_lock_the_owner_out(bureau: Office) -> None:
    """With the name locked by a stranger, the owner's own browser still opens the desk."""
    own, strange = Browser(bureau), Browser(bureau)
    assert 303 == (await own.sign_in("ada", PASSWORD)).status
    assert 1 == len(own.cookies)
    for _ in range(rules.FREE_ATTEMPTS):
        assert 401 == (await strange.sign_in("ada", "wrong")).status
    assert 401 == (await strange.sign_in("ada", PASSWORD)).status
    for _ in range(3):
        assert 303 == (await own.sign_in("ada", PASSWORD)).status
    assert 401 == (await strange.sign_in("ada", PASSWORD)).status


async def test_a_known_device_may_not_guess_for_ever(bureau: Office) -> None:
    """Its own five failures make it a stranger, and the stranger's lock is another's."""
    stolen, owner = Browser(bureau), Browser(bureau)
    for browser in (stolen, owner):
        await browser.sign_in("ada", PASSWORD)
    for _ in range(2 * rules.FREE_ATTEMPTS):
        assert 401 == (await stolen.sign_in("ada", "wrong")).status
    assert 401 == (await stolen.sign_in("ada", PASSWORD)).status
    assert 303 == (await owner.sign_in("ada", PASSWORD)).status


async def test_a_device_of_one_is_no_device_of_another(bureau: Office) -> None:
    """What Ada's browser holds counts nothing for a name that never signed in there."""
    browser = Browser(bureau)
    await browser.sign_in("ada", PASSWORD)
    for _ in range(rules.FREE_ATTEMPTS + 1):
        assert 401 == (await browser.sign_in("desk", "wrong")).status
    async with bureau.database.acquire() as conn:
        assert "desk" == await conn.fetchval("SELECT username FROM sign_in_failures")


async def test_a_new_password_forgets_every_failure(bureau: Office) -> None:
    """A supervisor's new password works at once, also in a browser that had failed too often."""
    browser = Browser(bureau)
    await browser.sign_in("ada", PASSWORD)
    for _ in range(2 * rules.FREE_ATTEMPTS):
        await browser.sign_in("ada", "wrong")
    async with bureau.database.transaction() as conn:
        assert await directory.set_operator(conn, ADA, "a wholly new password") is None
    assert 303 == (await browser.sign_in("ada", "a wholly new password")).status


async def test_an_address_that_is_over_is_told_so(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 in words, with the name that was typed and without the password; nothing is hashed."""
    own, strange = Browser(bureau), Browser(bureau)
    await own.sign_in("ada", PASSWORD)
    monkeypatch.setattr(rules, "ADDRESS_MOST", 3)
    for name in ("nobody1", "nobody2", "nobody3"):
        assert 401 == (await strange.sign_in(name, "x")).status
    monkeypatch.setattr(passwords, "_verify", None)
    page = await strange.sign_in("ada", PASSWORD)
    assert (429, "5") == (page.status, page.json["Retry-After"])
    assert "您所在的网络刚才登录失败的次数太多" in page.text
    assert 'name="username" value="ada"' in page.text
    assert 'name="next" value="/desk?mine=1"' in page.text
    assert PASSWORD not in page.text
    monkeypatch.undo()
    assert 303 == (await own.sign_in("ada", PASSWORD)).status


async def test_who_is_over_tells_nobody_who_exists(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer for a real name and for none, with and without the right password."""
    monkeypatch.setattr(rules, "ADDRESS_MOST", 0)
    tries = [("ada", PASSWORD), ("ada", "x"), ("nobody", "x"), ("", ""), ("desk", "x" * 1500)]
    answers = [await Browser(bureau).sign_in(*one) for one in tries]
    assert {429} == {one.status for one in answers}
    assert 1 == len({one.text.split("<form")[0] for one in answers})


async def test_two_instances_share_the_limits(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an address spent at one instance is spent at the other, and comes back with time."""
    monkeypatch.setattr(rules, "ADDRESS_MOST", 4)
    one, other = SignIn(bureau.database), SignIn(bureau.database)
    for turn in range(4):
        with pytest.raises(Unauthenticated):
            await (one, other)[turn % 2].begin(f"nobody{turn}", "x", HERE)
    for instance in (one, other):
        with pytest.raises(TooMany, match="many"):
            await instance.begin("ada", PASSWORD, HERE)
        assert "ada" == (await instance.begin("ada", PASSWORD, THERE)).operator.username
    with at(clock.now() + rules.LEAK):
        assert "ada" == (await other.begin("ada", PASSWORD, HERE)).operator.username


async def test_a_right_password_is_no_failure(bureau: Office) -> None:
    """A whole office behind one address signs in every morning and spends nothing."""
    instance = SignIn(bureau.database)
    for _ in range(5):
        await instance.begin("ada", PASSWORD, HERE)
    assert await failures(bureau) == pytest.approx(0, abs=0.5)


async def test_who_is_refused_without_a_look_is_not_counted(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all places of its address taken an attempt is put off, and the name stays unlocked."""
    monkeypatch.setattr(line, "EACH", 2)
    instance = SignIn(bureau.database)
    told = await refusals(*(instance.begin("ada", PASSWORD, HERE) for _ in range(8)))
    assert {"Session", "refused.sign_in_busy"} == set(told)
    assert 2 <= told.count("Session") <= 4
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM sign_in_failures")


async def test_a_full_line_is_told_in_words(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 for a stranger while others have all places, the name kept; the known are let in."""
    own = Browser(bureau)
    await own.sign_in("ada", PASSWORD)
    monkeypatch.setattr(line, "MOST", 0)
    page = await Browser(bureau).sign_in("ada", PASSWORD)
    assert (503, "5") == (page.status, page.json["Retry-After"])
    assert "同时登录的人太多" in page.text
    assert 'value="ada"' in page.text
    monkeypatch.undo()
    assert 303 == (await own.sign_in("ada", PASSWORD)).status


async def test_refusals_are_late_and_successes_are_not(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten failures an address waits for each refusal; whoever is right, never."""
    slept: list[float] = []

    async def pause(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(rules, "LATEST", timedelta(seconds=8))
    instance = SignIn(bureau.database)
    monkeypatch.setattr(asyncio, "sleep", pause)
    for turn in range(rules.PROMPT + 4):
        await refusals(instance.begin(f"nobody{turn}", "x", HERE))
    assert slept == sorted(slept)
    assert 3 <= len(slept) <= 4
    before = len(slept)
    await instance.begin("ada", PASSWORD, HERE)
    await refusals(instance.begin("nobody", "x", THERE))
    assert before == len(slept)


async def flood(
    attempt: Callable[[int], Awaitable[object]], hands: int, done: asyncio.Event
) -> None:
    """So many hands that try again as soon as they are told."""

    async def hand(number: int) -> None:
        while not done.is_set():
            await refusals(attempt(number))

    await asyncio.gather(*(hand(number) for number in range(hands)))


async def test_forty_hands_do_not_starve_the_others(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty hands of one address try without end; others wait for a few of their hashes only."""
    hashed = 0
    real = passwords._verify

    def counted(stored: str, password: str) -> bool:
        nonlocal hashed
        hashed += 1
        time.sleep(0.02)
        return real(stored, password)

    monkeypatch.setattr(rules, "ADDRESS_MOST", 10**9)
    monkeypatch.setattr(passwords, "_verify", counted)
    instance, done = SignIn(bureau.database), asyncio.Event()

    async def junk(number: int) -> None:
        await instance.begin(f"nobody{number}", "x", HERE)

    attack = asyncio.ensure_future(flood(junk, 40, done))
    await asyncio.sleep(0.3)
    for caller in (THERE, Caller(HERE.address, "known")):
        before = hashed
        assert "ada" == (await instance.begin("ada", PASSWORD, caller)).operator.username
        # Its own, those that were running, and what began while it asked the database: without
        # end, each of the forty would have had its turn before it.
        assert hashed - before < 40
    done.set()
    await attack


async def test_old_addresses_are_swept(bureau: Office) -> None:
    """An address is forgotten a day after its last failure."""
    await refusals(SignIn(bureau.database).begin("nobody", "x", HERE))
    await jobs.remove_old_sessions(bureau.database)
    assert 1 == await failures(bureau)
    with at(clock.now() - timedelta(hours=25)):
        await refusals(SignIn(bureau.database).begin("nobody", "x", THERE))
    await jobs.remove_old_sessions(bureau.database)
    assert (1, None) == (await failures(bureau), await failures(bureau, THERE.address))
