"""What the desk's pages tell: names, not usernames; pages, not dead ends."""

from collections.abc import AsyncIterator
from html import unescape
from uuid import uuid4

import pytest

from services.verification.casework.bodies import VerdictForm
from shared import access
from shared.db import Database
from shared.web import assets
from shared.web.forms import Fields
from tests.integration.verification_office import PASSWORD, Office, office
from tests.integration.verification_tab import tab
from tests.town import Town

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def test_the_time_line_shows_names(bureau: Office) -> None:
    """Whoever called, judged and reviewed is named as colleagues know them."""
    case_id = await bureau.case()
    assert 201 == (await bureau.judge("county", case_id, verdict="unsubstantiated",
                                      attribution="none")).status  # fmt: skip
    assert 201 == (await bureau.review("city", case_id, 1)).status
    page = unescape((await bureau.browse("city2", f"/desk/cases/{case_id}")).text)
    main = page.split("<main")[1]
    assert "县督导" in main
    assert "市督导" in main
    assert " county<" not in main
    assert " city<" not in main


@pytest.mark.parametrize("path", ["/desk/nothing", "/desk/cases/nothing", "/nothing"])
async def test_nothing_at_the_desk_is_a_desk_page(bureau: Office, path: str) -> None:
    """404 with one's own name, the way to one's page, and no citizens' page around it."""
    page = await bureau.browse("county", path)
    assert 404 == page.status
    assert '<body class="staff">' in page.text
    assert "县督导" in page.text
    assert "回到我的工作页" in page.text
    assert "扫描" not in page.text


@pytest.mark.parametrize(
    ("query", "dark"),
    [("", ' media="screen and (prefers-color-scheme: dark)"'), ("?theme=dark", ' media="screen"')],
)
async def test_night_is_the_screens_or_ones_own_choice(
    bureau: Office, query: str, dark: str
) -> None:
    """Paper stays white either way; who chose the day gets no sheet for the night."""
    page = await bureau.browse("county", f"/desk{query}")
    assert f'href="{assets.address("night.css")}"{dark}' in page.text
    assert "night.css" not in (await bureau.browse("county", "/desk?theme=light")).text


async def test_no_such_case_is_a_desk_page(bureau: Office) -> None:
    """Also where the case is merely not one's own."""
    page = await bureau.browse("county", f"/desk/cases/{uuid4()}")
    assert (404, True, True) == (
        page.status, '<body class="staff">' in page.text, "县督导" in page.text,
    )  # fmt: skip


async def test_nothing_for_strangers_tells_nothing(bureau: Office) -> None:
    """Without a session the page says that there is nothing, and nobody's name."""
    page = await bureau.browse("", "/desk/nothing")
    assert 404 == page.status
    assert "督导" not in page.text


async def test_only_findings_need_an_attribution(bureau: Office) -> None:
    """What is not substantiated has one possible attribution: nobody has to choose it."""
    case_id = await bureau.case()
    desk = await tab(bureau, "county")
    assert 200 == await desk.get(f"/desk/cases/{case_id}")
    typed = [("verdict", "unsubstantiated"), ("finding", "监控未见"), ("answer", "经查不属实"),
             ("revision", "0")]  # fmt: skip
    assert 303 == await desk.send(f"/desk/cases/{case_id}/verdicts", *typed)
    told = await bureau.ask("county", "GET", f"cases/{case_id}")
    assert "none" == told.json["verdicts"][0]["attribution"]


async def test_a_finding_without_attribution_is_asked_for_it(bureau: Office) -> None:
    """422 in the field's own words, with everything that was typed."""
    case_id = await bureau.case()
    desk = await tab(bureau, "county")
    await desk.get(f"/desk/cases/{case_id}")
    typed = [("verdict", "partly"), ("finding", "监控显示属实"), ("answer", "已整改"),
             ("revision", "0"), ("categories", "other")]  # fmt: skip
    assert 422 == await desk.send(f"/desk/cases/{case_id}/verdicts", *typed)
    assert "#verdicts-attribution" in desk.text
    assert "监控显示属实</textarea>" in desk.text


def test_the_form_chooses_what_is_left() -> None:
    """The program's body still says it in full; only the form may leave it out."""
    assert "none" == VerdictForm(verdict="helped", finding="x", answer="y", revision=0).attribution
    assert Fields({}).one("attribution") == ""


LANDS = {
    "north1": "/desk", "northern": "/desk", "city": "/desk", "auditor": "/desk",
    "approver": "/rewards", "leader": "/leadership", "admin": "/messages",
    "inspector": "/desk", "security": "/desk/accounts", "audit": "/desk/accounts",
}  # fmt: skip
WANTED = {"": "", "the desk": "/desk", "a case": "/desk/cases/x", "rewards": "rewards:/rewards",
          "scores": "scoring:/scores", "messages": "notifications:/messages"}  # fmt: skip


@pytest.mark.parametrize("who", LANDS)
async def test_everybody_lands_on_a_page_of_theirs(place: Town, who: str) -> None:
    """Wherever somebody was going, signing in leads to a page that they may open."""
    desk = place.urls["verification"]
    for wanted in WANTED.values():
        service, _, path = wanted.rpartition(":")
        then = f"{place.urls[service]}{path}" if service else wanted
        async with place.browser() as http:
            form = {"username": who, "password": "correct horse battery", "next": then}
            async with http.post(
                f"{desk}/desk/sign-in", data=form, headers={"Origin": desk}
            ) as response:
                assert response.status in (200, 404), (who, wanted)
                assert str(response.url.path) in (LANDS[who], path or wanted), (who, wanted)


def test_every_role_has_a_page() -> None:
    """Each role lands at a service whose pages are open to it."""
    for role, service in access.LANDING.items():
        assert role in access.PAGES[service]
    assert set(access.EVERYBODY) == set(access.LANDING)
    assert PASSWORD
