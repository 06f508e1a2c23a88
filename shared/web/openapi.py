"""OpenAPI 3.1 of a service's API, made from its endpoints, and a page to read it on."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from shared.errors import (
    KINDS,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Refused,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from shared.web import forms
from shared.web.endpoints import JSON, PUBLIC, Call, Endpoint, Link, Who
from shared.web.problems import MEDIA_TYPE as PROBLEM
from shared.web.replies import Page, Text
from shared.web.uploads import MEDIA_TYPE as FILES
from shared.web.uploads import Uploads

VERSION = "1.0.0"
_ABOUT = (
    "Problems are RFC 9457 documents in the caller's language (`Accept-Language`); their `key` is"
    " the same in all languages. What asks for an `Idempotency-Key` is done once under it: a repeat"
    " gets the answer of the first time."
)
_BEARER = (
    "At verification the token of `POST /api/v1/sessions`; at the other services a statement of its"
    " `POST /api/v1/statements`, good for a minute."
)
_TYPES = {
    "UUID": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
}


class WrongField(BaseModel):
    """One field that needs attention."""

    field: str
    key: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details, in the caller's language; `key` is the same in all of them."""

    type: str
    title: str
    status: int
    detail: str
    key: str
    errors: list[WrongField] = Field(default_factory=list)


def endpoints(service: str, table: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """The document and its page, for the table of a service."""
    api = [one for one in table if one.is_api]

    # A tenth of a second, most of what making an application takes: made when first asked for.
    @cache
    def text() -> str:
        return orjson.dumps(document(service, api), option=orjson.OPT_INDENT_2).decode()

    async def as_json(_: Call[Any, Any]) -> Text:
        return Text(text(), "application/json")

    async def as_page(_: Call[Any, Any]) -> Page:
        values = {"service": service, "endpoints": api, "shape": shape}
        return Page("openapi.html", values, language="en")

    return (
        Endpoint("GET", "/openapi.json", as_json, "This API as OpenAPI 3.1", PUBLIC),
        Endpoint("GET", "/openapi", as_page, "This API, to read", PUBLIC),
    )


def document(service: str, table: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document."""
    models: dict[type[BaseModel], None] = {Problem: None}
    for one in table:
        models |= dict.fromkeys(_models(one))
    _, schemas = models_json_schema(
        [(model, "validation" if _is_input(model, table) else "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in table:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Mashang {service}", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/", "description": "Where this document was served from."}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "responses": {kind.__name__: _problem(kind) for kind in KINDS},
            "securitySchemes": {
                "operator": {"type": "http", "scheme": "bearer", "description": _BEARER}
            },
        },
    }


def _models(one: Endpoint) -> list[type[BaseModel]]:
    models = (one.body, *one.answers.values(), one.problem)
    return [model for model in models if model is not None]


def _is_input(model: type[BaseModel], table: Sequence[Endpoint]) -> bool:
    return any(one.body is model for one in table)


def _operation(one: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": one.summary,
        "operationId": _operation_id(one.method, one.path),
        "description": told(one.caller),
        "parameters": [*_path_parameters(one), *_query_parameters(one), *_headers(one)],
        "responses": _responses(one),
    }
    if one.caller.kind == "staff":
        operation["security"] = [{"operator": []}]
    if one.uploads is not None and not one.form:
        operation["requestBody"] = {"required": True, "content": _files(one.uploads, one.body)}
    elif one.body is not None:
        media = forms.MEDIA_TYPE if one.form else JSON
        operation["requestBody"] = {"required": True, "content": _content(one.body, media)}
    return operation


def _operation_id(method: str, path: str) -> str:
    return "_".join([method.lower(), *re.findall(r"\w+", path)])


def told(who: Who) -> str:
    """Who may call, in words."""
    if who.kind == "staff":
        return f"Operators with the role {', '.join(who.roles)}."
    return "Anybody." if who.kind == "public" else "A vendor, by the secret in the address."


def _content(model: type[BaseModel], media: str = JSON) -> dict[str, Any]:
    return {media: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _files(allowed: Uploads, beside: type[BaseModel] | None) -> dict[str, Any]:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    fields = {
        name: {"type": "array", "items": file, "maxItems": most}
        for name, most in allowed.fields.items()
    }
    typed = beside.model_json_schema()["properties"] if beside else {}
    return {FILES: {"schema": {"type": "object", "properties": typed | fields}}}


def _path_parameters(one: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True,
         "schema": _TYPES.get(kind.__name__, {"type": "string"})}
        for name, kind in one.params.items()
    ]  # fmt: skip


def _query_parameters(one: Endpoint) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema(ref_template="#/components/schemas/{model}")
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in schema["properties"].items()
    ]


def _headers(one: Endpoint) -> list[dict[str, Any]]:
    if one.repeat not in ("header", "offered"):
        return []
    schema = {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]{16,128}$"}
    must = one.repeat == "header"
    return [{"name": "Idempotency-Key", "in": "header", "required": must, "schema": schema}]


def _responses(one: Endpoint) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(status): {"description": HTTPStatus(status).phrase, **_answer(one, model)}
        for status, model in one.answers.items()
    }
    problem, media = one.problem or Problem, one.media if one.tell else PROBLEM
    kinds = () if one.tell else _refusals(one)
    told = {str(int(kind.status)): {"$ref": f"#/components/responses/{kind.__name__}"}
            for kind in kinds}  # fmt: skip
    other = {"description": "Another problem", "content": _content(problem, media)}
    return {**told, **answers, "default": other}


def _problem(kind: type[Refused]) -> dict[str, Any]:
    about = " ".join((kind.__doc__ or "").split())
    return {"description": about, "content": _content(Problem, PROBLEM)}


def _refusals(one: Endpoint) -> Iterator[type[Refused]]:
    """The ways of saying no that follow from what it asks for; a 422 is told as of fields."""
    if one.caller.kind == "staff":
        yield from (Unauthenticated, Forbidden)
    if one.params:
        yield NotFound
    if one.query or one.params:
        yield Invalid
    if one.method != "GET":
        yield from (Malformed, TooSlow, Conflict, TooLarge)
    if one.body or one.uploads:
        yield from (Unsupported, Invalid)
    yield Unavailable


def _answer(one: Endpoint, model: type[BaseModel] | None) -> dict[str, Any]:
    links = dict(map(_link, one.links))
    told: dict[str, Any] = {"links": links} if links else {}
    if model:
        told["content"] = _content(model, one.media)
    elif one.media != JSON:
        told["content"] = {one.media: {"schema": {"type": "string"}}}
    return told


def _link(link: Link) -> tuple[str, dict[str, Any]]:
    """Called like the operation that it leads to."""
    operation = _operation_id(link.method, link.path)
    values = {name: f"$response.body#{pointer}" for name, pointer in link.parameters.items()}
    return operation, {"operationId": operation, "parameters": values}


def shape(model: type[BaseModel]) -> list[tuple[str, str, str]]:
    """A model's fields for people: name, kind, what it is."""
    schema = model.model_json_schema()
    return [
        (name, _kind(kind), kind.get("description", ""))
        for name, kind in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    items = f" of {_kind(schema['items'])}" if isinstance(schema.get("items"), dict) else ""
    return str(schema.get("format") or schema.get("const") or schema.get("type", "any")) + items
