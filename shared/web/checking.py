"""A Call's values against its endpoint: form token, repeat key, address, query and body."""

import json
import re
from functools import cache
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from shared.errors import Invalid, Malformed, NotFound, TooLarge, Wrong
from shared.values import text
from shared.web import problems, session
from shared.web.endpoints import FORM_KEY, Call, Endpoint
from shared.web.texts import texts

# What is numbered begins at 1, and no column holds a higher one.
Number = Annotated[int, Field(ge=1, lt=2**63)]
_KEY = re.compile(r"[\x21-\x7e]{16,128}")


def check(endpoint: Endpoint, call: Call[Any, Any]) -> Call[Any, Any]:
    """The call with checked values. Malformed, or Invalid with every wrong field.

    A form of an earlier sign-in, or a too large one, is refused here, where it can be shown again.
    """
    if call.visitor and endpoint.csrf == "token":
        session.check_form_token(call.visitor, call.fields.one("csrf"))
    if len(call.raw) > endpoint.limit:
        raise TooLarge("refused.form_too_large")
    call.repeat_key = _repeat_key(endpoint, call)
    call.query = _query(endpoint, call)
    call.body = _body(endpoint, call)
    return call


def params(endpoint: Endpoint, call: Call[Any, Any]) -> dict[str, Any]:
    """What the address names, cleaned like what is typed. NotFound where that cannot be anything.

    PostgreSQL has no text with a NUL in it. What was read already is read to the same again.
    """
    try:
        return {
            name: _adapter(cast(Any, kind)).validate_python(text.lines(str(call.params[name])))
            for name, kind in endpoint.params.items()
        }
    except ValidationError:
        raise NotFound() from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(Number if kind is int else kind)


def _repeat_key(endpoint: Endpoint, call: Call[Any, Any]) -> str:
    if endpoint.repeat == "form":
        key = call.fields.one("key")
        return FORM_KEY + key if _KEY.fullmatch(key) else ""
    lacks = endpoint.repeat == "offered" and not call.repeat_key
    if endpoint.repeat in ("header", "offered") and not (lacks or _KEY.fullmatch(call.repeat_key)):
        raise Malformed("refused.repeat_key")
    return call.repeat_key


def _query(endpoint: Endpoint, call: Call[Any, Any]) -> BaseModel | None:
    if endpoint.query is None:
        return None
    if nul := [name for name, value in call.asking.items() if "\x00" in value]:
        raise Invalid(*(Wrong(name, problems.UNFIT) for name in nul))
    try:
        return endpoint.query.model_validate(dict(call.asking))
    except ValidationError as error:
        raise Invalid(*problems.wrongs(error, texts(call.language))) from None


def _body(endpoint: Endpoint, call: Call[Any, Any]) -> BaseModel | None:
    if endpoint.body is None:
        return None
    try:
        if endpoint.form or endpoint.uploads:
            section = endpoint.section.format_map(call.params)
            return endpoint.body.model_validate(_form_values(endpoint.body, call, section))
        return _whole(endpoint.body.model_validate_json(call.raw), call.raw)
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors()):
            raise Malformed("refused.not_json") from None
        raise Invalid(*problems.wrongs(error, texts(call.language))) from None


def _whole(body: BaseModel, raw: bytes) -> BaseModel:
    """The body, unless a name stands in it twice: it would be chance which value counts.

    Each name has its colon, so where there are no more colons than fields there is nothing to look
    for, and nothing is parsed again.
    """
    if raw.count(b":") != len(body.model_fields_set):
        json.loads(raw, object_pairs_hook=_once_each)
    return body


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(found := dict(pairs)) != len(pairs):
        raise Malformed("refused.json_twice")
    return found


def _form_values(model: type[BaseModel], call: Call[Any, Any], section: str) -> dict[str, object]:
    """A form knows only texts: several-valued fields as tuples, blank ones as left out."""
    values: dict[str, object] = {}
    fields = call.fields.within(section)
    for name in model.model_fields:
        if name not in fields:
            continue
        if name in _plural(model):
            values[name] = fields.all(name)
        elif fields.one(name) or model.model_fields[name].is_required():
            values[name] = fields.one(name)
    return values


@cache
def _plural(model: type[BaseModel]) -> frozenset[str]:
    """The fields that a JSON schema would call arrays."""
    found = model.model_json_schema()["properties"]
    return frozenset(
        name
        for name, kind in found.items()
        if "array" in (kind.get("type"), *(one.get("type") for one in kind.get("anyOf", ())))
    )
