"""Whatever is sent to any endpoint: no failure of ours, no dropped connection, nothing stored."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from deploy.local.postgres import Postgres
from shared import statements
from shared.access import Operator
from shared.values import clock
from shared.vendors.vendor import Vendor
from shared.web import bodies
from shared.web.endpoints import Endpoint
from shared.web.forms import MEDIA_TYPE
from shared.web.session import cookie_name, statement_cookie
from shared.web.texts import texts, whole
from tests.conftest import Clone
from tests.integration import garbage
from tests.integration.garbage import Headers, Request, Told
from tests.integration.test_access_matrix import PEOPLE, Objects, objects
from tests.integration.verification_office import open_session
from tests.support import captured_logs
from tests.town import SERVICES, Town, town

# Signing in and out is work on sessions even where it is refused.
COMINGS_AND_GOINGS = {
    "sessions", "sign_in_failures", "sign_in_addresses", "second_factors", "account_events",
}  # fmt: skip
# Beside the databases' tables.
PHOTOS = "photos"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_DIGEST = (
    "SELECT '{0}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest FROM {0} AS t"
)
Kind = Callable[[Endpoint], Iterator[Request]]


@dataclass(frozen=True)
class Place:
    """The town of this module, one of each object, and where its databases can be seen whole."""

    town: Town
    found: Objects
    owners: dict[str, asyncpg.Connection]

    def endpoints(self) -> Iterator[tuple[str, Endpoint]]:
        """Every endpoint of every service."""
        for service in SERVICES:
            for one in self.town.services[service].endpoints:
                yield service, one

    def address(self, service: str, one: Endpoint) -> str:
        """Where the endpoint is; a vendor's with its true secret, or nothing would be read."""
        params = dict(self.found.params)
        if one.caller.kind == "vendor":
            resources = self.town.services[service].resources
            vendor = next(part for part in resources if isinstance(part, Vendor))
            params |= {"vendor": vendor.name, "secret": vendor.report_secret}
        return one.path.format(**params)

    async def usual(self, service: str, one: Endpoint) -> Headers:
        """The headers of somebody who may call it."""
        base = self.town.urls[service]
        headers = {"Idempotency-Key": uuid4().hex}
        headers |= {} if one.is_api else {"Accept": "text/html", "Origin": base}
        if one.caller.kind != "staff":
            return headers
        token, statement = await self._tokens(PEOPLE[one.caller.roles[0]])
        if one.is_api:
            own = token if service == "verification" else statement
            return headers | {"Authorization": f"Bearer {own}"}
        cookies = {cookie_name("mashang", secure=False): token, statement_cookie(False): statement}
        return headers | {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}

    async def _tokens(self, username: str) -> tuple[str, str]:
        database = self.town.databases["verification"]
        async with database.acquire() as conn:
            row = await conn.fetchrow(
                "SELECT username, name, role, scope, badge FROM operators WHERE username = $1",
                username,
            )
        assert row is not None
        seed = self.town.settings["verification"].identity_seed
        token = await open_session(database, username)
        at = clock.now()
        return token, statements.issue(Operator(**row), seed, session="here", confirmed_at=at)

    async def csrf(self, service: str, usual: Headers) -> str:
        """The token that a form of this browser carries."""
        pairs = (one.partition("=") for one in str(usual.get("Cookie", "")).split("; "))
        cookies = {name: value for name, _, value in pairs}
        door = self.town.services[service].door
        assert door is not None
        return (await door.by_cookie(cookies)).csrf

    async def stored(self) -> dict[str, str]:
        """A digest of every table of every service, and the names of the photos on the disk."""
        root = Path(self.town.settings["intake"].photos)
        photos = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        digests = {PHOTOS: "\n".join(photos)}
        for service, conn in self.owners.items():
            tables = {row["tablename"] for row in await conn.fetch(_TABLES)} - COMINGS_AND_GOINGS
            told = await conn.fetch(" UNION ALL ".join(map(_DIGEST.format, sorted(tables))))
            digests |= {f"{service}.{row['name']}": row["digest"] for row in told}
        return digests


@asynccontextmanager
async def placed(opened: Town, templates: Postgres) -> AsyncIterator[Place]:
    """A town with one of each object, whose databases are seen by their owner."""
    async with AsyncExitStack() as stack:
        found = await objects(opened, await stack.enter_async_context(ClientSession()))
        owners = {}
        for service, database in opened.databases.items():
            async with database.acquire() as conn:
                url = templates.url(await conn.fetchval("SELECT current_database()"))
            owners[service] = await asyncpg.connect(url)
            stack.push_async_callback(owners[service].close)
        yield Place(opened, found, owners)


@pytest.fixture(scope="module")
async def place(module_clone: Clone, templates: Postgres) -> AsyncIterator[Place]:
    """One town for all of this."""
    async with town(module_clone) as opened, placed(opened, templates) as made:
        yield made


async def wrongs(place: Place, kind: Kind, *, refused: bool = False) -> list[str]:
    """What was answered wrongly to one kind of garbage, over all endpoints."""
    wrong, languages = [], cycle(whole())
    for service, one in place.endpoints():
        known = await place.usual(service, one)
        usual = {lang: {**known, "Accept-Language": lang} for lang in whole()}
        csrf = await place.csrf(service, usual["zh"]) if one.csrf == "token" else ""
        for request in kind(one):
            language = next(languages)
            sent = _signed(one, request, csrf, place.found.params["code"])
            told = await garbage.send(
                place.town.urls[service], place.address(service, one), sent, usual[language]
            )
            if problem := mistold(one, told, language, sent, refused=refused):
                wrong.append(f"{service} {sent.method} {one.path} [{request.name}]: {problem}")
    return wrong


def _signed(one: Endpoint, request: Request, csrf: str, code: str) -> Request:
    body = request.body.replace(b'"CODE"', f'"{code}"'.encode())
    # Without its token, no more of a form would ever be looked at.
    form = csrf and request.kind == MEDIA_TYPE
    body += f"&csrf={csrf}".encode() if form else b""
    return replace(request, method=request.method or one.method, body=body)


def mistold(
    one: Endpoint, told: Told | None, language: str, request: Request, *, refused: bool
) -> str:
    """What is wrong with an answer; nothing, if it was one."""
    if told is None:
        return "closed without an answer"
    if told.status >= 500 or (refused and told.status < 400):
        return f"{told.status} {told.body[:200]!r}"
    if told.status < 400 or request.method == "HEAD" or _is_no_http(told):
        return ""
    if wanted := request.headers.get("Accept-Language"):
        # A weight that is none makes a wish the least one, and still it is the only one.
        language = "en" if str(wanted).startswith("en") else "zh"
    if texts(language).tag != told.headers.get("content-language"):
        return f"{told.status} in {told.headers.get('content-language')} {told.headers}"
    if one.tell:
        own = told.headers["content-type"].startswith((one.media, "application/problem+json"))
        return "" if own else f"{told.status} as {told.headers['content-type']}"
    if not one.is_api:
        return "" if "Accept" in request.headers else _unlike_a_page(told)
    return _misspoken(told, language)


def _unlike_a_page(told: Told) -> str:
    page = told.headers["content-type"].startswith("text/html") and b"</html>" in told.body
    return "" if page else f"{told.status} is no page"


def _is_no_http(told: Told) -> bool:
    # The library's own answer, before there is a request that could say its language.
    return told.status in (400, 417) and "x-correlation-id" not in told.headers


def _misspoken(told: Told, language: str) -> str:
    if not told.headers["content-type"].startswith("application/problem+json"):
        return f"{told.status} as {told.headers['content-type']}"
    problem: dict[str, Any] = json.loads(told.body)
    said = [problem["title"], problem["detail"], *(e["detail"] for e in problem.get("errors", ()))]
    chinese = re.compile("[\u4e00-\u9fff]")
    mixed = [text for text in said if bool(chinese.search(text)) != (language == "zh")]
    return f"{told.status} {mixed}" if mixed or problem["status"] != told.status else ""


async def test_an_unreadable_body_is_refused_and_nothing_stored(place: Place) -> None:
    """Noise, cut JSON, compressed junk, other character sets, other media types: a 4xx each."""
    before = await place.stored()

    def kind(one: Endpoint) -> Iterator[Request]:
        takes_a_body = one.body or one.form or one.raw or one.uploads
        return garbage.unreadable(one) if takes_a_body else iter(())

    assert [] == await wrongs(place, kind, refused=True)
    assert before == await place.stored()


async def test_a_stranger_is_asked_for_a_name_and_told_nothing_else(place: Place) -> None:
    """At every staff endpoint garbage without a sign-in is 401 or leads there, never 400 or 422."""
    wrong = []
    theirs = [(service, one) for service, one in place.endpoints() if one.caller.kind == "staff"]
    kinds = (garbage.unreadable, garbage.in_fields, garbage.in_queries)
    for turn, (service, one) in enumerate(theirs):
        usual = {"Idempotency-Key": "short"} if one.is_api else {"Accept": "text/html"}
        requests = chain.from_iterable(kind(one) for kind in kinds)
        # Where one is refused at the door the others are, too: each endpoint takes its quarter.
        for request in islice(requests, turn % 4, None, 4):
            sent = replace(request, method=one.method)
            told = await garbage.send(
                place.town.urls[service], place.address(service, one), sent, usual
            )
            if told is None or told.status not in ((401,) if one.is_api else (303, 401)):
                wrong.append(f"{service} {one.method} {one.path} [{request.name}]: {told}")
    assert [] == wrong


@pytest.mark.parametrize(
    "kind",
    [garbage.in_fields, garbage.in_queries, garbage.in_headers],
    ids=lambda kind: kind.__name__,
)
async def test_garbage_is_never_a_failure_of_ours(place: Place, kind: Kind) -> None:
    """In every field, query parameter and header: an answer in the caller's language."""
    assert [] == await wrongs(place, kind)


async def test_garbage_in_an_address_is_never_a_failure_of_ours(place: Place) -> None:
    """Whatever stands where a code, a badge or a case's id should be, and nothing is stored."""
    before = await place.stored()
    kind = partial(garbage.in_paths, params=place.found.params)
    assert [] == await wrongs(place, kind)
    assert before == await place.stored()


async def test_other_methods_are_told_what_is_allowed(place: Place) -> None:
    """405 with the methods that there are, for every address, and never a failure of ours."""
    before = await place.stored()
    assert [] == await wrongs(place, garbage.in_methods)
    for service, one in place.endpoints():
        address, url = place.address(service, one), place.town.urls[service]
        told = await garbage.send(url, address, Request("", method="PATCH"), {})
        assert told is not None
        assert 405 == told.status
        assert one.method in told.headers["allow"].split(",")
    assert before == await place.stored()


async def test_what_is_no_http_is_no_failure_and_no_news(place: Place) -> None:
    """Each gets a 400 or a closed connection, the next caller is served, nothing is logged."""
    url = place.town.urls["intake"]
    with captured_logs() as entries:
        answers = [await garbage.speak(url, said) for said in garbage.NO_HTTP]
    assert set() == {told.status for told in answers if told} - {400, 404, 405, 505}
    assert [] == [told for told in answers if told and b"Traceback" in told.body]
    assert [] == entries
    fine = await garbage.send(url, "/api/v1/open", Request("", method="GET"), {})
    assert fine is not None
    assert 200 == fine.status


async def test_a_body_that_never_ends_is_told_in_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a submission and then silence: 408, and nothing of it is stored."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    before = await place.stored()
    cut = Request("", b'{"code": "x"', method="POST", headers={"Content-Length": "500"})
    usual = {"Accept-Language": "en", "Idempotency-Key": uuid4().hex}
    told = await garbage.send(place.town.urls["intake"], "/api/v1/submissions", cut, usual)
    assert told is not None
    assert (408, "problem.too-slow.hint") == (told.status, json.loads(told.body)["key"])
    assert before == await place.stored()


def test_there_is_a_right_body_of_every_model(place: Place) -> None:
    """A new body is garbled here, too, as soon as it is written down what a right one is."""
    bodies = {one.body for _, one in place.endpoints() if one.body}
    assert {body.__name__ for body in bodies} == set(garbage.RIGHT)
    for body in bodies:
        assert set(body.model_fields) == set(garbage.RIGHT[body.__name__])
