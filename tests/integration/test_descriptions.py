"""What services say of themselves: each its API, and one of them what all tell each other."""

import json

import pytest
from aiohttp import ClientSession
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared import asyncapi, flows
from shared.web.texts import text
from tests.integration.test_access_matrix import Screen
from tests.town import SERVICES, Town


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_serves_its_own_description(place: Town, service: str) -> None:
    """To anybody: valid by the official schema, with every endpoint for programs."""
    async with ClientSession() as http:
        async with http.get(f"{place.urls[service]}/openapi.json") as response:
            assert (200, "application/json") == (response.status, response.content_type)
            told = await response.json()
        async with http.get(f"{place.urls[service]}/openapi") as response:
            assert (200, "text/html") == (response.status, response.content_type)
    OpenAPIV31SpecValidator(told).validate()
    wanted = {
        (one.method.lower(), one.path) for one in place.services[service].endpoints if one.is_api
    }
    assert wanted == {(method, path) for path, each in told["paths"].items() for method in each}


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_events_can_be_read(place: Town, lang: str) -> None:
    """Every event with its fields, in the reader's language; the same document for tools."""
    home = place.urls["verification"]
    async with ClientSession() as http:
        screen = await Screen.of(place, "verification", "admin")
        status, page = await screen.ask(http, home, "GET", f"/console/flows?lang={lang}")
        assert 200 == status
        assert f"<h1>{text(lang, 'events_title')}</h1>" in page
        for flow in flows.FLOWS:
            assert f'id="{flow.event.TYPE}"' in page
            assert [] == [name for name in flow.event.model_fields if f">{name}<" not in page]
        assert text(lang, "events_sealed") in page
        status, told = await screen.ask(http, home, "GET", "/console/asyncapi.json")
    assert (200, asyncapi.document()) == (status, json.loads(told))


async def test_who_keeps_no_machine_is_not_told(place: Town) -> None:
    """A stranger is sent to sign in, an operator of another role hears that it is not theirs."""
    home = place.urls["verification"]
    async with ClientSession(headers={"Accept": "text/html"}) as http:
        for path in ("/console/flows", "/console/asyncapi.json"):
            async with http.get(f"{home}{path}", allow_redirects=False) as response:
                assert 303 == response.status
            for username in ("north1", "city", "auditor", "security"):
                screen = await Screen.of(place, "verification", username)
                status, page = await screen.ask(http, home, "GET", path)
                assert (403, False) == (status, flows.EXCHANGE in page), username
        screen = await Screen.of(place, "verification", "city")
        _, page = await screen.ask(http, home, "GET", "/desk")
    assert "/console" not in page


@pytest.mark.parametrize("path", ["/console/flows", "/console/asyncapi.json", "/console/flows/"])
@pytest.mark.parametrize("service", [name for name in SERVICES if name != "verification"])
async def test_it_is_at_one_place(place: Town, service: str, path: str) -> None:
    """The other services know nothing of it."""
    async with (
        ClientSession() as http,
        http.get(f"{place.urls[service]}{path}", allow_redirects=False) as response,
    ):
        assert 404 == response.status
