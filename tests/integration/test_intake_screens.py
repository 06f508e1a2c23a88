"""Large print asks one thing a screen; a form that is opened twice is one form."""

import re
from collections.abc import AsyncIterator

import pytest

from services.intake.pages.screens import PARTS
from shared.db import Database
from tests.integration.intake_site import Site, code, site

SERVICE = "intake"
WINDOW = f"/w/{code(counter=3)}"
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*name="(\w+)"[^>]*>')


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows a unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def read(intake: Site, path: str) -> str:
    """A page."""
    response = await intake.client.get(path, headers={"Accept": "text/html"})
    assert 200 == response.status
    return await response.text()


async def press(intake: Site, path: str, fields: list[tuple[str, str]]) -> tuple[int, str, str]:
    """Send the form: status, where it leads, page."""
    response = await intake.client.post(
        path, data=fields, headers={"Accept": "text/html"}, allow_redirects=False
    )
    return response.status, response.headers.get("Location", ""), await response.text()


def form(page: str) -> str:
    """What stands in it."""
    return page[page.index('<form id="send"') : page.index("</form>")]


def asked(page: str) -> set[str]:
    """The fields that show."""
    found = FIELD.finditer(form(page))
    return {one[1] for one in found if 'type="hidden"' not in one[0]}


def unseen(page: str) -> list[tuple[str, str]]:
    """The fields that come along."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form(page))
    return [(name, value) for name, value in found]


def button(page: str, words: str) -> list[tuple[str, str]]:
    """What a button says besides."""
    found = re.search(
        rf'<button class="btn[^>]*?(?: name="(\w+)" value="(\w+)"[^>]*)?>{words}<', page
    )
    assert found, words
    return [(found[1], found[2])] if found[1] else []


async def test_one_thing_a_screen(intake: Site) -> None:
    """A complaint in large print: four screens, nothing lost between them, one case at the end."""
    path = f"{WINDOW}/complaint"
    page = await read(intake, f"{path}?size=large")
    typed = [
        [("categories", "inefficiency"), ("categories", "other")],
        [("words", "等了一上午")],
        [("officer_typed", "王")],
        [("phone", "13800138000"), ("consent", "1")],
    ]
    seen = []
    for number, answers in enumerate(typed, 1):
        seen.append(asked(page))
        assert f"第{number}步，共4步" in page
        last = number == len(typed)
        fields = unseen(page) + answers + button(page, "提交" if last else "下一步")
        status, location, page = await press(intake, path, fields)
        assert (303 if last else 200) == status
    assert location.startswith("/r/")
    parts = [set(PARTS[part]) for part in ("categories", "words", "beside", "phone")]
    assert all(fields and fields <= part for fields, part in zip(seen, parts, strict=True))
    (row,) = await intake.fetch("SELECT kind, categories, officer_badge FROM submissions")
    assert ("complaint", ["inefficiency", "other"]) == (row["kind"], row["categories"])


async def test_back_a_screen(intake: Site) -> None:
    """What was written before stands there again, what was written after comes along."""
    path = f"{WINDOW}/request"
    page = await read(intake, f"{path}?size=large")
    fields = [*unseen(page), ("words", "身份证丢了")]
    _, _, page = await press(intake, path, fields + button(page, "下一步"))
    assert {"urgent"} == asked(page)
    fields = [*unseen(page), ("urgent", "1")]
    _, _, page = await press(intake, path, fields + button(page, "上一步"))
    assert {"words"} == asked(page)
    assert "身份证丢了</textarea>" in page
    assert ("urgent", "1") in unseen(page)


async def test_a_change_of_language_stays_at_its_screen(intake: Site) -> None:
    """The head's buttons keep the part and what was typed."""
    path = f"{WINDOW}/complaint"
    page = await read(intake, f"{path}?size=large")
    _, _, page = await press(intake, path, unseen(page) + button(page, "下一步"))
    fields = [*unseen(page), ("words", "等了一上午"), ("switch", "1")]
    _, _, page = await press(intake, f"{path}?lang=en", fields)
    assert {"words"} == asked(page)
    assert "Step 2 of 4" in page


async def test_what_is_to_be_mended_shows_whole(intake: Site) -> None:
    """Where something is wrong, every field stands on one page with its error."""
    path = f"{WINDOW}/complaint"
    await read(intake, f"{path}?size=large")
    status, _, page = await press(intake, path, [("phone", "138"), ("step", "details")])
    assert 422 == status
    assert {"categories", "words", "phone"} <= asked(page)


async def test_a_low_face_in_large_print_asks_which_first(intake: Site) -> None:
    """Only a rating or a complaint, with nothing chosen; the choice comes along."""
    page = await read(intake, f"{WINDOW}?size=large")
    _, _, page = await press(intake, WINDOW, [*unseen(page), ("satisfaction", "1")])
    assert {"kind"} == asked(page)
    assert " checked" not in form(page)
    fields = [*unseen(page), ("kind", "rating")]
    _, _, page = await press(intake, WINDOW, fields + button(page, "下一步"))
    assert ("kind", "rating") in unseen(page)
    assert ("satisfaction", "1") in unseen(page)


async def test_a_form_that_is_gone_back_to_is_the_same(intake: Site) -> None:
    """Without script: sent, Back, sent again is one case; changed, it is asked about."""
    path = f"{WINDOW}/complaint"
    fields = [("words", "等了一上午"), ("step", "details")]
    keys, receipts = set(), set()
    for _ in range(2):
        page = await read(intake, path)
        keys.add(dict(unseen(page))["key"])
        status, location, _ = await press(intake, path, [*unseen(page), *fields])
        assert 303 == status
        receipts.add(location)
    assert [1, 1] == [len(keys), len(receipts)]
    assert 1 == len(await intake.fetch("SELECT FROM submissions"))
    page = await read(intake, path)
    changed = [*unseen(page), ("words", "又等了一下午"), ("step", "details")]
    status, _, page = await press(intake, path, changed)
    assert 422 == status
    assert next(iter(receipts)).partition("?")[0] in page
    status, _, _ = await press(intake, path, [*unseen(page), ("words", "又等了一下午")])
    assert 303 == status
    assert 2 == len(await intake.fetch("SELECT FROM submissions"))


async def test_every_window_and_kind_has_a_key_of_its_own(intake: Site) -> None:
    """And a browser without the cookie, or with nonsense in it, gets a fresh one."""
    keys = [
        dict(unseen(await read(intake, path)))["key"]
        for path in (WINDOW, f"{WINDOW}/complaint", f"{WINDOW}/request", f"/w/{code()}")
    ]
    intake.client.session.cookie_jar.clear()
    for nonsense in ("", "mashang_form=1; ", 'mashang_form="<b>"'):
        response = await intake.client.get(
            WINDOW, headers={"Accept": "text/html", "Cookie": nonsense}
        )
        keys.append(dict(unseen(await response.text()))["key"])
        assert "Max-Age=600" in response.headers["Set-Cookie"]
        assert "HttpOnly" in response.headers["Set-Cookie"]
        intake.client.session.cookie_jar.clear()
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("secure", [True, False])
async def test_behind_tls_no_cookie_travels_without_it(database: Database, secure: bool) -> None:
    """The form's, the language's, the print's, the device's; on one's own machine they do."""
    async with site(database, secure) as place:
        await place.add_unit()
        html = {"Accept": "text/html"}
        opened = await place.client.get(f"{WINDOW}?lang=en&size=large", headers=html)
        sent = await place.form(step="tap", satisfaction="5", key="k" * 32)
        told = [
            cookie
            for answer in (opened, sent)
            for cookie in answer.headers.getall("Set-Cookie", [])
        ]
    names = {cookie.partition("=")[0] for cookie in told}
    assert {"mashang_form", "mashang_lang", "mashang_size", "mashang_device"} == names
    assert {secure} == {"Secure" in cookie for cookie in told}
