"""`make pages`: every page in every look under axe, in a Chromium of 2018, and by Lighthouse.

Not of the suite, which has the short form: this one fetches tools and takes a quarter of an hour.
"""

import itertools
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser
from rich.console import Console
from rich.table import Table

from shared.web.texts import LANGUAGES
from tests.browser import aged, lighthouse, tools
from tests.browser.axe import Look, complaints, complaints_everywhere, looking
from tests.browser.conftest import CHROMIUM
from tests.browser.sights import Round
from tests.browser.visits import visits
from tests.integration.test_access_matrix import Objects
from tests.town import SERVICES, Town

LOOKS = list(itertools.product(LANGUAGES, ("light", "dark"), ("normal", "large")))
STAFF_LOOKS = list(itertools.product(SERVICES, ("zh", "en")))
RESULTS = Path("results") / "pages.json"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
async def test_axe_on_citizens_pages(
    place: Town, found: Objects, chromium: Browser, look: Look
) -> None:
    """As each comes, with every field empty, and with every field wrong."""
    theirs = [one for one in visits(place, "intake", found) if not one.who]
    async with looking(chromium, place.urls["intake"], look, plain=True) as page:
        round_ = Round(place, "intake", [page])
        assert [] == await complaints(round_, theirs, ("empty", "wrong"))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("service", "lang"), STAFF_LOOKS)
async def test_axe_on_staff_pages(
    place: Town, found: Objects, chromium: Browser, service: str, lang: str
) -> None:
    """Behind the sign-in, by day and by night, on a phone and on a desk; all can be pressed."""
    theirs = [one for one in visits(place, service, found) if one.who or service != "intake"]
    async with looking(chromium, place.urls[service], (lang, "light", "normal")) as page:
        round_ = Round(place, service, [page])
        wrong = await complaints_everywhere(round_, theirs, ("empty", "wrong"), aged.WRONG)
        Console().print(f"{service} in {lang}: {round_.looks} looks, {len(wrong)} faults")
        assert [] == wrong


@pytest.mark.timeout(1800)
async def test_chromium_69(place: Town, found: Objects) -> None:
    """At 320 px nothing scrolls sideways, and what can be pressed can be."""
    seen, wrong = await aged.faults(place, found, tools.old_chromium(await tools.ensure()))
    Console().print(f"Chromium 69 at 320 px: {seen} pages, {len(wrong)} faults")
    assert [] == wrong


@pytest.mark.timeout(1800)
async def test_lighthouse(place: Town) -> None:
    """At least 95 in each category; the first page weighs 30 KiB at most with everything on it."""
    home = await tools.ensure()
    measured = [
        await lighthouse.best(home, str(CHROMIUM), name, place.urls["intake"] + path)
        for name, path in _first_pages(place)
    ]
    _show(measured)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([one._asdict() for one in measured], indent=1))
    assert [] == [one for one in measured if not one.good]


def _first_pages(place: Town) -> list[tuple[str, str]]:
    window = f"/w/{place.code('n1')}"
    return [
        ("home", "/"), ("window", window), ("complaint", f"{window}/complaint"),
        ("request", f"{window}/request"), ("open", "/open"),
    ]  # fmt: skip


def _show(measured: list[lighthouse.Scores]) -> None:
    table = Table("page", "perf.", "access.", "practices", "seo", "bytes", "minded")
    for one in measured:
        numbers = (one.performance, one.accessibility, one.best_practices, one.seo, one.weight)
        table.add_row(one.page, *map(str, numbers), "; ".join(one.minded))
    Console().print(table)
