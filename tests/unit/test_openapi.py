"""The OpenAPI documents are made from the tables, and valid."""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.errors import KINDS
from shared.web import openapi
from shared.web.endpoints import JSON, Endpoint
from shared.web.pages import Pages
from tests.town import SERVICES
from tests.wired import endpoints, wired


def document(service: str) -> dict[str, Any]:
    """The document of a service's API."""
    return openapi.document(service, [one for one in wired(service).endpoints if one.is_api])


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_valid(service: str) -> None:
    """By the specification's own schema, with every reference resolved."""
    OpenAPIV31SpecValidator(document(service)).validate()


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_the_api_is_in_it(service: str) -> None:
    """And no page is."""
    told = {
        (method.upper(), path)
        for path, methods in document(service)["paths"].items()
        for method in methods
    }
    assert {(one.method, one.path) for one in wired(service).endpoints if one.is_api} == told


def test_a_submission_is_described_whole() -> None:
    """Body, repeat key, both answers and the problem, for whoever writes a client."""
    told = document("intake")["paths"]["/api/v1/submissions"]["post"]
    done, refused = {"201", "200"}, {"400", "408", "409", "413", "415", "422", "503"}
    assert done | refused | {"default"} == set(told["responses"])
    assert ["Idempotency-Key"] == [one["name"] for one in told["parameters"]]
    reference = told["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    draft = document("intake")["components"]["schemas"][reference.rpartition("/")[2]]
    assert {"code", "kind"} == set(draft["required"])
    assert "security" not in told


def test_staff_endpoints_ask_for_a_token() -> None:
    """A bearer token, and the roles in words."""
    told = document("scoring")["paths"]["/api/v1/criticisms"]["get"]
    assert [{"operator": []}] == told["security"]
    assert "auditor" in told["description"]


def test_every_model_can_be_shown_to_people() -> None:
    """Each field of each body and answer has a kind in words."""
    models = [model for _, one in endpoints() for model in shown(one)]
    kinds = [kind for model in models for _, kind, _ in openapi.shape(model)]
    assert models
    assert [] == [kind for kind in kinds if not kind or "$" in kind or "{" in kind]


def shown(one: Endpoint) -> list[Any]:
    """An endpoint's models."""
    return [model for model in (one.query, one.body, *one.answers.values()) if model]


def operations() -> list[tuple[Endpoint, dict[str, Any]]]:
    """Every endpoint of every API with what is told about it."""
    told = {service: document(service)["paths"] for service in SERVICES}
    return [
        (one, told[service][one.path][one.method.lower()])
        for service, one in endpoints()
        if one.is_api
    ]


def test_every_operation_tells_who_may_call() -> None:
    """A bearer token exactly where operators are asked for, and each role by its name."""
    for one, told in operations():
        assert (one.caller.kind == "staff") == ("security" in told), one.path
        assert [] == [role for role in one.caller.roles if role not in told["description"]]
        assert openapi.told(one.caller) == told["description"]


def test_every_operation_tells_what_it_takes() -> None:
    """The parts of the path, the query's parameters, the headers, the body; nothing else."""
    for one, told in operations():
        places = {(each["in"], each["name"]) for each in told["parameters"]}
        wanted = {("path", name) for name in one.params}
        wanted |= {("query", name) for name in (one.query.model_fields if one.query else ())}
        keyed = one.repeat in ("header", "offered")
        wanted |= {("header", "Idempotency-Key")} if keyed else set()
        assert wanted == places, one.path
        sent = one.body is not None or one.uploads is not None
        assert sent == ("requestBody" in told), one.path


def test_every_operation_tells_what_it_answers() -> None:
    """Each status with its model, each way of saying no, and the problem for everything else."""
    for one, told in operations():
        said = {status for status, each in told["responses"].items() if "$ref" not in each}
        assert {str(status) for status in one.answers} | {"default"} == said, one.path
        for status, model in one.answers.items():
            shown = model is not None or one.media != JSON
            assert shown == ("content" in told["responses"][str(status)]), one.path


def test_every_operation_tells_how_it_says_no() -> None:
    """401 and 403 where operators are asked for, 422 where something may be wrong."""
    for one, told in operations():
        refused = {int(status) for status, each in told["responses"].items() if "$ref" in each}
        staff, typed = (
            one.caller.kind == "staff",
            one.body or one.query or one.params or one.uploads,
        )
        wanted = {401, 403} if staff and not one.tell else set()
        assert wanted == refused & {401, 403}, one.path
        assert bool(typed and not one.tell and 422 not in one.answers) == (422 in refused), one.path
        assert (one.tell is None) == (503 in refused), one.path


@pytest.mark.parametrize("service", SERVICES)
def test_every_problem_is_a_document_of_rfc_9457(service: str) -> None:
    """Of its own media type, with the fields of the standard and the key that is ours."""
    told = document(service)["components"]
    assert {kind.__name__ for kind in KINDS} == set(told["responses"])
    for each in told["responses"].values():
        schema = each["content"]["application/problem+json"]["schema"]
        assert {"$ref": "#/components/schemas/Problem"} == schema
    assert {"type", "title", "status", "detail", "key"} == set(
        told["schemas"]["Problem"]["required"]
    )


def test_operations_have_names_of_their_own() -> None:
    """Whoever makes a client from the document gets a function for each."""
    for service in SERVICES:
        paths = document(service)["paths"].values()
        ids = [told["operationId"] for methods in paths for told in methods.values()]
        assert len(set(ids)) == len(ids), service


def test_required_parameters_are_told_as_such() -> None:
    """All parts of a path; of a query those without a default, and here all have one."""
    for one, told in operations():
        for each in told["parameters"]:
            offered = each["in"] == "query" or one.repeat == "offered"
            assert (each["in"] == "path" or not offered) == each["required"], one.path


def test_every_link_leads_to_an_operation() -> None:
    """Of the same document, with a value of the answer for every part of its path."""
    paths = document("intake")["paths"].values()
    by_id = {told["operationId"]: told for methods in paths for told in methods.values()}
    links = [
        link
        for told in by_id.values()
        for answer in told["responses"].values()
        for link in answer.get("links", {}).items()
    ]
    assert 32 == len(links)
    for name, link in links:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        parts = {
            each["name"]
            for each in by_id[link["operationId"]]["parameters"]
            if each["in"] == "path"
        }
        assert parts == set(link["parameters"])
        assert all(value.startswith("$response.body#/") for value in link["parameters"].values())


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_shows_every_route(service: str, lang: Any) -> None:
    """With its fields, its limit, and who may call, in the reader's language."""
    (_, page) = openapi.endpoints(service, wired(service).endpoints)
    shown: Any = await page.handler(sentinel_call())
    html = Pages().html(lang, "/openapi", shown.template, visit=None, **shown.values)
    for one in wired(service).endpoints:
        assert one.is_api == (f"<code>{one.method} {one.path}</code>" in html), one.path
        if one.is_api and one.body:
            assert f"{one.limit // 1024} KiB" in html
            assert [] == [name for name in one.body.model_fields if f">{name}<" not in html]


def sentinel_call() -> Any:
    """The page looks at nothing of its caller."""
    return None
