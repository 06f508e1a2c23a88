"""A browser that has seen a genuine receipt is not locked out by whoever guesses next door."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import SimpleCookie
from uuid import uuid4

import pytest

from services.intake.accept import receipts
from services.intake.accept.browsers import COOKIE, KNOWN_FOR
from services.intake.accept.finding import WRONG_CODES
from shared.db import Database
from shared.values import clock
from tests.integration.intake_site import Site, site
from tests.support import at

SERVICE = "intake"
PAGE = {"Accept": "text/html"}


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Knows a unit; everybody comes from one address, and keeps no cookie by themselves."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def receipt(intake: Site, **changed: object) -> str:
    """The code of a new one."""
    answer = await intake.submit(uuid4().hex, **{"phone": None, **changed})
    code: str = (await answer.json())["receipt"]["code"]
    return code


async def look(intake: Site, path: str, cookie: str = "") -> tuple[int, str]:
    """The status of a page, and what the browser is told to keep."""
    intake.client.session.cookie_jar.clear()
    headers = PAGE | ({"Cookie": f"{COOKIE}={cookie}"} if cookie else {})
    async with intake.client.get(path, headers=headers) as answer:
        kept = SimpleCookie(answer.headers.get("Set-Cookie", "")).get(COOKIE)
        return answer.status, kept.value if kept else ""


async def guess(intake: Site, times: int, cookie: str = "", path: str = "/r/{}") -> list[int]:
    """Codes that nobody has."""
    wrong = (receipts.grouped(f"{number:016d}") for number in range(times))
    return [(await look(intake, path.format(one), cookie))[0] for one in wrong]


async def locked(intake: Site) -> None:
    """Somebody behind the same address has guessed until nothing is looked at any more."""
    await guess(intake, WRONG_CODES.most)
    assert [429] == await guess(intake, 1)


async def test_a_known_browser_still_sees_its_receipt(intake: Site) -> None:
    """And whatever else it has; a stranger behind the same address is put off with the guesser."""
    code, other = await receipt(intake), await receipt(intake)
    _, cookie = await look(intake, f"/r/{code}")
    await locked(intake)
    places = ("", "/proof", "/paper", "/data", "/followup", "/phone")
    assert [200] * len(places) == [
        (await look(intake, f"/r/{code}{place}", cookie))[0] for place in places
    ]
    assert 200 == (await look(intake, f"/r/{other}", cookie))[0]
    assert 429 == (await look(intake, f"/r/{code}"))[0]


async def test_thanks_make_a_browser_known_too(intake: Site) -> None:
    """A good rating leads there, and not to its receipt."""
    said = {"kind": "rating", "satisfaction": 5, "words": None, "categories": None}
    code = await receipt(intake, **said)
    _, cookie = await look(intake, f"/r/{code}/thanks")
    await locked(intake)
    assert 200 == (await look(intake, f"/r/{code}/thanks", cookie))[0]


async def test_a_known_browser_may_not_guess_either(intake: Site) -> None:
    """It has a count of its own, of which nobody else feels anything."""
    code = await receipt(intake)
    _, cookie = await look(intake, f"/r/{code}")
    assert [404] * WRONG_CODES.most + [429] == await guess(intake, WRONG_CODES.most + 1, cookie)
    assert 429 == (await look(intake, f"/r/{code}", cookie))[0]
    assert 200 == (await look(intake, f"/r/{code}"))[0]


async def test_a_receipt_makes_one_name(intake: Site) -> None:
    """Who looks at it again and again without the cookie gets no second count to guess with."""
    code = await receipt(intake)
    names = [(await look(intake, f"/r/{code}"))[1].partition(".")[0] for _ in range(2)]
    assert 1 == len(set(names))
    _, other = await look(intake, f"/r/{await receipt(intake)}")
    assert other.partition(".")[0] not in names


async def test_a_browser_keeps_its_cookie_for_as_long_as_it_holds(intake: Site) -> None:
    """It is set once, and anew when it has run out; until then no page sets it again."""
    code = await receipt(intake)
    _, cookie = await look(intake, f"/r/{code}")
    assert "" == (await look(intake, f"/r/{code}", cookie))[1]
    with at(clock.now() + KNOWN_FOR + timedelta(seconds=1)):
        assert "" != (await look(intake, f"/r/{code}", cookie))[1]
        await locked(intake)
        assert 429 == (await look(intake, f"/r/{code}", cookie))[0]


async def test_only_ours_is_believed(intake: Site) -> None:
    """Another name, a longer life, garbage: a stranger's, and no failure."""
    code = await receipt(intake)
    _, cookie = await look(intake, f"/r/{code}")
    name, until, mark = cookie.split(".")
    await locked(intake)
    for forged in (
        f"{'0' * 32}.{until}.{mark}", f"{name}.{int(until) + 1}.{mark}", f"{name}.{until}.",
        f"{name}.{until}.{'0' * 32}", "...", "x" * 4000, '"\\303\\251"',
    ):  # fmt: skip
        assert 429 == (await look(intake, f"/r/{code}", forged))[0], forged


async def test_the_cookie_says_nothing(intake: Site) -> None:
    """Not the receipt, which it would give away to whoever borrows the phone."""
    code = await receipt(intake)
    _, cookie = await look(intake, f"/r/{code}")
    assert re.fullmatch(r"[0-9a-f]{32}\.[0-9]{10}\.[0-9a-f]{32}", cookie)
    assert code.replace("-", "").lower() not in cookie
    await guess(intake, 1, cookie)
    (row,) = await intake.fetch("SELECT key FROM limits WHERE name = $1", WRONG_CODES.name)
    assert cookie.partition(".")[0] != row["key"]


@pytest.mark.parametrize(
    "path", ["/r/{}", "/r/{}/data", "/r/{}/proof", "/r/{}/thanks", "/r/{}/above", "/r/{}/proof.txt"]
)
async def test_no_page_tells_more_than_another(intake: Site, path: str) -> None:
    """Whichever is asked, a wrong code is counted, and after so many none is looked at."""
    code = await receipt(intake)
    assert [404] * WRONG_CODES.most + [429] == await guess(intake, WRONG_CODES.most + 1, path=path)
    assert 429 == (await look(intake, path.format(code)))[0]
