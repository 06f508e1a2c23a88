"""Photos in large print: a screen of their own, and what was chosen there is never chosen again."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from shared.db import Database
from shared.events import Envelope
from tests import hostile
from tests.integration.intake_site import Site, code, site

SERVICE = "intake"
WINDOW = f"/w/{code(counter=3)}"
COMPLAINT, REQUEST = f"{WINDOW}/complaint", f"{WINDOW}/request"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
Fields = list[tuple[str, str]]


@pytest.fixture
async def intake(database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """Intake with a folder for photos, for somebody who reads large print."""
    async with site(database, photos=str(tmp_path)) as opened:
        await opened.add_unit()
        await opened.client.get("/?size=large")
        yield opened


async def read(intake: Site, path: str) -> str:
    """A page."""
    async with intake.client.get(path, headers={"Accept": "text/html"}) as response:
        return await response.text()


async def press(
    intake: Site, path: str, page: str, *said: tuple[str, str], photo: bytes = b""
) -> tuple[int, str]:
    """Send a page's form as a browser does, with what is chosen and pressed: status and page."""
    data = FormData()
    for name, value in [*unseen(page), *said]:
        data.add_field(name, value)
    if 'type="file"' in page:
        named = "x.jpg" if photo else ""
        data.add_field("photos", io.BytesIO(photo), filename=named, content_type="image/jpeg")
    headers = {"Accept": "text/html"}
    async with intake.client.post(
        path, data=data, headers=headers, allow_redirects=False
    ) as response:
        return response.status, await response.text()


def unseen(page: str) -> Fields:
    """The fields that come along."""
    return HIDDEN.findall(page[page.index('<form id="send"') : page.index("</form>")])


def names(page: str) -> list[str]:
    """The photos that come along."""
    return [value for name, value in unseen(page) if name == "attachments"]


def files(folder: Path) -> int:
    """How many lie in the storage."""
    return sum(path.is_file() for path in folder.rglob("*"))


async def sent(intake: Site) -> dict[str, Any]:
    """What the others are told of the one submission."""
    (row,) = await intake.fetch("SELECT body FROM outbox WHERE type = 'submission.received.v1'")
    return Envelope.model_validate_json(row["body"]).data


async def at_photos(intake: Site, path: str) -> str:
    """The screen that asks for them, after the words."""
    page = await read(intake, path)
    part = {"switch": "photos", "words": "等了一上午"}
    _, page = await press(intake, path, page, *part.items())
    return page


@pytest.mark.parametrize("path", [COMPLAINT, REQUEST])
async def test_photos_have_a_screen_of_their_own(intake: Site, tmp_path: Path, path: str) -> None:
    """After the words both can be chosen; what came survives screens, print, language, an error."""
    page = await at_photos(intake, path)
    assert ['name="photos"', 'name="voice"'] == re.findall(r'name="(?:photos|voice)"', page)
    assert "<textarea" not in page
    _, page = await press(intake, path, page, ("switch", "phone"), photo=hostile.J)
    came = names(page)
    assert 1 == len(came)
    _, page = await press(intake, f"{path}?lang=en", page, ("switch", "1"))
    _, page = await press(intake, f"{path}?lang=zh", page, ("switch", "1"))
    _, page = await press(intake, f"{path}?size=normal", page, ("switch", "1"))
    assert "已经收到 1 份照片或录音" in page
    _, page = await press(intake, f"{path}?size=large", page, ("switch", "phone"))
    status, page = await press(intake, path, page, ("phone", "138"), ("consent", "1"))
    assert (422, came) == (status, names(page))
    status, _ = await press(intake, path, page, ("words", "等了一上午"))
    assert 303 == status
    told = await sent(intake)
    assert (came, 1) == (told["attachments"], files(tmp_path))


async def test_a_language_changed_on_the_very_screen_keeps_the_photo(intake: Site) -> None:
    """The button in the head sends the photo along; the screen then says that it has come."""
    page = await at_photos(intake, COMPLAINT)
    photo = {"photo": hostile.J}
    _, page = await press(intake, f"{COMPLAINT}?lang=en", page, ("switch", "1"), **photo)
    assert "1 photo or recording has been received" in page
    assert 'name="photos"' in page


async def test_what_is_no_photo_is_told_on_one_page(intake: Site) -> None:
    """The error stands at its field, the words are there, and the rest can be sent without it."""
    page = await at_photos(intake, COMPLAINT)
    status, page = await press(
        intake, COMPLAINT, page, ("switch", "beside"), photo=hostile.BAD["svg"]()
    )
    assert 422 == status
    assert "这不是照片" in page
    assert "等了一上午</textarea>" in page
    status, _ = await press(intake, COMPLAINT, page, ("words", "等了一上午"))
    assert 303 == status


async def test_back_to_the_faces_and_on_to_another_form(intake: Site, tmp_path: Path) -> None:
    """A photo goes along when somebody finds that it is a request after all."""
    page = await at_photos(intake, COMPLAINT)
    _, page = await press(intake, COMPLAINT, page, ("turn", "rating"), photo=hostile.J)
    came = names(page)
    assert 1 == len(came)
    _, page = await press(intake, COMPLAINT, page, ("turn", "request"))
    assert came == names(page)
    status, _ = await press(intake, COMPLAINT, page, ("words", "等了一上午"))
    assert 303 == status
    told = await sent(intake)
    assert ("request", came, 1) == (told["kind"], told["attachments"], files(tmp_path))


async def test_without_a_place_for_photos_no_screen_asks(database: Database) -> None:
    """An installation without storage has one screen less."""
    async with site(database) as opened:
        await opened.add_unit()
        await opened.client.get("/?size=large")
        assert "第1步，共3步" in await read(opened, REQUEST)
