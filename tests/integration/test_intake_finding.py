"""Whoever has only the code on paper comes back to the receipt."""

import html
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.accept import base32, receipts
from shared.db import Database
from tests.integration.intake_site import Site, site

SERVICE = "intake"
CODE = "7H2K-90MA-XT4C-W3PD"
BARE = CODE.replace("-", "")


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows a unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def get(intake: Site, path: str, lang: str = "zh") -> tuple[int, str]:
    """A page."""
    headers = {"Accept": "text/html", "Accept-Language": lang}
    response = await intake.client.get(path, headers=headers)
    return response.status, await response.text()


async def look(intake: Site, typed: str) -> tuple[int, str, str]:
    """Send the field: (status, Location, page)."""
    response = await intake.client.post(
        "/r", data={"code": typed}, headers={"Accept": "text/html"}, allow_redirects=False
    )
    return response.status, response.headers.get("Location", ""), await response.text()


def typed_again(shown: str) -> str:
    """What stands in the field."""
    found = re.search('<input type="text" id="code" name="code" value="([^"]*)"', shown)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("path", ["/", "/r", "/r/"])
async def test_there_is_a_field_for_the_code(intake: Site, path: str) -> None:
    """On the home page and where an address without a code leads, labelled, in both languages."""
    for lang, label in (("zh", "回执码"), ("en", "Receipt code")):
        status, shown = await get(intake, path, lang)
        assert (200, "") == (status, typed_again(shown))
        assert f'<label for="code">{label}</label>' in shown
        assert '<form class="card" method="post" action="/r"' in shown


@pytest.mark.parametrize(
    "typed",
    [
        CODE, BARE, CODE.lower(), f"  {CODE}  ", CODE.replace("-", " "), CODE.replace("-", "－"),
        CODE.replace("0", "O"), CODE.replace("-", "—"), f"https://mashang.example/r/{CODE}?new=1",
        f"mashang.example/r/{CODE}", f"回执码 {CODE}", f"您的回执码是{CODE}，请保存。",
        f"【码上评】您的投诉已收到。\n回执码：{CODE}\n凭它随时查看。", f"\u200e{CODE}\u200e",
        "７Ｈ２Ｋ－９０ＭＡ－ＸＴ４Ｃ－Ｗ３ＰＤ", f"“{CODE}”", f"({CODE})", f"Your code: {CODE}.",
    ],
)  # fmt: skip
async def test_the_field_forgives(intake: Site, typed: str) -> None:
    """However it is typed, copied or pasted out of a message, it leads to the receipt."""
    assert (303, f"/r/{CODE}") == (await look(intake, typed))[:2]


@pytest.mark.parametrize(
    "typed", ["", " ", "7H2K", CODE + "7", "回执码", "<b>x</b>", "a" * 400, "U" * 16, "\u202e甲"]
)
async def test_what_is_no_code_comes_back(intake: Site, typed: str) -> None:
    """422 with what to do and what was typed, which stays harmless."""
    status, _, shown = await look(intake, typed)
    assert 422 == status
    assert "这里没有找到回执码" in shown
    assert typed.replace("\u202e", "") == typed_again(shown)
    assert "<b>x</b>" not in shown


async def test_an_unknown_code_comes_back_into_the_field(intake: Site) -> None:
    """404 with the field and the code in it, to be compared; no search engine keeps the page."""
    headers = {"Accept": "text/html"}
    response = await intake.client.get(f"/r/{CODE}", headers=headers)
    shown = await response.text()
    assert (404, CODE) == (response.status, typed_again(shown))
    assert "没有找到这个回执码" in shown
    assert "noindex" in response.headers["X-Robots-Tag"]


@pytest.mark.parametrize("path", ["/r/你好", "/r/%3Cscript%3E", f"/r/{'x' * 900}"])
async def test_a_mutilated_link_comes_back_too(intake: Site, path: str) -> None:
    """Whatever stood behind /r/, the field is there, and nothing of it runs."""
    status, shown = await get(intake, quote(path, safe="/%"))
    assert 404 == status
    assert "<script>" not in shown
    assert 'name="code"' in shown


async def test_the_way_back_to_a_real_receipt(intake: Site) -> None:
    """From the field to the story; the page shows no raw data and no id for machines."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    _, location, _ = await look(intake, answer["receipt"]["code"].lower().replace("-", ""))
    status, shown = await get(intake, location)
    assert 200 == status
    assert answer["receipt"]["code"] in shown
    assert answer["submission_id"] not in shown.split("<details>")[0]
    assert "/api/" not in shown


async def test_a_field_that_is_far_too_full(intake: Site) -> None:
    """A pasted book is refused with a page, not with a failure."""
    status, _, shown = await look(intake, "x" * 20_000)
    assert 413 == status
    assert "</html>" in shown


CODES = st.text(st.sampled_from(base32.ALPHABET), min_size=16, max_size=16)
AROUND = st.sampled_from(["", " ", "\n", "：", "，", "“", "。", "回执码", "\t", "【", "】"])


@given(CODES, AROUND, AROUND)
def test_a_code_is_found_in_what_stands_around_it(bare: str, before: str, after: str) -> None:
    """Punctuation and Chinese words around a code never hide it, in groups or in one piece."""
    for spelt in (bare, receipts.grouped(bare), receipts.grouped(bare.lower())):
        assert bare == receipts.normalise(f"{before}{spelt}{after}")


@given(st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_typed_is_no_error(typed: str) -> None:
    """Anything is either a code of 16 characters or none."""
    found = receipts.normalise(typed)
    assert found is None or (16 == len(found) and set(found) <= set(base32.ALPHABET))
