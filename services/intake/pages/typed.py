"""A form as it was typed, so that nothing typed is ever lost."""

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from services.intake.accept.submission import Draft
from shared.errors import Invalid, Wrong
from shared.events import Language
from shared.web import problems
from shared.web.forms import Fields
from shared.web.texts import texts

_KEY = re.compile(r"[\w-]{16,64}", re.ASCII)
LEVELS = ("1", "2", "3", "4", "5")
LOW = LEVELS[:2]
Step = Literal["tap", "details"]


@dataclass(frozen=True)
class Typed:
    """What came from the form."""

    kind: str = "rating"
    satisfaction: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    phone: str = ""
    officer_badge: str = ""
    urgent: bool = False
    key: str = ""
    step: Step = "details"
    switch: bool = False

    def draft(self, code: str, lang: Language) -> Draft:
        """The checked submission. Invalid names each wrong field once."""
        level = int(self.satisfaction) if self.satisfaction in LEVELS else self.satisfaction or None
        try:
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
        except ValidationError as error:
            raise Invalid(*_by_field(error, lang)) from None

    @property
    def repeat_key(self) -> str:
        """The idempotency key that the hidden field stands for."""
        return f"form:{self.key}"

    @property
    def wants_details(self) -> bool:
        """A tap on one of the two low faces: nothing is sent before we asked what went wrong."""
        return self.step == "tap" and self.satisfaction in LOW


def _by_field(error: ValidationError, lang: Language) -> list[Wrong]:
    found: dict[str, Wrong] = {}
    for one in problems.wrongs(error, texts(lang)):
        field = one.field.partition(".")[0]
        found.setdefault(field, Wrong(field, one.key, **one.values))
    return list(found.values())


def typed(fields: Fields, kind: str) -> Typed:
    """What a form sent, from the page for `kind`."""
    key = fields.one("key")
    return Typed(
        kind=fields.one("kind") or kind,
        satisfaction=fields.one("satisfaction"),
        categories=fields.all("categories"),
        words=fields.one("words"),
        phone=fields.one("phone"),
        officer_badge=fields.one("officer_badge"),
        urgent=bool(fields.one("urgent")),
        # A form without its key was not sent by our page; it only loses the protection of repeats.
        key=key if _KEY.fullmatch(key) else fresh_key(),
        step="tap" if fields.one("step") == "tap" else "details",
        switch=bool(fields.one("switch")),
    )


def fresh_key() -> str:
    """The hidden idempotency key of a form that is shown anew."""
    return secrets.token_urlsafe(24)
