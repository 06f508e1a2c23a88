"""What a citizen sends, checked field by field; `rules` then checks how the fields fit together."""

import re
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.events import Kind, Language
from shared.values import phone

WORDS = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACING = str.maketrans("", "", " -")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1\d{10})")


def _mobile_pattern() -> re.Pattern[str]:
    region = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    if region is None or region.mobile is None or region.mobile.national_number_pattern is None:
        raise RuntimeError("phonenumbers has no data on Chinese mobile numbers")
    return re.compile(region.mobile.national_number_pattern)


_VALID_MOBILE = _mobile_pattern()


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("leave out control characters")
    return text


def _blank_is_none(value: object) -> object:
    # A browser sends every line break as two characters, and counts one.
    return (value.strip().replace("\r\n", "\n") or None) if isinstance(value, str) else value


def _e164(text: str) -> str:
    # Nearly every number is a plain mainland mobile; the library's own pattern decides those fifty
    # times faster than its general parser, with the same answer.
    plain = _MOBILE.fullmatch(text.translate(_SPACING))
    if plain and _VALID_MOBILE.fullmatch(plain[1]):
        return f"+86{plain[1]}"
    try:
        return phone.parse(text)
    except ValueError:
        raise ValueError("write a complete phone number, or leave it out") from None


def _once_each(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


Optional = BeforeValidator(_blank_is_none)
Words = Annotated[str, Field(max_length=WORDS), AfterValidator(_plain)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_e164)]
Badge = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")]
Category = Annotated[str, Field(max_length=40)]
Categories = Annotated[tuple[Category, ...], Field(max_length=20), AfterValidator(_once_each)]
Satisfaction = Annotated[int, Field(strict=True, ge=1, le=5)]


class Draft(BaseModel):
    """The body of `POST /api/v1/submissions`. Blank text counts as absent.

    The fields stand in the order of the form, and so do the errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(max_length=60)]
    kind: Kind
    satisfaction: Satisfaction | None = None
    categories: Categories = ()
    words: Annotated[Words | None, Optional] = None
    officer_badge: Annotated[Badge | None, Optional] = None
    urgent: Annotated[bool, Field(strict=True)] = False
    phone: Annotated[Phone | None, Optional] = None
    language: Language = "zh"
