"""The OpenAPI documents are made from the tables, and valid."""

from typing import Any
from unittest.mock import sentinel

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.intake.service import build as build_intake
from services.scoring.api import Api as ScoringApi
from shared.policy import Policies
from shared.web import openapi
from shared.web.endpoints import Endpoint
from tests.integration import intake_site

INTAKE = build_intake(intake_site.settings(), sentinel.database).endpoints
SCORING = ScoringApi(sentinel.database, Policies(())).endpoints()
SERVICES = {"intake": INTAKE, "scoring": SCORING}


def document(service: str) -> dict[str, Any]:
    """The document of a service's API."""
    return openapi.document(service, [one for one in SERVICES[service] if one.is_api])


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
    assert {(one.method, one.path) for one in SERVICES[service] if one.is_api} == told


def test_a_submission_is_described_whole() -> None:
    """Body, repeat key, both answers and the problem, for whoever writes a client."""
    told = document("intake")["paths"]["/api/v1/submissions"]["post"]
    assert {"201", "200", "default"} == set(told["responses"])
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
    models = [model for one in [*INTAKE, *SCORING] for model in shown(one)]
    kinds = [kind for model in models for _, kind, _ in openapi.shape(model)]
    assert models
    assert [] == [kind for kind in kinds if not kind or "$" in kind or "{" in kind]


def shown(one: Endpoint) -> list[Any]:
    """An endpoint's models."""
    return [model for model in (one.query, one.body, *one.answers.values()) if model]
