"""Errors of the admin API as problem+json (RFC 9457), naming the field to mend."""

import json
from collections.abc import Sequence

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
}


def problem(
    status: int, detail: str, errors: Sequence[tuple[str, str]] = (), title: str | None = None
) -> web.Response:
    """``errors`` are pairs of field and what to do about it."""
    body = {
        "type": "about:blank",
        "title": title or TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "errors": [{"field": field, "message": message} for field, message in errors],
    }
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/problem+json")


def wrong_fields(error: ValidationError) -> web.Response:
    """Everything that pydantic found; inputs are not echoed."""
    found = [(".".join(map(str, e["loc"])) or "body", e["msg"]) for e in details(error)]
    return problem(422, "; ".join(f"{f}: {m}" for f, m in found), found, "Wrong input")


def details(error: ValidationError) -> list[ErrorDetails]:
    """pydantic's findings without the input, which may hold a phone number."""
    return error.errors(include_input=False, include_url=False, include_context=False)
