"""What a citizen sends, checked field by field; `rules` then checks how the fields fit together."""

import re
from collections.abc import Mapping
from typing import Annotated, LiteralString

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from services.intake.accept.codes import COUNTERS
from shared.events import CallTime, Channel, Kind, Language
from shared.values import phone, text
from shared.values.phone import Fault, NotAPhone
from shared.web.texts import LANGUAGES, home

WORDS = 2000
BADGE = 20
TYPED = 60
_LONG_NUMBER = re.compile(r"[0-9]{6}")
_BADGE = re.compile(rf"[0-9A-Z]{{1,{BADGE}}}")

_FAULTS: Mapping[Fault, LiteralString] = {
    "no_number": "wrong.phone",
    "area_code": "wrong.phone_area_code",
    "costly": "wrong.phone_costly",
    "data_card": "wrong.phone_data_card",
}


def free_text(value: object) -> object:
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


def one_line(value: object) -> object:
    return (text.line(value) or None) if isinstance(value, str) else value


def _matter(said: str) -> str:
    # It travels in clear, so it is no place for a number by which somebody is known.
    if _LONG_NUMBER.search(text.identifier(said).replace("-", "")):
        raise PydanticCustomError("wrong.matter", "wrong.matter")
    return said


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
Line = Annotated[str, Field(max_length=TYPED)]
Matter = Annotated[Line, AfterValidator(_matter)]
Moment = Annotated[AwareDatetime, Field(strict=True)]
Key = Annotated[str, Field(max_length=32)]
Counter = Annotated[int, Field(strict=True, ge=1, le=COUNTERS)]
Attachment = Annotated[str, Field(pattern=r"^(photo|voice)/[0-9a-f-]{36}$")]
Attachments = Annotated[tuple[Attachment, ...], Field(max_length=4), AfterValidator(_once_each)]
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
    words: Annotated[Words | None, BeforeValidator(free_text)] = None
    occurred_at: Moment | None = Field(
        default=None, description="when it happened; 0:00 at the bureau where only the day is known"
    )
    matter: Annotated[
        Matter | None,
        BeforeValidator(one_line),
        Field(description="one of the unit's list, as it is"),
    ] = None
    counter: Counter | None = Field(default=None, description="where the code names none")
    officer_badge: Annotated[Badge | None, Optional] = None
    officer_typed: Annotated[
        Line | None,
        BeforeValidator(one_line),
        Field(description="an officer's name, as it was heard"),
    ] = None
    urgent: Annotated[bool, Field(strict=True)] = False
    phone: Annotated[Phone | None, Optional] = None
    call_time: CallTime | None = Field(default=None, description="when a call suits")
    call_language: Key | None = Field(default=None, description="one of the policy's, for the call")
    consent: bool = Field(
        default=False, strict=True,
        description="agreed to the policy's notice on how the phone is used",
    )  # fmt: skip
    attachments: Attachments = Field(
        default=(), description="what `POST /api/v1/attachments` took under the same key"
    )
    channel: Channel = "page"
    language: Spoken = Field(default_factory=home)

    @property
    def further(self) -> dict[str, object]:
        """What few submissions say, as JSON; nothing for most of them, and at no cost."""
        if self.model_fields_set.isdisjoint(FURTHER):
            return {}
        said = {name: getattr(self, name) for name in FURTHER}
        told = {name: value for name, value in said.items() if value != FURTHER[name]}
        if self.occurred_at:
            told["occurred_at"] = self.occurred_at.isoformat()
        return told


# With their defaults, which count as nothing said.
FURTHER: Mapping[str, object] = {
    "occurred_at": None,
    "matter": None,
    "officer_typed": None,
    "call_time": None,
    "call_language": None,
    "consent": False,
    "channel": "page",
    "attachments": (),
}
