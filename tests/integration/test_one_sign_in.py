"""One sign-in for the staff pages of all services, and an end to it everywhere."""

import re
from datetime import timedelta
from html import unescape

import pytest
from aiohttp import ClientSession
from yarl import URL

from services.verification.directory import commands as directory
from shared.values import clock
from tests.support import at
from tests.town import PASSWORD, Town

PAGES = {"verification": "/desk", "rewards": "/rewards", "scoring": "/scores"}


async def lands_on(place: Town, http: ClientSession, service: str, page: str) -> str:
    """The address at which a browser ends when it opens a page."""
    async with http.get(f"{place.urls[service]}{page}") as response:
        assert response.status in (200, 403), await response.text()
        return str(response.url)


async def test_one_browser_is_known_everywhere(place: Town) -> None:
    """Signed in at the desk, the same browser opens the pages of rewards and scoring."""
    async with place.browser("city") as http:
        for service, page in PAGES.items():
            assert f"{place.urls[service]}{page}" == await lands_on(place, http, service, page)


@pytest.mark.parametrize("service", PAGES)
async def test_signing_out_is_signing_out_everywhere(place: Town, service: str) -> None:
    """From whichever service, by a link to the desk; then all services lead to signing in."""
    desk = place.urls["verification"]
    async with place.browser("city") as http:
        async with http.get(f"{place.urls[service]}{PAGES[service]}") as page:
            shown = await page.text()
        assert not re.search(r'action="https?:', shown)
        if service != "verification":
            assert f'href="{desk}/desk/sign-out"' in shown
        async with http.get(f"{desk}/desk/sign-out") as page:
            shown = await page.text()
        token = shown.split('name="csrf" value="')[1].split('"')[0]
        async with http.post(
            f"{desk}/desk/sign-out", data={"csrf": token}, headers={"Origin": desk}
        ) as response:
            assert 200 == response.status
        for other, path in PAGES.items():
            assert "/desk/sign-in" in await lands_on(place, http, other, path)


async def test_a_disabled_operator_is_out_as_soon_as_it_is_heard(place: Town) -> None:
    """`operator.changed` closes the door of a service, although the statement still stands."""
    async with place.browser("auditor") as http:
        await lands_on(place, http, "scoring", "/scores")
        async with place.databases["verification"].transaction() as conn:
            await directory.disable_operator(conn, "auditor")
        await place.carry()
        for service, page in PAGES.items():
            assert "/desk/sign-in" in await lands_on(place, http, service, page)


async def test_a_disabled_operator_is_out_within_a_minute_without_the_bus(place: Town) -> None:
    """Nothing was heard, yet 61 s later the statement has run out and the desk renews none."""
    async with place.browser("approver2") as http:
        await lands_on(place, http, "rewards", "/rewards")
        async with place.databases["verification"].transaction() as conn:
            await directory.disable_operator(conn, "approver2")
        assert "/rewards" in await lands_on(place, http, "rewards", "/rewards")
        with at(clock.now() + timedelta(seconds=61)):
            assert "/desk/sign-in" in await lands_on(place, http, "rewards", "/rewards")


async def test_a_statement_is_renewed_on_the_way(place: Town) -> None:
    """Whoever works for an hour in rewards is not asked to sign in again, and loses no address."""
    async with place.browser("approver") as http:
        wanted = "/rewards?state=held"
        for minutes in (2, 10, 30):
            with at(clock.now() + timedelta(minutes=minutes)):
                ended = await lands_on(place, http, "rewards", wanted)
                assert f"{place.urls['rewards']}{wanted}" == ended


@pytest.mark.parametrize(
    ("who", "service", "page"),
    [
        ("audit", "rewards", "/exports?before=9"), ("audit", "scoring", "/exports"),
        ("audit", "verification", "/desk/accounts-exports"),
        ("north1", "verification", "/desk?due=late&q=%E5%8F%B0"),
        ("leader", "scoring", "/leadership/cases?month=2026-03&which=true"),
        ("approver", "verification", "/desk/account"), ("inspector", "intake", "/filings"),
        ("admin", "verification", "/console/flows"),
    ],
)  # fmt: skip
async def test_who_was_away_too_long_comes_back_to_the_same_place(
    place: Town, who: str, service: str, page: str
) -> None:
    """The session is over: the page leads to the form, and the form back to the page."""
    wanted = f"{place.urls[service]}{page}"
    desk = place.urls["verification"]
    async with place.browser(who) as http:
        with at(clock.now() + timedelta(days=3)):
            async with http.get(wanted) as response:
                assert "/desk/sign-in" in str(response.url)
                shown = unescape(await response.text())
            then = shown.split('name="next" value="')[1].split('"')[0]
            form = {"username": who, "password": PASSWORD, "next": then}
            async with http.post(
                f"{desk}/desk/sign-in", data=form, headers={"Origin": desk}
            ) as response:
                assert (200, str(URL(wanted))) == (response.status, str(response.url))


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/", "//evil.example/", "/desk/cases/\r\nX: y", "/desk\\..\\x",
        "javascript:alert(1)", "http://127.0.0.1:1/", "/static/mark.svg",
        "//evil.example/console/flows", "/consoles", "/console/flows", "/deskx",
    ],
)  # fmt: skip
async def test_the_way_back_leads_to_ourselves_only(place: Town, then: str) -> None:
    """`next` is followed to the desk and to the configured staff services, nowhere else."""
    desk = place.urls["verification"]
    async with (
        place.browser("city") as http,
        http.get(f"{desk}/desk/renew", params={"next": then}, allow_redirects=False) as response,
    ):
        assert (303, "/desk") == (response.status, response.headers["Location"])


@pytest.mark.parametrize(
    ("who", "service", "page"),
    [
        ("north1", "verification", "/desk"), ("approver", "rewards", "/rewards"),
        ("leader", "scoring", "/leadership"), ("admin", "notifications", "/messages"),
    ],
)  # fmt: skip
async def test_each_role_lands_on_a_page_of_its_own(
    place: Town, who: str, service: str, page: str
) -> None:
    """After signing in, everybody sees something that is theirs to do."""
    async with (
        place.browser(who) as http,
        http.get(f"{place.urls['verification']}/") as response,
    ):
        assert (200, f"{place.urls[service]}{page}") == (response.status, str(response.url))
