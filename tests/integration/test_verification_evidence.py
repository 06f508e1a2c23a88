"""Evidence from staff: made anew as citizens' photos are, and seen by who sees the case."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import FormData
from PIL import Image

from services.verification.casework.acts import evidence
from shared.db import Database
from shared.errors import Unavailable
from tests import hostile
from tests.hostile import MARK
from tests.integration.verification_office import Answer, Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    """The small bureau, with a place for photos."""
    async with office(database, photos=str(tmp_path)) as opened:
        yield opened


async def send(bureau: Office, who: str, case_id: UUID, *photos: bytes, about: str = "") -> Answer:
    """The form, as a browser sends it."""
    token = await bureau.token(who)
    browser = Tab(bureau, token)
    assert 200 == await browser.get(f"/desk/cases/{case_id}/evidence")
    hidden = {name: re.search(f'name="{name}" value="([^"]+)"', browser.text)
              for name in ("csrf", "key")}  # fmt: skip
    form = FormData()
    for name, found in hidden.items():
        assert found
        form.add_field(name, found[1])
    form.add_field("about", about)
    for photo in photos:
        form.add_field("photos", io.BytesIO(photo), filename="a.jpg", content_type="image/jpeg")
    headers = {"Cookie": f"mashang={token}", "Origin": bureau.origin}
    async with bureau.client.post(
        f"/desk/cases/{case_id}/evidence", data=form, headers=headers, allow_redirects=False
    ) as response:
        return Answer(response.status, response.headers.get("Location"), await response.text())


def photo() -> bytes:
    """One with a position and a name in it."""
    return hostile.saved(hostile.picture(), "JPEG", exif=hostile.exif())


async def test_a_photo_is_made_anew_and_shown(bureau: Office, tmp_path: Path) -> None:
    """No position comes through, on the disk it is sealed, and who looks at it is noted."""
    case_id = await bureau.case()
    assert 303 == (await send(bureau, "desk", case_id, photo(), about="大厅 14:41")).status
    county = await tab(bureau, "county")
    await county.get(f"/desk/cases/{case_id}")
    assert ("大厅 14:41" in county.text, "添加了核查材料" in county.text) == (True, True)
    found = re.search(rf'src="(/desk/cases/{case_id}/attachments/[0-9a-f-]+)"', county.text)
    assert found
    headers = {"Cookie": f"mashang={await bureau.token('county')}"}
    async with bureau.client.get(found[1], headers=headers) as response:
        shown = await response.read()
    assert ("image/jpeg", "JPEG") == (response.content_type, Image.open(io.BytesIO(shown)).format)
    [file] = tmp_path.glob("photo/*")
    assert [False] * 3 == [MARK in shown, MARK in file.read_bytes(), shown in file.read_bytes()]
    case = await bureau.ask("county", "GET", f"cases/{case_id}")
    done = ["opened", "evidence", "attachment_seen"]
    assert done == [action["action"] for action in case.json["actions"]]
    stranger = {"Cookie": f"mashang={await bureau.token('elsewhere')}"}
    async with bureau.client.get(found[1], headers=stranger) as response:
        assert 404 == response.status


async def test_the_same_photo_is_one(bureau: Office, tmp_path: Path) -> None:
    """However often it is sent; the first word about it stays."""
    case_id = await bureau.case()
    for about in ("第一次", "第二次"):
        assert 303 == (await send(bureau, "desk", case_id, photo(), about=about)).status
    assert 1 == len(list(tmp_path.glob("photo/*")))
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    assert 1 == desk.text.count(f'<img src="/desk/cases/{case_id}/')


@pytest.mark.parametrize("files", [(), (b"no picture at all",)])
async def test_what_is_no_photo_is_refused(
    bureau: Office, tmp_path: Path, files: tuple[bytes, ...]
) -> None:
    """What was typed stays; nothing is stored or noted."""
    case_id = await bureau.case()
    answer = await send(bureau, "desk", case_id, *files, about="大厅的画面")
    assert (422, True) == (answer.status, 'value="大厅的画面"' in answer.text)
    assert 'href="#photos"' in answer.text
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert (["opened"], []) == (
        [action["action"] for action in case.json["actions"]], list(tmp_path.glob("*"))
    )  # fmt: skip


async def die(*_: object) -> int:
    """The process ends before anything is noted."""
    raise Unavailable


async def test_what_never_arrived_on_its_case_is_removed(
    bureau: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies after it stored a file leaves it for a day; what arrived stays."""

    async def sweep() -> list[Path]:
        await next(job for job in bureau.service.jobs if job.name == "lost_evidence").run()
        return list(tmp_path.glob("photo/*"))

    case_id, other = await bureau.case(), await bureau.case()
    assert 303 == (await send(bureau, "desk", case_id, photo())).status
    monkeypatch.setattr(evidence, "add", die)
    for about in (case_id, other):
        assert 503 == (await send(bureau, "desk", about, photo())).status
    assert 2 == len(await sweep())
    monkeypatch.undo()
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE evidence_coming SET begun_at = begun_at - interval '2 days'")
    assert 1 == len(await sweep())
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM evidence_coming")
        [kept] = await conn.fetch("SELECT name FROM evidence")
    assert [tmp_path / kept["name"]] == await sweep()
    assert 303 == (await send(bureau, "desk", other, photo())).status


async def test_a_file_that_is_just_being_removed_is_sent_again(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not noted meanwhile, since it would be gone; what was typed stays."""
    case_id = await bureau.case()
    monkeypatch.setattr(evidence, "add", die)
    await send(bureau, "desk", case_id, photo())
    monkeypatch.undo()
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE evidence_coming SET leaving = true")
    answer = await send(bureau, "desk", case_id, photo(), about="大厅的画面")
    assert (503, True) == (answer.status, 'value="大厅的画面"' in answer.text)
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM evidence")
