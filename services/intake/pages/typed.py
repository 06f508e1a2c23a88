"""A form as it was typed, so that nothing typed is ever lost."""

import re
import secrets
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs

from aiohttp import web

from services.intake.accept.submission import Draft
from shared.errors import Malformed

_FORM = "application/x-www-form-urlencoded"
_FIELDS_AT_MOST = 60
_KEY = re.compile(r"[\w-]{16,64}", re.ASCII)
LEVELS = ("1", "2", "3", "4", "5")
LOW = LEVELS[:2]


@dataclass(frozen=True)
class Typed:
    """What came from the form, as it was typed, so that nothing typed is ever lost."""

    kind: str = "rating"
    satisfaction: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    phone: str = ""
    officer_badge: str = ""
    urgent: bool = False
    key: str = ""
    step: Literal["tap", "details"] = "details"
    switch: bool = False

    def draft(self, code: str, lang: str) -> Draft:
        """The checked submission. ValidationError names the wrong fields."""
        level: object = self.satisfaction or None
        if self.satisfaction in LEVELS:
            level = int(self.satisfaction)
        return Draft.model_validate(
            {
                "code": code,
                "kind": self.kind,
                "satisfaction": level,
                "categories": self.categories,
                "words": self.words,
                "phone": self.phone,
                "officer_badge": self.officer_badge,
                "urgent": self.urgent,
                "language": lang,
            }
        )

    @property
    def wants_details(self) -> bool:
        """A tap on one of the two low faces: nothing is sent before we asked what went wrong."""
        return self.step == "tap" and self.satisfaction in LOW


async def read(request: web.Request) -> Typed:
    """What a form sent. Malformed if it is not one."""
    return _typed(await _fields(request), request.match_info.get("kind", "rating"))


async def _fields(request: web.Request) -> dict[str, list[str]]:
    if request.content_type != _FORM:
        raise Malformed("Send the form as it stands on the page.")
    body = (await request.read()).decode("ascii", "replace")
    try:
        return parse_qs(body, keep_blank_values=True, max_num_fields=_FIELDS_AT_MOST)
    except ValueError:
        raise Malformed("The form has too many fields.") from None


def _typed(fields: dict[str, list[str]], kind: str) -> Typed:
    def one(name: str) -> str:
        return fields.get(name, [""])[-1]

    return Typed(
        kind=one("kind") or kind,
        satisfaction=one("satisfaction"),
        categories=tuple(fields.get("categories", ())),
        words=one("words"),
        phone=one("phone"),
        officer_badge=one("officer_badge"),
        urgent=bool(one("urgent")),
        # A form without its key was not sent by our page; it only loses the protection of repeats.
        key=one("key") if _KEY.fullmatch(one("key")) else fresh_key(),
        step="tap" if one("step") == "tap" else "details",
        switch=bool(one("switch")),
    )


def fresh_key() -> str:
    """The hidden idempotency key of a form that is shown anew."""
    return secrets.token_urlsafe(24)
