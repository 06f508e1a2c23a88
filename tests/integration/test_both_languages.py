"""No English sentence in a Chinese page or answer, and no Chinese one in an English."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from shared.web.endpoints import Endpoint
from shared.web.texts import LANGUAGES, texts, whole
from tests.integration.test_access_matrix import PEOPLE, Objects, bearer, objects
from tests.town import SERVICES, Town

SENTENCE = re.compile(r"[A-Za-z]{2,}(?:[ '’-]+[A-Za-z]{2,}){2,}")
RECEIPT = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
# Full-width punctuation has its own room; a space behind it is a hole in the line.
GAP = re.compile(r"[。！？；，、：] +[\u3400-\u9fff]")
UNSPOKEN = {"style", "script"}
VOID = {"meta", "link", "input", "img", "br", "hr"}


class Spoken(HTMLParser):
    """The words of a page, each with the language that the page says they are in."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        lang = given.get("lang") or (self._open[-1][1] if self._open else "")
        for name in ("aria-label", "alt", "title", "placeholder"):
            if given.get(name):
                self.words.append((lang, str(given[name])))
        if tag not in VOID:
            self._open.append((tag, lang))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1][0] not in UNSPOKEN | {"code"}:
            self.words.append((self._open[-1][1], data.strip()))


def foreign(page: str, data: set[str]) -> list[str]:
    """What a page says in a language other than it claims, or sets as another language would.

    `data` are names that people gave.
    """
    spoken = Spoken()
    spoken.feed(page)
    found = []
    for lang, said in spoken.words:
        text = RECEIPT.sub("", said)
        for name in sorted(data, key=len, reverse=True):  # 北县户籍室 before 北县
            text = text.replace(name, "")
        pattern = SENTENCE if lang == "zh-CN" else CHINESE
        if pattern.search(text) or GAP.search(text):
            found.append(f"{lang}: {said}")
    return found


async def names(place: Town) -> set[str]:
    """What people called things: no language of ours."""
    async with place.databases["verification"].acquire() as conn:
        rows = await conn.fetch(
            """SELECT name FROM units UNION SELECT name FROM places UNION SELECT name FROM officers
               UNION SELECT name FROM operators"""
        )
    return {row["name"] for row in rows} | {"等了一上午没有人", "属实", "已整改", "办得快"}


def pages(place: Town) -> Iterator[tuple[str, Endpoint]]:
    """Every page of every service."""
    for name in SERVICES:
        for one in place.services[name].endpoints:
            if (
                one.method == "GET"
                and not one.is_api
                and not one.path.endswith((".txt", ".pdf", ".json"))
            ):
                yield name, one


def person(one: Endpoint) -> str:
    """Somebody who may open it."""
    return PEOPLE[one.caller.roles[0]] if one.caller.kind == "staff" else ""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_speaks_one_language(place: Town, language: str) -> None:
    """All pages of all services, also the ones that explain an error."""
    async with ClientSession() as http:
        found = await objects(place, http)
    data, wrong = await names(place), []
    seen = 0
    # What only citizens' pages speak, only they are asked in.
    asked = [one for one in pages(place) if language in whole() or one[0] == "intake"]
    for service, one in asked:
        async with place.browser(person(one), language) as http:
            for address in (found.address(one), "/nowhere", f"{found.address(one)}?limit=x"):
                async with http.get(f"{place.urls[service]}{address}") as response:
                    page = await response.text()
                    seen += 1
                assert response.status < 500, (service, address)
                wrong += [f"{service}{address} {said}" for said in foreign(page, data)]
    assert seen >= 3 * len(asked)
    assert len(asked) > (10 if language in whole() else 4)
    assert [] == wrong


def garbage(one: Endpoint) -> Iterator[dict[str, Any]]:
    """Requests that an endpoint refuses, each in another way."""
    yield {"json": {}}
    yield {"json": {"verdict": 7, "note": 3, "words": ["x"], "nobody_knows": "me", "kind": "x"}}
    yield {"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}
    yield {"data": b"{}", "headers": {"Content-Type": "text/plain"}}
    yield {"data": b"x" * (one.limit + 1), "headers": {"Content-Type": "application/json"}}
    yield {"params": {"limit": "x", "state": "x", "cursor": "x", "year": "-1", "before": "x"}}


@pytest.mark.parametrize("language", whole())
async def test_every_refusal_of_the_api_speaks_the_callers_language(
    place: Town, language: str
) -> None:
    """Problem details of every endpoint for every kind of bad request, and no 5xx among them."""
    wrong, seen = [], 0
    async with ClientSession() as http:
        found = await objects(place, http)
        for service in SERVICES:
            for one in place.services[service].endpoints:
                if not one.is_api or one.tell:
                    continue
                for request in garbage(one):
                    problem = await refusal(place, http, service, one, found, request, language)
                    if problem is None:
                        continue
                    seen += 1
                    said = [problem["title"], problem["detail"]]
                    said += [error["detail"] for error in problem.get("errors", [])]
                    pattern = SENTENCE if language == "zh" else CHINESE
                    wrong += [(one.path, text) for text in said if pattern.search(text)]
    assert seen > 50
    assert [] == wrong


async def refusal(
    place: Town, http: ClientSession, service: str, one: Endpoint, found: Objects,
    request: dict[str, Any], language: str,
) -> dict[str, Any] | None:  # fmt: skip
    """The problem that a request gets; None if it was served."""
    headers = {"Accept-Language": language, **request.get("headers", {})}
    if one.caller.kind == "staff":
        headers |= await bearer(place, http, service, person(one))
    url = f"{place.urls[service]}{found.address(one)}"
    async with http.request(one.method, url, **(request | {"headers": headers})) as response:
        assert response.status < 500, (one.path, request, await response.text())
        if response.status < 400:
            return None
        assert "application/problem+json" == response.content_type, one.path
        problem: dict[str, Any] = await response.json()
        return problem


def test_both_catalogues_have_the_same_keys_and_places() -> None:
    """Every key is there in both languages, with the same {names}, sorted, and none is empty."""
    zh, en = texts("zh").forms, texts("en").forms
    assert set(zh) == set(en)
    assert sorted(zh) == list(zh)
    assert sorted(en) == list(en)
    for key in zh:
        places = [set(re.findall(r"{(\w+)}", form)) for form in (*zh[key], *en[key])]
        assert all(place == places[0] for place in places), key
        assert all(zh[key]), key
        assert all(en[key]), key


USED = re.compile(r"""\b(?:t|text)\(\s*['"]([a-z_0-9.-]+)['"](?!\s*~)""")
RAISED = re.compile(
    r"""(?<![\w.])(?:Conflict|Forbidden|NotFound|Malformed|Gone|Unauthenticated|Unsupported|TooLarge|TooMany"""
    r"""|KeyReused|Unavailable|Refused)\(\s*f?["']([a-z_.]+)["']"""
)
WRONG = re.compile(r"""Wrong\(\s*f?["'][\w.]+["'],\s*["']([a-z_.]+)["']""")


def test_every_key_in_use_is_in_the_catalogue() -> None:
    """What templates and code ask for by name exists."""
    root = Path(__file__).parents[2]
    missing = set()
    for folder in ("services", "shared"):
        for file in (root / folder).rglob("*"):
            if file.suffix not in (".html", ".py"):
                continue
            source = file.read_text("utf-8")
            keys = set(USED.findall(source)) if file.suffix == ".html" else set()
            keys |= set(RAISED.findall(source)) | set(WRONG.findall(source))
            missing |= {(file.name, key) for key in keys if key not in texts("zh")}
    assert set() == missing
