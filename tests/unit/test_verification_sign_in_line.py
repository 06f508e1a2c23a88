"""The line before the slow hash, what an address may spend, and the devices that are known."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.signin import passwords, rules
from services.verification.signin.devices import Devices
from services.verification.signin.line import EACH, KNOWN, MOST, Line
from services.verification.signin.passwords import Passwords
from shared.errors import TooMany, Unavailable
from shared.values import clock
from tests.support import at

NOW = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
SEED = bytes(range(32))


@asynccontextmanager
async def held(line: Line, slots: int) -> AsyncIterator[Callable[[], None]]:
    """All slots are taken until the release is called."""
    release = asyncio.Event()

    async def hold() -> None:
        async with line.turn("held"):
            await release.wait()

    holders = [asyncio.ensure_future(hold()) for _ in range(slots)]
    await asyncio.sleep(0)
    yield release.set
    release.set()
    await asyncio.gather(*holders)


async def order(*arrivals: str) -> list[str]:
    """In which order those get their turn who came, one slot being taken meanwhile."""
    line, done = Line(1), list[str]()

    async def one(whose: str) -> None:
        async with line.turn(whose):
            done.append(whose)

    async with held(line, 1) as release:
        tasks = []
        for whose in arrivals:
            tasks.append(asyncio.ensure_future(one(whose)))
            await asyncio.sleep(0)
        release()
        await asyncio.gather(*tasks)
    return done


async def test_an_address_waits_for_itself() -> None:
    """A hundred attempts of one address let every other address in after one of them."""
    assert ["a", "b", "a", "b", "a"] == (await order(*"aaabb"))[:5]
    assert 1 == (await order(*"a" * 40, "b")).index("b")


async def test_the_known_go_first() -> None:
    """Whoever comes from a known device waits for no stranger that has not begun."""
    assert [KNOWN, KNOWN, "a", "b", "a"] == await order("a", "a", "b", KNOWN, KNOWN)


@given(st.lists(st.sampled_from("abcd"), max_size=40))
async def test_turns_are_fair_among_addresses(arrivals: list[str]) -> None:
    """While an address waits, no other gets two turns more than it; and nobody is left out."""
    done = await order(*arrivals)
    assert Counter(arrivals) == Counter(done)
    for whose in set(arrivals):
        left = Counter(arrivals)
        before = 0
        for one in done:
            left[one] -= 1
            before = 0 if one == whose else before + 1
            if left[whose]:
                assert before <= len(set(arrivals)) - 1


async def test_the_line_has_an_end() -> None:
    """An address has so many places, all strangers together so many, the known theirs."""
    line = Line(2)
    with ExitStack() as stack:
        for number in range(MOST):
            stack.enter_context(line.place(f"10.0.0.{number // EACH}"))
        with pytest.raises(TooMany, match="busy") as many, line.place("10.0.0.0"):
            pass
        assert many.value.after > timedelta()
        with pytest.raises(Unavailable, match="busy"), line.place("10.9.9.9"):
            pass
        for _ in range(MOST):
            stack.enter_context(line.place(KNOWN))
        with pytest.raises(TooMany, match="busy"), line.place(KNOWN):
            pass
    with line.place("10.9.9.9"), line.place(KNOWN):
        pass


async def test_who_goes_away_takes_no_turn() -> None:
    """A caller that gave up is passed over, and one that gave up at its turn hands it on."""
    line, done = Line(1), list[str]()

    async def one(whose: str) -> None:
        async with line.turn(whose):
            done.append(whose)

    async with held(line, 1) as release:
        tasks = [asyncio.ensure_future(one(whose)) for whose in "abcd"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        release()
        await asyncio.sleep(0)
        tasks[0].cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert {"c", "d"} <= set(done)
    assert isinstance(answers[1], asyncio.CancelledError)
    async with line.turn("e"):
        done.append("e")
    assert "e" == done[-1]


async def test_a_hash_that_nobody_waits_for_keeps_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread cannot be stopped: its turn ends with it, not with the patience of who asked."""
    going, kept = threading.Event(), Passwords()
    kept.line = Line(1)

    def slow(stored: str, password: str) -> bool:
        return going.wait(10)

    monkeypatch.setattr(passwords, "_verify", slow)
    asked = asyncio.ensure_future(kept.check("x", "y"))
    while not kept.line.busy:  # noqa: ASYNC110  it has no event for it
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.sleep(0.01)
    assert kept.line.busy
    going.set()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not kept.line.busy


@pytest.mark.parametrize(
    ("remote", "source"),
    [
        ("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"), ("fe80::1%eth0", "fe80::/64"), ("::1", "::/64"),
        ("", "unknown"), ("unix:", "unix:"), ("%eth0", "%eth0"),
    ],
)  # fmt: skip
def test_what_counts_as_one_address(remote: str, source: str) -> None:
    """A whole /64 of IPv6 is one; who has none is not taken for a known device."""
    assert source == rules.source(remote) != KNOWN


@pytest.mark.parametrize(
    ("failures", "since", "left"),
    [(0, 0, 0), (10, 0, 10), (10, 5, 9), (10, 52, 0), (10, 10**6, 0), (10, -60, 10), (1.5, 5, 0.5)],
)
def test_an_address_recovers(failures: float, since: int, left: float) -> None:
    """One failure less for every five seconds, whatever another instance's clock says."""
    assert max(left, 0) == pytest.approx(
        rules.spent(failures, NOW - timedelta(seconds=since), NOW), abs=0.41
    )


@pytest.mark.parametrize(
    ("spent", "seconds"),
    [(0, 0), (1, 0), (10, 0), (11, 0.5), (14, 2), (20, 5), (26, 8), (150, 8), (10**6, 8)],
)
def test_refusals_come_later_and_later(spent: float, seconds: float) -> None:
    """Ten failures are told at once; then half a second more each, up to eight."""
    assert timedelta(seconds=seconds) == rules.lateness(spent)


@pytest.mark.parametrize(("spent", "over"), [(0, False), (150, False), (150.1, True)])
def test_when_an_address_is_over(spent: float, over: bool) -> None:
    """A hundred and fifty failures are told what they are; one more is not looked at."""
    assert over == rules.over(spent)


def cookies(devices: Devices, username: str, device: str = "") -> dict[str, str]:
    """What a browser holds after signing in."""
    cookie = devices.remember(username, device)
    assert cookie.value is not None
    return {cookie.name: cookie.value}


def test_a_device_is_known_for_its_operators() -> None:
    """Each name has its own cookie in the browser of a window, and none says whose it is."""
    devices = Devices(SEED, secure=True)
    held = cookies(devices, "yolanda") | cookies(devices, "伊娃")
    assert 2 == len(held)
    assert all(name.startswith("__Host-mashang-device-") for name in held)
    assert "yolanda" not in str(held)
    assert devices.known("yolanda", held)
    assert devices.known("伊娃", held)
    assert "" == devices.known("eve", held)


def test_a_known_device_keeps_its_name() -> None:
    """So that its failures are counted together; the time begins anew."""
    devices = Devices(SEED, secure=False)
    device = devices.known("ada", cookies(devices, "ada"))
    with at(clock.now() + rules.DEVICE_KNOWN_FOR - timedelta(days=1)):
        again = cookies(devices, "ada", device)
    with at(clock.now() + rules.DEVICE_KNOWN_FOR + timedelta(days=1)):
        assert device == devices.known("ada", again)


def test_a_device_is_forgotten() -> None:
    """After half a year without signing in it is a stranger."""
    devices = Devices(SEED, secure=False)
    held = cookies(devices, "ada")
    with at(clock.now() + rules.DEVICE_KNOWN_FOR + timedelta(seconds=1)):
        assert "" == devices.known("ada", held)


@given(st.text(max_size=120))
def test_nobody_makes_a_device_up(text: str) -> None:
    """Any value but a signed one is a stranger's, and none is an error."""
    devices = Devices(SEED, secure=False)
    ((name, value),) = cookies(devices, "ada").items()
    assert "" == devices.known("ada", {name: text})
    for forged in (f"{text}{value}", f"x.{value.partition('.')[2]}", value[:-1], f"{value}."):
        assert "" == devices.known("ada", {name: forged}) or forged == value
    assert "" == Devices(bytes(32), secure=False).known("ada", {name: value})
