"""Every refusal can be told, and every error that our models can make has words of its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.verification.supervision.acts import AcknowledgementBody
from shared.errors import (
    KINDS,
    Conflict,
    Defect,
    Invalid,
    Malformed,
    NotAllowed,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
    Wrong,
)
from shared.events import Language
from shared.web import problems
from shared.web.texts import LANGUAGES, texts
from tests.integration.garbage import TEXTS, VALUES
from tests.wired import endpoints

ZH = texts("zh")


def inputs() -> list[type[BaseModel]]:
    """Every model of what callers send."""
    models = (model for _, one in endpoints() for model in (one.body, one.query) if model)
    return list(dict.fromkeys(models))


def mistakes(model: type[BaseModel]) -> Iterator[tuple[str, str, Any]]:
    """What is wrong with garbage in each of a model's fields: the field, the kind, the context."""
    for name in model.model_fields:
        for value in VALUES:
            yield from _errors(model, f'{{"{name}": {value}, "nobody": 1}}')
        for text in TEXTS:
            yield from _errors(model, {name: text})
            yield from _errors(model, {name: (text,)})
            yield from _errors(model, {name: (text,) * 30})
    yield from _errors(model, "[]")


def _errors(model: type[BaseModel], given: str | dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    try:
        if isinstance(given, str):
            model.model_validate_json(given)
        else:
            model.model_validate(given)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            yield ".".join(map(str, one["loc"])), one["type"], error


@pytest.mark.parametrize("model", inputs(), ids=lambda model: model.__name__)
def test_every_kind_of_mistake_has_a_key(model: type[BaseModel]) -> None:
    """Nobody reads `does not fit` where it could be said what does."""
    kinds = {kind for _, kind, _ in mistakes(model) if kind != "json_invalid"}
    keys = {kind if kind.startswith("wrong.") else f"wrong.{kind}" for kind in kinds}
    assert keys
    assert set() == {key for key in keys if key not in ZH}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("model", inputs(), ids=lambda model: model.__name__)
def test_every_mistake_can_be_told(model: type[BaseModel], lang: Language) -> None:
    """With its values filled in, and nothing of what was sent."""
    words = texts(lang)
    for error in {id(error): error for _, _, error in mistakes(model)}.values():
        for wrong in problems.wrongs(error, words):
            said = words.wrong(wrong)
            assert said
            assert "{" not in said
            assert "nobody" not in said


def test_a_tidied_text_has_letters_not_items() -> None:
    """Its length is checked after our own validator, for which pydantic no longer calls it text."""
    with pytest.raises(ValidationError) as wrong:
        AcknowledgementBody(plan="长" * 2001)
    (one,) = problems.wrongs(wrong.value, texts("zh"))
    assert "最多 2000 个字符。" == texts("zh").text(one.key, **one.values)


def test_choices_are_listed_without_english() -> None:
    """Pydantic says `'a', 'b' or 'c'`."""
    model = next(model for model in inputs() if model.__name__ == "CallbackBody")
    with pytest.raises(ValidationError) as error:
        model.model_validate({"outcome": "x"})
    (wrong,) = problems.wrongs(error.value, ZH)
    assert "reached, no_answer, busy, refused, wrong_number" == wrong.values["expected"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Conflict("refused.window_closed"), Conflict),
        (web.HTTPNotFound(), NotFound),
        (web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]), NotAllowed),
        (web.HTTPRequestEntityTooLarge(1, 2), TooLarge),
        (web.HTTPBadRequest(), Malformed),
        (web.HTTPLengthRequired(), Malformed),
        (web.HTTPInternalServerError(), Defect),
        (web.HTTPBadGateway(), Defect),
        (RuntimeError("x"), Defect),
        (TimeoutError(), Unavailable),
        (ConnectionResetError(), Unavailable),
        (asyncpg.UntranslatableCharacterError("x"), Malformed),
        (asyncpg.UniqueViolationError("x"), Defect),
        (KeyError("x"), Defect),
        (RecursionError(), Defect),
    ],
    ids=repr,
)
def test_what_went_wrong_is_a_refusal_of_a_kind(error: Exception, kind: type[Refused]) -> None:
    """Ours as it is, the library's translated, everything else a defect without details."""
    found = problems.refusal(error)
    assert type(found) is kind
    assert error is found or not isinstance(error, Refused)


def test_what_is_allowed_is_told() -> None:
    """405 names the methods, in the header as RFC 9110 wants it."""
    found = problems.refusal(web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]))
    assert {"Allow": "GET,HEAD"} == problems.headers(found)


def instance(kind: type[Refused]) -> Refused:
    """One of a kind."""
    made: Refused = kind(allow="GET") if kind is NotAllowed else kind()
    return made


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind: type[Refused], lang: Language) -> None:
    """RFC 9457: type, title, status, detail; our key; the status and language in the head."""
    answer = problems.response(instance(kind), texts(lang))
    assert isinstance(answer.body, bytes)
    told = orjson.loads(answer.body)
    assert {"type", "title", "status", "detail", "key"} == set(told)
    assert (kind.status, answer.status) == (told["status"], told["status"])
    assert f"urn:mashang:problem:{kind.slug}" == told["type"]
    assert (texts(lang).tag, problems.MEDIA_TYPE) == (
        answer.headers["Content-Language"], answer.content_type,
    )  # fmt: skip


def test_kinds_are_told_apart() -> None:
    """No two share their type; nothing is told with a status of success."""
    assert len(KINDS) == len({kind.slug for kind in KINDS})
    assert all(kind.status >= 400 for kind in KINDS)


@pytest.mark.parametrize(
    ("seconds", "wait"), [(0, "1"), (0.2, "1"), (1.4, "1"), (59.6, "60"), (3600, "3600")]
)
def test_when_to_come_back_is_whole_seconds(seconds: float, wait: str) -> None:
    """At least one, or a client would be back at once."""
    refused = TooMany(after=timedelta(seconds=seconds))
    assert {"Retry-After": wait} == problems.headers(refused)
    assert {"Retry-After": "5"} == problems.headers(Unavailable())
    assert {} == problems.headers(Defect())


def test_wrong_fields_are_listed_with_their_words() -> None:
    """Each with the key that is the same in all languages."""
    refused = Invalid(Wrong("phone", "wrong.phone"), Wrong("a.0", "wrong.string_type"))
    told = problems.document(refused, texts("en"))
    assert ["phone", "a.0"] == [one["field"] for one in told["errors"]]  # type: ignore[attr-defined]
    assert "problem.invalid.hint" == told["key"]
