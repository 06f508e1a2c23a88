"""A connection that breaks in the middle of a request: 503 in a line, on every endpoint."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientSession

from deploy.local.postgres import Postgres
from shared.web.endpoints import Endpoint
from tests.conftest import Clone
from tests.integration.test_access_matrix import Objects, bearer, objects
from tests.proxy import Proxy, proxy
from tests.support import captured_logs
from tests.town import Town, town

SERVICE = "rewards"
MOST_SAYINGS = 40


@pytest.fixture
async def frail(clone: Clone, postgres: Postgres) -> AsyncIterator[tuple[Town, Proxy]]:
    """A town whose rewards reach their database by way of a proxy."""
    async with proxy(postgres.port) as network:

        async def by_way(service: str) -> str:
            url = await clone(service)
            return network.through(url) if service == SERVICE else url

        async with town(by_way) as place:
            yield place, network


async def test_every_endpoint_says_503_wherever_its_connection_breaks(
    frail: tuple[Town, Proxy],
) -> None:
    """Cut before its first word to the database, its second, … its last: never 500, never long."""
    place, network = frail
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        staff = await stack.enter_async_context(place.browser("approver"))
        async with staff.get(place.urls[SERVICE]) as answer:  # by way of the desk
            assert 200 == answer.status
        about = await objects(place, http)
        token = await bearer(place, http, SERVICE, "approver")
        cut: dict[str, set[int]] = {}
        with captured_logs() as logs:
            for one in place.services[SERVICE].endpoints:
                caller = http if one.is_api else staff
                cut[f"{one.method} {one.path}"] = {
                    status async for status in statuses(caller, token, network, place, about, one)
                }
    assert [] == [entry for entry in logs if entry["event"] == "request failed"]
    by_database = {name: found for name, found in cut.items() if found}
    assert all(503 in found and 500 not in found for found in by_database.values()), by_database
    asks = [one for one in place.services[SERVICE].endpoints if one.caller.kind == "staff"]
    assert {f"{one.method} {one.path}" for one in asks} <= set(by_database)


async def statuses(
    http: ClientSession,
    token: dict[str, str],
    network: Proxy,
    place: Town,
    about: Objects,
    endpoint: Endpoint,
) -> AsyncIterator[int]:
    """What it answers, cut after none, one, two … sayings, until nothing is left to cut."""
    address = f"{place.urls[SERVICE]}{about.address(endpoint)}"
    headers = token if endpoint.is_api else {"Origin": place.urls[SERVICE]}
    headers = headers | {"Idempotency-Key": "a-random-key-0001"}
    body: dict[str, Any] = (
        {} if endpoint.method == "GET" else {"data": {}} if endpoint.form else {"json": {}}
    )
    for sayings in range(MOST_SAYINGS):
        network.cut_after(sayings)
        async with http.request(
            endpoint.method, address, headers=headers, allow_redirects=False, **body
        ) as answer:
            text = await answer.text()
        if not network.spare():
            return
        if answer.status == 503:
            assert "Traceback" not in text
            assert "5" == answer.headers["Retry-After"]
        yield answer.status
