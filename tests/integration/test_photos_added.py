"""Photos that are added later: seen on the case like the first, bounded, and forgotten with it."""

import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, FormData

from services.intake.photos import jobs
from tests import hostile
from tests.conftest import Clone
from tests.integration.test_privacy import LATER, ask, forget, judge, pay, run
from tests.support import at
from tests.town import Town, town

SHOWN = re.compile(r'<img src="(/desk/[^"]+)"')


@pytest.fixture(scope="module")
async def place(module_clone: Clone) -> AsyncIterator[Town]:
    """Five services."""
    async with town(module_clone) as opened:
        yield opened


@dataclass
class Case:
    """A complaint whose case is open, and its citizen's browser."""

    place: Town
    http: ClientSession
    answer: dict[str, Any]

    @property
    def page(self) -> str:
        """Where one adds to it."""
        return f"{self.place.urls['intake']}/r/{self.answer['receipt']['code']}/add"

    @property
    def api(self) -> str:
        """Where programs do."""
        return f"{self.place.urls['intake']}/api/v1/receipts/{self.answer['receipt']['code']}"

    async def add(self, key: str, *photos: bytes, query: str = "", **said: str) -> tuple[int, str]:
        """Send the form as a browser does: status, and where it leads or what it shows."""
        data = form(*photos, key=key, **said)
        async with self.http.post(self.page + query, data=data, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "") or await answer.text()

    async def post(self, path: str, key: str, **sent: Any) -> tuple[int, dict[str, Any]]:
        """A program's request."""
        headers = {"Idempotency-Key": key}
        async with self.http.post(f"{self.api}/{path}", headers=headers, **sent) as answer:
            return answer.status, await answer.json()

    async def shown(self, username: str = "northern") -> list[str]:
        """The addresses of the photos that somebody sees on the case."""
        case_id = await self.place.case_of(self.answer["submission_id"])
        await self.place.carry()
        desk = self.place.urls["verification"]
        url = f"{desk}/desk/cases/{case_id}"
        async with self.place.browser(username) as http, http.get(url) as answer:
            return [f"{desk}{one}" for one in SHOWN.findall(await answer.text())]

    async def attached(self) -> list[str]:
        """The names of all photos that somebody has said to belong to it."""
        async with self.place.databases["intake"].acquire() as conn:
            rows = await conn.fetch(
                "SELECT unnest(attachments) AS name FROM additions WHERE submission_id = $1",
                UUID(self.answer["submission_id"]),
            )
        return [row["name"] for row in rows]


async def praised(place: Town, username: str) -> str:
    """The page of praise as somebody sees it."""
    url = f"{place.urls['verification']}/desk/commendations"
    async with place.browser(username) as http, http.get(url) as answer:
        assert 200 == answer.status
        return await answer.text()


def form(*photos: bytes, **said: str) -> FormData:
    """A form with files."""
    made = FormData()
    for name, value in said.items():
        made.add_field(name, value)
    for photo in photos:
        made.add_field("photos", io.BytesIO(photo), filename="我家.jpg", content_type="image/jpeg")
    made.add_field("voice", b"", filename="", content_type="application/octet-stream")
    return made


def different(count: int) -> list[bytes]:
    """So many photos."""
    return [hostile.J + bytes([n]) for n in range(count)]


@pytest.fixture
async def case(place: Town) -> AsyncIterator[Case]:
    """One of them."""
    async with place.browser() as http:
        async with ClientSession() as api:
            answer = await place.complain(api, words="等了一上午没有人", phone="13977770155")
        yield Case(place, http, answer)


def stored(place: Town) -> list[str]:
    """What lies in the storage."""
    root = Path(place.settings["intake"].photos)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


async def test_an_added_photo_is_seen_like_the_first(place: Town, case: Case) -> None:
    """Without a word beside it; whoever may not see the case may not see it; looks are noted."""
    status, page = await case.add("a" * 24)
    assert (422, True) == (status, "请写几句，或者选照片、录音" in page)
    status, to = await case.add("a" * 24, hostile.ODD["position"](), hostile.P)
    assert (303, True) == (status, to.endswith("?done=add"))
    addresses = await case.shown()
    assert 2 == len(addresses)
    async with place.browser("northern") as http, http.get(addresses[0]) as answer:
        assert ("image/jpeg", 200) == (answer.content_type, answer.status)
        assert hostile.MARK not in await answer.read()
    async with place.browser("southern") as http, http.get(addresses[0]) as answer:
        assert 404 == answer.status
    page = addresses[0].partition("/attachments")[0]
    async with place.browser("northern") as http, http.get(page) as answer:
        text = await answer.text()
    assert "照片或录音 2 份，见下面" in text
    assert 1 == text.count("看了照片或听了录音")


async def test_whom_an_addition_names_sees_none_of_its_photos(place: Town, case: Case) -> None:
    """The case is kept from the officer from then on, and so is everything that belongs to it."""
    await case.add("b" * 24, hostile.J)
    (address,) = await case.shown("north1")
    key = uuid4().hex
    _, told = await case.post("attachments", key, data=form(hostile.P))
    said = {"officer_badge": "A-1", "attachments": told["attachments"]}
    assert 201 == (await case.post("additions", key, json=said))[0]
    assert 2 == len(await case.shown("city"))
    async with place.browser("north1") as http, http.get(address) as answer:
        kept = answer.status
    assert (404, []) == (kept, await case.shown("north1"))


async def test_twice_is_once_on_the_case_and_on_the_disk(place: Town, case: Case) -> None:
    """By the form and by the API: one addition, one file, the same answer."""
    before = stored(place)
    answers = [await case.add("c" * 24, hostile.J, words="见照片") for _ in range(2)]
    assert answers[0] == answers[1]
    assert (1, 1) == (len(await case.attached()), len(stored(place)) - len(before))
    key = uuid4().hex
    for _ in range(2):
        status, told = await case.post("attachments", key, data=form(hostile.P))
        assert (201, 1) == (status, len(told["attachments"]))
        assert 201 == (await case.post("additions", key, json=told))[0]
    assert (2, 2) == (len(await case.attached()), len(stored(place)) - len(before))
    assert 422 == (await case.post("additions", uuid4().hex, json=told))[0]


async def test_what_was_chosen_survives_errors_and_languages(case: Case) -> None:
    """Too many words, another language: the photo comes along, under the same key."""
    key = uuid4().hex
    status, page = await case.add(key, hostile.J, words="字" * 2001)
    kept = re.findall(r'name="attachments" value="([^"]+)"', page)
    assert (422, 1, True) == (status, len(kept), f'name="key" value="{key}"' in page)
    status, page = await case.add(
        key, hostile.P, query="?lang=en", words="x", attachments=kept[0], switch="1"
    )
    kept = re.findall(r'name="attachments" value="([^"]+)"', page)
    assert (200, 2, True) == (status, len(kept), f'name="key" value="{key}"' in page)
    assert "2 photos and recordings have been received" in page
    await case.http.get(f"{case.page}?lang=zh")
    status, page = await case.add(key, hostile.BAD["svg"](), words="一个字没丢")
    assert (422, True) == (status, "这不是照片" in page and "一个字没丢" in page)
    status, page = await case.add(key, words="x", attachments=f"photo/{uuid4()}")
    assert (422, True) == (status, "照片没有收到，请重新选" in page)
    assert 303 == (await case.add(key, words="x", attachments=kept[0]))[0]
    assert [kept[0]] == await case.attached()


async def test_a_submission_has_nine_photos_at_most(case: Case) -> None:
    """Three at a time; the tenth is refused with what to do, and the words are not lost."""
    photos = different(10)
    for n in range(0, 9, 3):
        assert 303 == (await case.add(uuid4().hex, *photos[n : n + 3]))[0]
    key = uuid4().hex
    status, page = await case.add(key, photos[9], words="还有一张")
    assert (422, True) == (status, "这件事已有 9 张照片" in page and "还有一张" in page)
    assert 303 == (await case.add(key, words="还有一张"))[0]
    assert 9 == len(await case.attached())
    status, _ = await case.add(uuid4().hex, *different(4))
    assert 422 == status


async def test_a_copy_and_a_deletion_reach_added_photos(place: Town, case: Case) -> None:
    """They are in the copy; once the case is closed and they were asked to go, no file is left."""
    await case.add(uuid4().hex, hostile.J, words="见照片")
    names = await case.attached()
    known = {"known": "13977770155"}
    _, told = await ask(place, case.http, case.answer, kind="copy", **known)
    assert ["photo"] == [one["kind"] for one in told["data"]["attachments"]]
    await place.carry()
    await judge(place, case.http, case.answer["submission_id"])
    await pay(place, case.answer["submission_id"])
    await ask(place, case.http, case.answer, kind="deletion", **known)
    case_id = await place.case_of(case.answer["submission_id"])
    page = f"{place.urls['verification']}/desk/cases/{case_id}"
    with at(LATER):
        await forget(place)
        async with place.browser("city") as http:
            async with http.get(f"{page}/attachments/{names[0].partition('/')[2]}") as answer:
                assert 404 == answer.status
            async with http.get(page) as answer:
                assert [] == SHOWN.findall(await answer.text())
    assert [] == [one for one in stored(place) if one in names]


async def test_what_was_chosen_and_never_sent_goes_after_a_day(
    place: Town, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent with an addition stays, and is looked at once."""
    await case.add(uuid4().hex, hostile.J, words="见照片")
    sent = await case.attached()
    _, told = await case.post("attachments", uuid4().hex, data=form(hostile.P))
    monkeypatch.setattr(jobs, "ORPHAN_AFTER", timedelta())
    await run(place, "intake", "orphan_photos", "remove_photos")
    assert sent == [one for one in stored(place) if one in (*sent, *told["attachments"])]
    assert 0 == await jobs.release_orphans(place.databases["intake"])


async def test_only_who_holds_a_receipt_may_send_for_one(place: Town, case: Case) -> None:
    """A guess is a guess; a case that is closed takes no more from its page."""
    url = f"{place.urls['intake']}/api/v1/receipts/0000-0000-0000-0000/attachments"
    headers = {"Idempotency-Key": uuid4().hex}
    async with case.http.post(url, data=form(hostile.J), headers=headers) as answer:
        assert 404 == answer.status
    await judge(place, case.http, case.answer["submission_id"])
    before = stored(place)
    status, _ = await case.add(uuid4().hex, hostile.J)
    assert (409, before) == (status, stored(place))


async def test_praise_with_a_photo_is_read_at_its_unit(place: Town) -> None:
    """Added to a good rating, once; another unit sees neither words nor photo; both are erased."""
    async with ClientSession() as api, place.browser() as http:
        said = {"kind": "rating", "satisfaction": 5, "words": None, "phone": None, "categories": []}
        answer = await place.complain(api, **said)
        page = f"{place.urls['intake']}/r/{answer['receipt']['code']}/thanks"
        async with http.get(page) as shown:
            assert 'name="photos"' in await shown.text()
        told = {"words": "帮我妈妈填好了表", "officer_badge": "A-1", "key": uuid4().hex}
        async with http.post(f"{page}?lang=en", data=form(hostile.J, **told, switch="1")) as shown:
            (kept,) = re.findall(r'name="attachments" value="([^"]+)"', await shown.text())
        for _ in range(2):
            async with http.post(page, data=form(**told, attachments=kept)) as shown:
                assert 200 == shown.status
        await place.carry()
        text = await praised(place, "northern")
        (address,) = SHOWN.findall(text)
        assert (1, True) == (text.count("帮我妈妈填好了表"), "A1<" in text)
        url = f"{place.urls['verification']}{address}"
        for username, status in (("northern", 200), ("southern", 404)):
            async with place.browser(username) as desk, desk.get(url) as shown:
                assert status == shown.status
        assert "帮我妈妈填好了表" not in await praised(place, "southern")
        await ask(place, api, answer, kind="deletion", known="帮我妈妈填")
        await forget(place)
        assert "帮我妈妈填好了表" not in await praised(place, "northern")
        async with place.browser("northern") as desk, desk.get(url) as shown:
            assert 404 == shown.status
    assert kept not in stored(place)


async def test_a_rating_in_the_middle_is_asked_for_no_photo(place: Town) -> None:
    """It opens no case and is no praise, so nobody would look at one."""
    async with ClientSession() as api, place.browser() as http:
        answer = await place.complain(
            api, kind="rating", satisfaction=3, words=None, phone=None, categories=[]
        )
        async with http.get(
            f"{place.urls['intake']}/r/{answer['receipt']['code']}/thanks"
        ) as shown:
            assert 'type="file"' not in await shown.text()
