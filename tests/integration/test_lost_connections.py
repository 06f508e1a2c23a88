"""A connection that breaks in the middle of a request: 503 in a line, on every endpoint.

Each is cut before its first word and then before one in four; `make cuts` cuts before every one.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession

from deploy.local.postgres import Postgres
from services.intake.open311 import keys
from shared.web.endpoints import Endpoint
from shared.web.forms import MEDIA_TYPE
from tests.conftest import Clone
from tests.integration.garbage import JSON, Request, encoded, right_body
from tests.integration.test_access_matrix import objects
from tests.integration.test_garbage import Place
from tests.integration.test_repeats_everywhere import REPORTS, Sent, act_of, name_of, prepared
from tests.proxy import Proxy, proxy
from tests.support import captured_logs
from tests.town import SERVICES, Town, town
from tests.vendors import AIRTIME, SMS

MOST_SAYINGS = 60
# What is the same for everybody, or only leads on.
WITHOUT = {
    "intake": {
        "POST /r",
        *(
            f"GET {path}"
            for path in (
                "/", "/robots.txt", "/sw.js", "/offline", "/privacy", "/r", "/k/{code}/why",
                "/open/words", "/r/{receipt}/rating", "/r/{receipt}/phone/code",
                "/api/v1/open/dictionary", "/open311/discovery.json", "/open311/discovery.xml",
                "/open311/v2/services.json", "/open311/v2/services.xml",
            )
        ),
    },
    "verification": {"GET /desk/sign-in"},
}  # fmt: skip
# A window that was shown before is shown from memory, and what is handed in is written once more.
REMEMBERED = ("GET /w/", "GET /k/")
WRITTEN_AGAIN = {
    "POST /api/v1/submissions", "POST /w/{code}", "POST /w/{code}/complaint",
    "POST /w/{code}/request", "POST /k/{code}",
}  # fmt: skip
# Nobody waits for a second factor or a password here, so their forms lead on, not back.
LED = {"POST /desk/second", "POST /desk/new-password"}
VENDORS = {"rewards": AIRTIME, "notifications": SMS}
# What a citizen wrote to the first of them.
WRITTEN = {"phone_number": "13800000001", "content": "1", "sequence_id": 1}
# What ends a session ends it for the rest of this, too, so it comes last.
LAST = ("/desk/sign-out", "/api/v1/sessions")


@dataclass
class Frail:
    """A town of which one service reaches its database by way of a proxy."""

    service: str
    place: Place
    network: Proxy

    def endpoints(self) -> Iterator[Endpoint]:
        """All of the service's, what ends sessions last."""
        yield from sorted(
            self.place.town.services[self.service].endpoints,
            key=lambda one: (one.path in LAST and one.method != "GET", one.method == "DELETE"),
        )

    async def right(self, one: Endpoint) -> Sent:
        """What is not refused for what it says, by somebody who may."""
        if make := act_of(one):
            return await prepared(self.place, self.service, one, make)
        usual = dict(await self.place.usual(self.service, one))
        body = dict(right_body(one))
        if one.csrf == "token":
            body["csrf"] = await self.place.csrf(self.service, usual)
        if one.path == "/r":
            body["code"] = self.place.found.params["receipt"]
        raw = encoded(one, body) if body else b""
        if name_of(one) == REPORTS:
            raw = json.dumps(VENDORS[self.service].customer.report("abcdefgh1234")).encode()
        if name_of(one) == f"{REPORTS}/inbound":
            raw = json.dumps([WRITTEN]).encode()
        request = Request(one.path, raw, MEDIA_TYPE if one.form else JSON, method=one.method)
        address = self.place.address(self.service, one)
        if one.path.startswith("/k/"):
            address = one.path.format(code=self.place.town.code("n1", kiosk=1))
        return Sent(self.place.town.urls[self.service], address, request, usual)


@pytest.fixture(scope="session")
def each(pytestconfig: pytest.Config) -> int:
    """Before every so manieth saying an endpoint is cut."""
    return int(pytestconfig.getoption("--cuts"))


@pytest.fixture(params=SERVICES)
async def frail(
    request: pytest.FixtureRequest, clone: Clone, postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Frail]:  # fmt: skip
    """Each service in turn is the frail one; any app is on the list."""
    service: str = request.param
    monkeypatch.setattr(keys, "client_of", lambda *_: "app")
    async with proxy(postgres.port) as network, AsyncExitStack() as stack:

        async def by_way(name: str) -> str:
            url = await clone(name)
            return network.through(url) if name == service else url

        opened: Town = await stack.enter_async_context(town(by_way))
        http = await stack.enter_async_context(ClientSession())
        place = Place(opened, await objects(opened, http), {})
        yield Frail(service, place, network)


@pytest.mark.timeout(900)
async def test_every_endpoint_says_503_wherever_its_connection_breaks(
    frail: Frail, each: int
) -> None:
    """Cut before its first word to the database, its second, … at last: never 500, never long."""
    cut: dict[str, set[int]] = {}
    with captured_logs() as logs:
        for turn, one in enumerate(frail.endpoints()):
            sent = await frail.right(one)
            cut[name_of(one)] = {status async for status in statuses(frail, sent, turn, each)}
    assert [] == [entry for entry in logs if entry["event"] == "request failed"]
    without = WITHOUT.get(frail.service, set())
    overcome = {name for name in cut if name.startswith(REMEMBERED) or name in WRITTEN_AGAIN}
    wrong = {
        name: found
        for name, found in cut.items()
        if 500 in found or (503 not in found and name not in without | overcome | LED)
    }
    assert {} == wrong
    assert [] == [name for name in overcome if not cut[name] <= {200, 201, 303, 503}]
    assert without == {name for name, found in cut.items() if not found}


async def statuses(frail: Frail, sent: Sent, turn: int, each: int) -> AsyncIterator[int]:
    """What it answers, cut after none, one, two … sayings, until nothing is left to cut.

    Of those after the first every so manieth, which are others for the next endpoint.
    """
    for sayings in (0, *range(1 + turn % each, MOST_SAYINGS, each)):
        frail.network.cut_after(sayings)
        told = await sent.go()
        if not frail.network.spare():
            return
        if told.status == 503:
            assert b"Traceback" not in told.body
            assert "5" == told.headers["retry-after"]
        yield told.status
