"""A photo's way: from the form to the case, seen by those who may see it, and noted."""

import io
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aiohttp import ClientResponse, ClientSession, FormData
from PIL import Image

from tests import hostile
from tests.conftest import Clone
from tests.hostile import MARK
from tests.town import Town, town


@pytest.fixture(scope="module")
async def place(module_clone: Clone) -> AsyncIterator[Town]:
    """Five services."""
    async with town(module_clone) as opened:
        yield opened


def form(key: str, *photos: bytes, **typed: str) -> FormData:
    """The form of a complaint as a browser sends it, with nothing chosen for the recording."""
    fields = {"kind": "complaint", "words": "等了一上午没有人", "key": key, "step": "details"}
    made = FormData()
    for name, value in {**fields, **typed}.items():
        made.add_field(name, value)
    for photo in photos:
        made.add_field("photos", io.BytesIO(photo), filename="我家.jpg", content_type="image/jpeg")
    made.add_field("voice", b"", filename="", content_type="application/octet-stream")
    return made


async def send(place: Town, http: ClientSession, data: FormData) -> ClientResponse:
    """Post it."""
    url = f"{place.urls['intake']}/w/{place.code('n1')}/complaint"
    response = await http.post(url, data=data, allow_redirects=False)
    await response.read()
    return response


async def newest(place: Town) -> tuple[UUID, list[str]]:
    """The newest case, and the names of its photos."""
    await place.carry()
    async with place.databases["verification"].acquire() as conn:
        row = await conn.fetchrow(
            "SELECT case_id, attachments FROM cases ORDER BY opened_at DESC LIMIT 1"
        )
    assert row
    return row["case_id"], row["attachments"]


async def test_a_photo_reaches_the_case_and_who_looks_is_noted(place: Town) -> None:
    """Made anew, under a policy that lets it do nothing; nobody else's, and noted once each."""
    async with place.browser() as http:
        answer = await send(place, http, form("a" * 24, hostile.ODD["position"]() + MARK))
        assert 303 == answer.status, await answer.text()
    case_id, (name,) = await newest(place)
    page = f"{place.urls['verification']}/desk/cases/{case_id}"
    url = f"{page}/attachments/{name.partition('/')[2]}"
    async with place.browser("northern") as http:
        async with http.get(page) as response:
            assert url.removeprefix(place.urls["verification"]) in await response.text()
        for _ in range(2):
            async with http.get(url) as response:
                shown, headers = await response.read(), response.headers
        async with http.get(f"{page}/attachments/{case_id}") as response:
            assert 404 == response.status
        async with http.get(page) as response:
            assert 1 == (await response.text()).count("看了照片或听了录音")
    with Image.open(io.BytesIO(shown)) as image:
        assert ("JPEG", 0) == (image.format, len(image.getexif()))
    assert MARK not in shown
    assert ("image/jpeg", "nosniff", "default-src 'none'; sandbox", "no-store") == tuple(
        headers[one]
        for one in (
            "Content-Type", "X-Content-Type-Options", "Content-Security-Policy", "Cache-Control",
        )
    )  # fmt: skip
    async with place.browser("southern") as http, http.get(url) as response:
        assert 404 == response.status


async def test_a_photo_survives_what_is_wrong_elsewhere(place: Town) -> None:
    """It is not chosen again; what is wrong with one is said at its field, and no word is lost."""
    async with place.browser() as http:
        answer = await send(place, http, form("b" * 24, hostile.J, phone="123"))
        shown = await answer.text()
        assert 422 == answer.status
        assert "已经收到 1 份照片或录音" in shown
        kept = shown.partition('name="attachments" value="')[2].partition('"')[0]
        answer = await send(place, http, form("b" * 24, attachments=kept))
        assert 303 == answer.status, await answer.text()
        assert [kept] == (await newest(place))[1]
        answer = await send(place, http, form("c" * 24, hostile.BAD["svg"](), words="一个字没丢"))
        shown = await answer.text()
        assert 422 == answer.status
        assert "这不是照片" in shown
        assert "一个字没丢" in shown
        answer = await send(place, http, form("d" * 24, attachments=kept))
        assert 422 == answer.status
        assert "照片没有收到" in await answer.text()


async def test_the_same_form_twice_is_one_case(place: Town) -> None:
    """A double click with photos leads to the same receipt."""
    async with place.browser() as http:
        answers = [
            (await send(place, http, form("e" * 24, hostile.J, hostile.P))).headers["Location"]
            for _ in range(2)
        ]
    assert answers[0] == answers[1]
    assert 2 == len((await newest(place))[1])
