"""The desk's pages, as a browser without JavaScript sees them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.verification.directory import commands as directory
from services.verification.directory.store.operators import StoredOperator
from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import (
    FAR_UNIT,
    PASSWORD,
    PHONE,
    UNIT,
    Office,
    office,
)
from tests.integration.verification_tab import tab
from tests.support import at

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def test_signing_in_with_a_form(bureau: Office) -> None:
    """The form leads to the page one wanted; a wrong password keeps the name that was typed."""
    ada = StoredOperator("ada", "阿达", "unit_operator", UNIT, None, active=True)
    async with bureau.database.transaction() as conn:
        await directory.set_operator(conn, ada, PASSWORD)
    case_id = await bureau.case()
    wanted = f"/desk/cases/{case_id}"
    away = await bureau.browse("", wanted)
    assert (303, f"/desk/sign-in?next={wanted}") == (away.status, away.json)
    wrong = await bureau.browse("", "/desk/sign-in", {"username": "ada", "password": "x"})
    assert (401, True, True) == (wrong.status, 'value="ada"' in wrong.text, "alert" in wrong.text)
    form = {"username": " Ada ", "password": PASSWORD, "next": wanted}
    async with bureau.client.post(
        "/desk/sign-in", data=form, headers={"Origin": bureau.origin}, allow_redirects=False
    ) as response:
        cookie = response.headers["Set-Cookie"]
        assert (303, wanted) == (response.status, response.headers["Location"])
    assert cookie.startswith("mashang=")
    assert ("HttpOnly" in cookie, "SameSite=Strict" in cookie) == (True, True)


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/desk/cases/\\evil"])
async def test_signing_in_leads_nowhere_else(bureau: Office, path: str) -> None:
    """A foreign address in `next` is not followed."""
    page = await bureau.browse("", f"/desk/sign-in?next={path}")
    assert 'name="next" value=""' in page.text


@pytest.mark.parametrize("typed", ["/desk/cases/\r\nX: y", "/desk/\u2028", "//["])
async def test_a_next_that_no_header_can_carry_is_answered(bureau: Office, typed: str) -> None:
    """Signed in, and on to one's own page; no connection is dropped and no line injected."""
    ada = StoredOperator("ada", "阿达", "unit_operator", UNIT, None, active=True)
    async with bureau.database.transaction() as conn:
        await directory.set_operator(conn, ada, PASSWORD)
    form = {"username": "ada", "password": PASSWORD, "next": typed}
    async with bureau.client.post(
        "/desk/sign-in", data=form, headers={"Origin": bureau.origin}, allow_redirects=False
    ) as response:
        assert (303, "/desk") == (response.status, response.headers["Location"])
        assert "X" not in response.headers


async def test_cookies_are_host_bound_with_tls(database: Database) -> None:
    """Behind https the cookie is __Host- and Secure."""
    async with office(database, public_url="https://mashang.example") as bureau:
        async with database.transaction() as conn:
            ada = StoredOperator("ada", "阿达", "auditor", "ZMD", None, active=True)
            await directory.set_operator(conn, ada, PASSWORD)
        async with bureau.client.post(
            "/desk/sign-in",
            data={"username": "ada", "password": PASSWORD},
            headers={"Origin": bureau.origin.replace("http:", "https:")},
            allow_redirects=False,
        ) as response:
            cookies = response.headers.getall("Set-Cookie")
    assert 2 == len(cookies)
    for cookie in cookies:
        assert (True, True) == (cookie.startswith("__Host-mashang"), "Secure" in cookie)


async def test_a_case_worked_to_its_end_by_forms(bureau: Office) -> None:
    """Call, verdict and review, each by its form; the page then shows what was done."""
    case_id = await bureau.case()
    page, desk = f"/desk/cases/{case_id}", await tab(bureau, "desk")
    calls = await tab(bureau, "county")
    await calls.get(page)
    assert 200 == await desk.get(page)
    assert ("排了两小时的队" in desk.text, PHONE[3:] in desk.text) == (True, False)
    called = await calls.send(f"{page}/callbacks", ("outcome", "reached"), ("note", "很着急"))
    await desk.get(page)
    judged = await desk.send(
        f"{page}/verdicts", ("revision", "0"), ("verdict", "unsubstantiated"),
        ("attribution", "none"), ("finding", "监控\r\n正常"), ("answer", "已核实"),
    )  # fmt: skip
    county = await tab(bureau, "county")
    await county.get(page)
    reviewed = await county.send(f"{page}/reviews", ("decision", "confirm"), ("revision", "1"))
    assert [303, 303, 303] == [called, judged, reviewed]
    await county.get(f"{page}?lang=en")
    for text in (
        "Verified",
        "Verdict 1: Not substantiated",
        "Review: Confirm",
        "很着急",
        "监控\n正常",
    ):
        assert text in county.text


async def test_a_refused_form_keeps_what_was_typed(bureau: Office) -> None:
    """Errors stand above the form, linked to the fields, and nothing typed is lost."""
    case_id = await bureau.case()
    page, desk = f"/desk/cases/{case_id}", await tab(bureau, "desk")
    await desk.get(page)
    status = await desk.send(
        f"{page}/verdicts", ("revision", "0"), ("verdict", "substantiated"),
        ("attribution", "officers"), ("finding", "<b>看过监控</b>"), ("answer", ""),
        ("categories", "other"), ("incident", "不是编号"),
    )  # fmt: skip
    assert 422 == status
    assert 'href="#verdicts-incident"' in desk.text
    assert 'value="不是编号"' in desk.text
    await desk.send(
        f"{page}/verdicts", ("revision", "0"), ("verdict", "substantiated"),
        ("attribution", "officers"), ("finding", "看过监控"), ("answer", ""),
        ("categories", "other"),
    )  # fmt: skip
    assert ('href="#verdicts-officers"' in desk.text, 'href="#verdicts-answer"' in desk.text) == (
        True,
        True,
    )
    for kept in ('value="substantiated" required checked', ">\n看过监控</textarea>",
                 'value="other" checked'):  # fmt: skip
        assert kept in desk.text


async def test_what_citizens_write_is_only_text(bureau: Office) -> None:
    """Markup in a citizen's words is shown, not run."""
    case_id = await bureau.case(words="<script>alert(1)</script>")
    page = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert ("<script>" in page.text, "&lt;script&gt;" in page.text) == (False, True)


async def test_the_number_is_shown_for_a_day_and_noted(bureau: Office) -> None:
    """To whoever gave a reason, with a link and a code that dial it; tomorrow it is asked again."""
    case_id = await bureau.case()
    page, desk = f"/desk/cases/{case_id}", await tab(bureau, "desk")
    await desk.get(page)
    shown = await desk.send(f"{page}/phone-reveals", ("reason", "要回访"))
    assert (200, True, True) == (shown, PHONE in desk.text, "要回访" in desk.text)
    await desk.get(page)
    assert (True, True) == (f'href="tel:{PHONE}"' in desk.text, "<svg" in desk.text)
    other = await tab(bureau, "county")
    await other.get(page)
    assert PHONE not in other.text
    with at(clock.now() + timedelta(days=1)):
        await desk.get(page)
    assert PHONE not in desk.text


async def test_the_calls_so_far_say_whether_they_count(bureau: Office) -> None:
    """And from when the next one does; a unit is told who calls in its place."""
    case_id = await bureau.case()
    now, county = clock.now(), await tab(bureau, "county")
    for minutes in (0, 10):
        with at(now + timedelta(minutes=minutes)):
            await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "busy"})
            await county.get(f"/desk/cases/{case_id}")
    assert ("第2次" in county.text, "间隔太短，不算一次" in county.text) == (True, True)
    assert ("起再打才算一次" in county.text, "第3次，结果是" in county.text) == (True, True)
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    assert ("单位不回访自己的件" in desk.text, "callbacks-outcome" in desk.text) == (True, False)


async def test_forms_from_elsewhere_are_refused(bureau: Office) -> None:
    """A form with a foreign origin, none at all, or a wrong token does nothing."""
    case_id = await bureau.case()
    path, desk = f"/desk/cases/{case_id}/callbacks", await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    wrong_token = await desk.send(path, ("outcome", "reached"), csrf="0" * 64)
    foreign = await bureau.browse(
        "desk", path, {"outcome": "reached"}, origin="http://evil.example"
    )
    missing = await bureau.browse("desk", path, {"outcome": "reached"}, origin="")
    assert {403} == {wrong_token, foreign.status, missing.status}
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert "open" == case.json["callback_state"]


async def test_inbox(bureau: Office) -> None:
    """The inbox lists the cases of one's place with their due times, and filters them."""
    mine, other = await bureau.case(urgent=True), await bureau.case(unit_code=FAR_UNIT)
    page = await bureau.browse("desk", "/desk")
    assert (True, False, True) == (
        str(mine) in page.text,
        str(other) in page.text,
        "紧急" in page.text,
    )
    none = await bureau.browse("desk", "/desk?due=late&lang=en")
    assert "Nothing is overdue." in none.text
    odd = await bureau.browse("desk", "/desk?state=nonsense&cursor=nonsense")
    assert 200 == odd.status


async def test_other_roles_get_a_plain_word(bureau: Office) -> None:
    """A role without cases is told so on a page; the auditor reads and finds no form."""
    case_id = await bureau.case()
    admin = await bureau.browse("admin", "/desk")
    assert (403, True) == (admin.status, "您的角色不能进行这项操作" in admin.text)
    reads = await bureau.browse("auditor", f"/desk/cases/{case_id}")
    assert (200, 0) == (reads.status, reads.text.count("<textarea"))
    unknown = await bureau.browse("desk", "/desk/cases/nonsense")
    assert 404 == unknown.status


async def test_signing_out(bureau: Office) -> None:
    """Signing out by its button ends the session."""
    desk = await tab(bureau, "desk")
    await desk.get("/desk")
    assert (303, 303) == (await desk.send("/desk/sign-out"), await desk.get("/desk"))
