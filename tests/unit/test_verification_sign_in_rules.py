"""Signing in by the rules: the lock-out as a table, a session's edges, the work of a password."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.verification.signin import passwords, rules
from services.verification.signin.bodies import SignInBody
from services.verification.signin.passwords import Passwords, TooShort
from tests.hashes import CHEAP

NOW = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(-1, 0), (0, 0), (1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 960),
     (11, 1800), (12, 1800), (100, 1800), (10**9, 1800)],
)  # fmt: skip
def test_how_long_a_name_is_locked(failures: int, seconds: int) -> None:
    """Four are free, the fifth costs half a minute, then it doubles up to half an hour."""
    assert timedelta(seconds=seconds) == rules.lock_for(failures)


@given(st.integers(0, 200))
def test_a_lock_never_gets_shorter(failures: int) -> None:
    """One failure more is at least as long a wait, and never more than half an hour."""
    assert rules.lock_for(failures) <= rules.lock_for(failures + 1) <= rules.LONGEST_LOCK


@pytest.mark.parametrize(
    ("failures", "left", "locked"),
    [(4, timedelta(hours=1), False), (5, INSTANT, True), (5, timedelta(), False),
     (5, -INSTANT, False), (99, timedelta(minutes=30), True)],
)  # fmt: skip
def test_until_when_a_name_is_locked(failures: int, left: timedelta, locked: bool) -> None:
    """At the very end of the lock one may try again; before five failures there is no lock."""
    assert locked == rules.locked(failures, NOW + left, NOW)


@pytest.mark.parametrize(
    ("since", "count"),
    [(timedelta(), 7), (timedelta(hours=24) - INSTANT, 7), (timedelta(hours=24), 0),
     (timedelta(days=400), 0), (-timedelta(minutes=5), 7)],
)  # fmt: skip
def test_a_day_forgets(since: timedelta, count: int) -> None:
    """Failures count for 24 hours after the last, also if another clock is ahead."""
    assert count == rules.failures_now(7, NOW - since, NOW)


@pytest.mark.parametrize(
    ("created", "seen", "usable"),
    [
        (timedelta(), timedelta(), True),
        (timedelta(hours=1), timedelta(minutes=60) - INSTANT, True),
        (timedelta(hours=1), timedelta(minutes=60), False),
        (timedelta(hours=12) - INSTANT, timedelta(), True),
        (timedelta(hours=12), timedelta(), False),
        (timedelta(hours=12), timedelta(minutes=60), False),
        (-timedelta(minutes=1), -timedelta(minutes=1), True),
    ],
)
def test_when_a_session_ends(created: timedelta, seen: timedelta, usable: bool) -> None:
    """An hour after it was last used and twelve after it began, to the instant."""
    assert usable == rules.usable(NOW - created, NOW - seen, NOW)


@given(st.lists(st.integers(0, 70), max_size=40))
def test_no_session_outlives_twelve_hours(minutes: list[int]) -> None:
    """However it is used, a session is gone after its life, and at once after an idle hour."""
    seen = now = NOW
    for pause in minutes:
        now += timedelta(minutes=pause)
        expected = pause < 60 and now < NOW + timedelta(hours=12)
        assert expected == rules.usable(NOW, seen, now)
        if not expected:
            return
        seen = now


async def test_a_password_is_its_hash_and_nothing_else() -> None:
    """The right one opens, any other does not, and two hashes of one password differ."""
    kept = Passwords()
    stored, again = await kept.hash(PASSWORD), await kept.hash(PASSWORD)
    assert stored != again
    assert await kept.check(stored, PASSWORD)
    assert await kept.check(again, PASSWORD)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), stored):
        assert not await kept.check(stored, wrong)


@pytest.mark.parametrize("stored", [None, "", "no hash at all", "$argon2id$v=19$broken"])
async def test_no_hash_opens_nothing(stored: str | None) -> None:
    """Nobody's hash, an empty one and a broken one are refused like a wrong password."""
    assert not await Passwords().check(stored, PASSWORD)
    assert not await Passwords().check(stored, "nobody has this password")


@pytest.mark.parametrize(("typed", "long_enough"), [("9 letters", False), ("10 letters", True)])
async def test_the_shortest_password(typed: str, long_enough: bool) -> None:
    """Ten characters are enough, nine are not, and the text says how many are needed."""
    if long_enough:
        assert (await Passwords().hash(typed)).startswith("$argon2id$")
        return
    with pytest.raises(TooShort, match="at least 10 characters"):
        await Passwords().hash(typed)


async def test_a_cheap_hash_is_made_anew() -> None:
    """A hash of other parameters is checked as it is and replaced by one of today's."""
    kept, old = Passwords(), CHEAP.hash(PASSWORD)
    assert await kept.check(old, PASSWORD)
    renewed = await kept.renewed(old, PASSWORD)
    assert renewed is not None
    assert await kept.check(renewed, PASSWORD)
    assert await kept.renewed(renewed, PASSWORD) is None


async def test_only_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 64 MiB, so a flood waits in line instead of filling the memory."""
    running, most = 0, 0
    real = passwords._verify

    def counted(stored: str, password: str) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return real(stored, password)
        finally:
            running -= 1

    monkeypatch.setattr(passwords, "_verify", counted)
    kept, stored = Passwords(), CHEAP.hash(PASSWORD)
    answers = await asyncio.gather(*(kept.check(stored, PASSWORD) for _ in range(12)))
    assert ([True] * 12, 0) == (answers, running)
    assert most <= 2


async def test_the_unknown_cost_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a name that nobody has, a hash is checked that was made with today's parameters."""
    worked: list[str] = []

    def noted(stored: str, password: str) -> bool:
        worked.append(stored)
        return True

    monkeypatch.setattr(passwords, "_verify", noted)
    assert not await Passwords().check(None, PASSWORD)
    (stored,) = worked
    assert await Passwords().renewed(stored, PASSWORD) is None


@pytest.mark.parametrize(
    ("values", "field"),
    [({"username": "a" * 201, "password": "x"}, "username"), ({"password": "x"}, "username"),
     ({"username": "a", "password": "x" * 2001}, "password"), ({"username": "a"}, "password"),
     ({"username": "a", "password": "x", "role": "city_supervisor"}, "role")],
)  # fmt: skip
def test_what_is_no_attempt_to_sign_in(values: dict[str, str], field: str) -> None:
    """Too long, missing or more than two fields: named by field, and the password never quoted."""
    with pytest.raises(ValidationError) as error:
        SignInBody.model_validate(values)
    assert [field] == [str(one["loc"][0]) for one in error.value.errors()]
    assert "secret" not in repr(SignInBody(username="a", password="secret"))


async def test_a_password_is_one_however_a_keyboard_writes_it() -> None:
    """Set at a terminal that takes letters apart, or from a file with a mark before it."""
    passwords = Passwords()
    stored = await passwords.hash("\ufeffCafe\u0301 am Platz 12")
    assert await passwords.check(stored, "Café am Platz 12")
    assert not await passwords.check(stored, "Cafe am Platz 12")
