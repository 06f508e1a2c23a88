"""What a citizen sends, checked field by field; `rules` then checks how the fields fit together."""

import re
from collections.abc import Mapping
from typing import Annotated, LiteralString

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.events import Kind, Language
from shared.values import phone, text
from shared.values.phone import Fault, NotAPhone
from shared.web.texts import HOME, LANGUAGES

WORDS = 2000
BADGE = 20
_BADGE = re.compile(rf"[0-9A-Z]{{1,{BADGE}}}")

_FAULTS: Mapping[Fault, LiteralString] = {
    "no_number": "wrong.phone",
    "area_code": "wrong.phone_area_code",
    "costly": "wrong.phone_costly",
    "data_card": "wrong.phone_data_card",
}


def _words(value: object) -> object:
    return (text.lines(value).strip() or None) if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return (value if text.identifier(value) else None) if isinstance(value, str) else value


def _e164(typed: str) -> str:
    try:
        return phone.parse(typed)
    except NotAPhone as error:
        key = _FAULTS[error.fault]
        raise PydanticCustomError(key, key) from None


def _badge(typed: str) -> str:
    badge = text.badge(typed)
    if not _BADGE.fullmatch(badge):
        raise PydanticCustomError("wrong.badge", "wrong.badge", {"most": BADGE})
    return badge


def _spoken(code: str) -> str:
    if code not in LANGUAGES:
        ours = ", ".join(LANGUAGES)
        raise PydanticCustomError("literal_error", "One of {expected}", {"expected": ours})
    return code


def _once_each(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


Optional = BeforeValidator(_blank_is_none)
Words = Annotated[str, Field(max_length=WORDS)]
Phone = Annotated[str, Field(max_length=60), AfterValidator(_e164)]
Badge = Annotated[str, Field(max_length=60), AfterValidator(_badge)]
Category = Annotated[str, Field(max_length=40)]
Categories = Annotated[tuple[Category, ...], Field(max_length=20), AfterValidator(_once_each)]
Spoken = Annotated[
    Language, AfterValidator(_spoken), WithJsonSchema({"type": "string", "enum": list(LANGUAGES)})
]
Satisfaction = Annotated[int, Field(strict=True, ge=1, le=5)]


class Draft(BaseModel):
    """The body of `POST /api/v1/submissions`. Blank text counts as absent.

    The fields stand in the order of the form, and so do the errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(max_length=600)]
    kind: Kind
    satisfaction: Satisfaction | None = None
    categories: Categories = ()
    words: Annotated[Words | None, BeforeValidator(_words)] = None
    officer_badge: Annotated[Badge | None, Optional] = None
    urgent: Annotated[bool, Field(strict=True)] = False
    phone: Annotated[Phone | None, Optional] = None
    language: Spoken = HOME
