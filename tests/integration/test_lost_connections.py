"""A connection that breaks in the middle of a request: 503 in a line, on every endpoint."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession

from deploy.local.postgres import Postgres
from shared.web.endpoints import Endpoint
from tests.conftest import Clone
from tests.integration.test_access_matrix import PEOPLE, Objects, bearer, objects
from tests.proxy import Proxy, proxy
from tests.support import captured_logs
from tests.town import SERVICES, Town, town

MOST_SAYINGS = 60
# What ends a session ends it for the rest of this, too, so it comes last.
LAST = ("/desk/sign-out", "/api/v1/sessions")


@dataclass
class Frail:
    """A town of which one service reaches its database by way of a proxy."""

    service: str
    place: Town
    network: Proxy
    about: Objects
    http: ClientSession
    browsers: dict[str, ClientSession] = field(default_factory=dict)

    def endpoints(self) -> list[Endpoint]:
        """All of the service's, what ends sessions last."""
        return sorted(
            self.place.services[self.service].endpoints,
            key=lambda one: (one.path in LAST and one.method != "GET", one.method == "DELETE"),
        )

    async def open(self, stack: AsyncExitStack) -> None:
        """A browser for each role that is the first of an endpoint's."""
        for role in {one.caller.roles[0] for one in self.endpoints() if one.caller.roles}:
            browser = self.place.browser(PEOPLE[role])
            self.browsers[role] = await stack.enter_async_context(browser)

    async def caller(self, one: Endpoint) -> tuple[ClientSession, dict[str, str]]:
        """Who asks, with which headers."""
        if not one.caller.roles:
            return self.http, {"Idempotency-Key": "a-random-key-0001"}
        role = one.caller.roles[0]
        if one.is_api:
            return self.http, await bearer(self.place, self.http, self.service, PEOPLE[role])
        url = self.place.urls[self.service]
        async with self.browsers[role].get(url) as answer:  # by way of the desk: a fresh statement
            assert 200 == answer.status
        return self.browsers[role], {"Origin": url}


@pytest.fixture(params=SERVICES)
async def frail(
    request: pytest.FixtureRequest, clone: Clone, postgres: Postgres
) -> AsyncIterator[Frail]:
    """Each service in turn is the frail one."""
    service: str = request.param
    async with proxy(postgres.port) as network, AsyncExitStack() as stack:

        async def by_way(name: str) -> str:
            url = await clone(name)
            return network.through(url) if name == service else url

        place = await stack.enter_async_context(town(by_way))
        http = await stack.enter_async_context(ClientSession())
        found = Frail(service, place, network, await objects(place, http), http)
        await found.open(stack)
        yield found


async def test_every_endpoint_says_503_wherever_its_connection_breaks(frail: Frail) -> None:
    """Cut before its first word to the database, its second, … its last: never 500, never long."""
    cut: dict[str, set[int]] = {}
    with captured_logs() as logs:
        for one in frail.endpoints():
            cut[f"{one.method} {one.path}"] = {status async for status in statuses(frail, one)}
    assert [] == [entry for entry in logs if entry["event"] == "request failed"]
    # A window that was shown before is shown from memory.
    by_database = {
        name: found
        for name, found in cut.items()
        if found and not (name.startswith("GET /w/") and found == {200})
    }
    # What is refused for what it says is refused so with and without a database.
    refused = ({404}, {422})
    wrong = {
        name: found
        for name, found in by_database.items()
        if 500 in found or (503 not in found and found not in refused)
    }
    assert {} == wrong
    asks = [one for one in frail.endpoints() if one.caller.kind == "staff"]
    assert {f"{one.method} {one.path}" for one in asks} <= set(by_database)


async def statuses(frail: Frail, endpoint: Endpoint) -> AsyncIterator[int]:
    """What it answers, cut after none, one, two … sayings, until nothing is left to cut."""
    address = f"{frail.place.urls[frail.service]}{frail.about.address(endpoint)}"
    http, headers = await frail.caller(endpoint)
    body: dict[str, Any] = (
        {} if endpoint.method == "GET" else {"data": {}} if endpoint.form else {"json": {}}
    )
    for sayings in range(MOST_SAYINGS):
        frail.network.cut_after(sayings)
        async with http.request(
            endpoint.method, address, headers=headers, allow_redirects=False, **body
        ) as answer:
            text = await answer.text()
        if not frail.network.spare():
            return
        if answer.status == 503:
            assert "Traceback" not in text
            assert "5" == answer.headers["Retry-After"]
        yield answer.status
