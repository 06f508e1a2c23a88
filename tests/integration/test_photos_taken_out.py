"""A wrong photo or recording is taken out of a form again: the rest stays, its place is free."""

import io
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from shared.db import Database
from shared.events import Envelope
from shared.web.texts import text
from tests import hostile
from tests.integration.intake_holder import holder
from tests.integration.intake_site import Site, code, site

SERVICE = "intake"
COMPLAINT = f"/w/{code(counter=3)}/complaint"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
TICK = re.compile(r'name="out" value="(\w+/[^"]+)"( checked)?><span>([^<]+)')
FIRST, SECOND, THIRD, FOURTH = (hostile.J + bytes([n]) for n in range(4))
SPEECH = hostile.sound(1)
WORDS = {"words": "等了一上午"}
SHORT = WORDS | {"phone": "138", "consent": "1"}


@pytest.fixture
async def intake(database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """Intake with a folder for photos."""
    async with site(database, photos=str(tmp_path)) as opened:
        await opened.add_unit()
        yield opened


@dataclass
class Form:
    """A page with a form for photos, filled in as a browser without script does."""

    intake: Site
    path: str
    page: str = ""
    status: int = 200
    out: list[str] = field(default_factory=list)

    async def open(self) -> "Form":
        """As it comes."""
        async with self.intake.client.get(self.path, headers={"Accept": "text/html"}) as answer:
            self.page = await answer.text()
        return self

    @property
    def _form(self) -> str:
        return self.page[self.page.index('enctype="multipart') : self.page.index("</form>")]

    @property
    def names(self) -> list[str]:
        """What came before, and comes along."""
        return [value for name, value in HIDDEN.findall(self._form) if name == "attachments"]

    @property
    def ticks(self) -> list[tuple[str, bool]]:
        """What can be taken out, as it is called, and whether that is ticked."""
        return [(label, bool(ticked)) for _, ticked, label in TICK.findall(self._form)]

    def leave_out(self, label: str) -> None:
        """Tick it."""
        self.out += [name for name, _, called in TICK.findall(self._form) if called == label]

    async def send(
        self, said: Mapping[str, str], *photos: bytes, voice: bytes = b"", asked: str = ""
    ) -> int:
        """Press a button of the form: status."""
        data = FormData()
        ticked = [("out", name) for name in self.out]
        for name, value in [*HIDDEN.findall(self._form), *ticked, *said.items()]:
            data.add_field(name, value)
        for one in photos or (b"",):
            data.add_field("photos", io.BytesIO(one), filename="x.jpg" if one else "")
        data.add_field("voice", io.BytesIO(voice), filename="x.wav" if voice else "")
        async with self.intake.client.post(
            self.path + asked, data=data, headers={"Accept": "text/html"}, allow_redirects=False
        ) as answer:
            self.status, self.page = answer.status, await answer.text()
        self.out = []
        return self.status


async def told(intake: Site, kind: str = "submission.received.v1") -> dict[str, Any]:
    """What the others are told last."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", kind)
    return Envelope.model_validate_json(rows[-1]["body"]).data


async def stored(intake: Site, folder: Path) -> list[str]:
    """What lies in the storage once what has gone is removed."""
    await intake.refresh()
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_another_photo_takes_its_place(intake: Site, tmp_path: Path) -> None:
    """Three came and a fourth is refused; with the second ticked it is taken, and that is sent."""
    form = await Form(intake, COMPLAINT).open()
    assert 422 == await form.send(SHORT, FIRST, SECOND, THIRD)
    labels = ["不要第1张照片", "不要第2张照片", "不要第3张照片"]
    assert [(one, False) for one in labels] == form.ticks
    came = form.names
    assert 422 == await form.send(SHORT, FOURTH)
    assert ("最多 3 张" in form.page, came) == (True, form.names)
    form.leave_out("不要第2张照片")
    assert 422 == await form.send(SHORT, FOURTH)
    assert "等了一上午</textarea>" in form.page
    stay = form.names
    assert ([came[0], came[2]], 3) == (stay[:2], len(stay))
    assert 303 == await form.send(WORDS)
    assert stay == (await told(intake))["attachments"]
    assert sorted(stay) == await stored(intake, tmp_path)


async def test_without_another_it_is_only_gone(intake: Site, tmp_path: Path) -> None:
    """The recording is taken out with the form that sends the rest: nobody hears it."""
    form = await Form(intake, COMPLAINT).open()
    assert 422 == await form.send(SHORT, FIRST, voice=SPEECH)
    photo, voice = form.names
    assert [("不要第1张照片", False), ("不要这段录音", False)] == form.ticks
    form.leave_out("不要这段录音")
    assert 303 == await form.send(WORDS)
    assert [photo] == (await told(intake))["attachments"]
    assert [photo] == await stored(intake, tmp_path)
    assert voice.startswith("voice/")


async def test_taken_out_by_mistake_it_can_be_chosen_again(intake: Site, tmp_path: Path) -> None:
    """The same file once more is stored anew, though the first is being removed."""
    form = await Form(intake, COMPLAINT).open()
    for _ in range(2):
        assert 422 == await form.send(SHORT, FIRST)
        assert 1 == len(form.names)
        form.leave_out("不要第1张照片")
        assert 422 == await form.send(SHORT)
        assert [] == form.names
    assert 303 == await form.send(WORDS, FIRST)
    (name,) = (await told(intake))["attachments"]
    assert [name] == await stored(intake, tmp_path)


async def test_of_what_was_sent_nothing_is_taken_out(intake: Site, tmp_path: Path) -> None:
    """Gone back to and ticked then: the case keeps its photo, and the page says it was sent."""
    form = await Form(intake, COMPLAINT).open()
    await form.send(SHORT, FIRST)
    (name,), before = form.names, form.page
    assert 303 == await form.send(WORDS)
    form.page = before
    form.leave_out("不要第1张照片")
    assert 422 == await form.send(WORDS)
    assert text("zh", "wrong.sent_already") in form.page
    assert [name] == await stored(intake, tmp_path)


async def test_in_large_print_it_goes_with_the_next_screen(intake: Site, tmp_path: Path) -> None:
    """Ticked on the screen of photos, which asks nothing else; Back shows it no more."""
    await intake.client.get("/?size=large")
    form = await Form(intake, COMPLAINT).open()
    await form.send(WORDS | {"switch": "photos"})
    await form.send({"switch": "1"}, FIRST, SECOND)
    first, second = form.names
    form.leave_out("不要第1张照片")
    assert 200 == await form.send({"switch": "beside"})
    assert [second] == form.names
    await form.send({"switch": "photos"})
    assert [("不要第1张照片", False)] == form.ticks
    assert [second] == await stored(intake, tmp_path)
    assert first != second


async def added(intake: Site) -> tuple[str, dict[str, str]]:
    """A case that is open; to it is added."""
    found = await holder(intake)
    await found.opened()
    return f"/r/{found.code}/add", {"words": "字" * 2001}


async def praised(intake: Site) -> tuple[str, dict[str, str]]:
    """A rating that is the best; it may be praised."""
    found = await holder(intake, kind="rating", satisfaction=5, categories=None, words=None)
    return f"/r/{found.code}/thanks", {"words": "字" * 2001}


@pytest.mark.parametrize("begin", [added, praised])
async def test_of_what_is_added_later_too(intake: Site, tmp_path: Path, begin: Any) -> None:
    """After an error, and in another language: what is ticked is not part of it."""
    path, wrong = await begin(intake)
    form = await Form(intake, path).open()
    assert 422 == await form.send(wrong, FIRST, SECOND)
    form.leave_out("不要第1张照片")
    assert 200 == await form.send({"switch": "1", "words": "见照片"}, asked="?lang=en")
    assert [("Leave out photo 1", False)] == form.ticks
    (stays,) = form.names
    assert 303 == await form.send({"words": "见照片"})
    assert [stays] == (await told(intake, "submission.added.v1"))["attachments"]
    assert [stays] == await stored(intake, tmp_path)


async def test_a_database_that_is_away_takes_no_tick_back(
    intake: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not sent: the photo stands there with its tick, as it was pressed."""
    form = await Form(intake, COMPLAINT).open()
    await form.send(SHORT, FIRST)
    form.leave_out("不要第1张照片")
    monkeypatch.setattr("services.intake.photos.taking.PATIENCE", 0.0)
    assert 503 == await form.send(WORDS)
    assert [("不要第1张照片", True)] == form.ticks
    monkeypatch.undo()
    form.leave_out("不要第1张照片")
    assert 303 == await form.send(WORDS)
    assert [] == (await told(intake))["attachments"]
