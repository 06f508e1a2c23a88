"""A form as it was typed, so that nothing typed is ever lost."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.intake.accept.addition import Addition
from services.intake.accept.submission import Draft
from services.intake.pages import moments
from shared.errors import Invalid, Wrong
from shared.events import Channel, Language
from shared.values import text
from shared.web import problems
from shared.web.forms import Fields
from shared.web.texts import texts

_KEY = re.compile(r"[\w-]{16,64}", re.ASCII)
_A_BADGE = re.compile(r"(?=.*[0-9])[0-9A-Z]{1,20}")
LEVELS = ("1", "2", "3", "4", "5")
LOW = LEVELS[:2]
KINDS = ("rating", "complaint", "request")
CHANNELS: tuple[str, ...] = get_args(Channel)
# How the browsers inside the two apps call themselves.
_AGENTS = {"MicroMessenger": "wechat", "AlipayClient": "alipay"}
# What the list of officers says of one who is not on it.
UNLISTED = "?"
# What a field of the API is called where it is typed.
_FIELDS = {"occurred_at": "day", "attachments": "photos"}
Step = Literal["tap", "details"]


@dataclass(frozen=True)
class Typed:
    """What came from the form."""

    kind: str = "rating"
    satisfaction: str = ""
    categories: tuple[str, ...] = ()
    words: str = ""
    day: str = ""
    hour: str = ""
    matter: str = ""
    counter: str = ""
    officer_badge: str = ""
    officer_typed: str = ""
    urgent: str = ""
    phone: str = ""
    call_time: str = ""
    call_language: str = ""
    consent: str = ""
    channel: str = ""
    attachments: tuple[str, ...] = ()
    key: str = ""
    step: Step = "details"
    switch: bool = False
    turn: str = ""
    part: str = ""

    def draft(self, code: str, lang: Language, now: datetime, zone: ZoneInfo) -> Draft:
        """The checked submission. Invalid names each wrong field once."""
        occurred_at, wrong = moments.read(self.day, self.hour, now, zone)
        if self.phone.strip() and not self.consent:
            wrong.append(Wrong("consent", "wrong.consent_missing"))
        if not self.kind:
            wrong.append(Wrong("kind", "wrong.kind_missing"))
        body = {"code": code, "language": lang, "occurred_at": occurred_at, **self._said()}
        try:
            draft = Draft.model_validate(body)
        except ValidationError as error:
            raise Invalid(*_in_order([*by_field(error, lang), *wrong])) from None
        if wrong:
            raise Invalid(*_in_order(wrong))
        return draft

    def _said(self) -> dict[str, object]:
        badge, name = self.officer()
        said = {
            "kind": self.kind or KINDS[0],
            "satisfaction": _number(self.satisfaction),
            "categories": self.categories,
            "words": self.words,
            "matter": self.matter,
            "counter": _number(self.counter),
            "officer_badge": badge,
            "officer_typed": name,
            "urgent": bool(self.urgent),
            "phone": self.phone,
            "call_time": self.call_time,
            "call_language": self.call_language,
            "consent": bool(self.consent),
            "channel": self.channel,
            "attachments": self.attachments,
        }
        return {name: value for name, value in said.items() if value not in ("", None, (), False)}

    def officer(self) -> tuple[str, str]:
        """The badge from the list; what was typed is a badge where it can be one, else a name."""
        listed = "" if self.officer_badge == UNLISTED else self.officer_badge
        badge = text.badge(self.officer_typed)
        if not listed and _A_BADGE.fullmatch(badge):
            return badge, ""
        return listed, self.officer_typed

    @property
    def repeat_key(self) -> str:
        """The idempotency key that the hidden field stands for."""
        return f"form:{self.key}"

    @property
    def wants_details(self) -> bool:
        """A tap on one of the two low faces: nothing is sent before we asked what went wrong."""
        return self.step == "tap" and self.satisfaction in LOW

    @property
    def is_low(self) -> bool:
        """Whether it is a bad rating, of which is asked whether it is a complaint."""
        return self.satisfaction in LOW and self.kind != "request"

    @property
    def beside(self) -> bool:
        """Whether something stands in the part of the form that is folded away."""
        said = (self.day, self.hour, self.matter, self.counter, self.officer_badge)
        return any(said) or bool(self.officer_typed)

    @property
    def carried(self) -> tuple[tuple[str, str], ...]:
        """What the page of faces keeps unseen, for somebody who comes back to it from a form."""
        return tuple(self._carried())

    def _carried(self) -> Iterator[tuple[str, str]]:
        for name in TEXTS:
            if value := getattr(self, name):
                yield name, value
        for name in SEVERAL:
            yield from ((name, value) for value in getattr(self, name))

    def tapped(self) -> "Typed":
        """A tap on one of the three upper faces sends but the words and photos beside it."""
        return Typed(
            satisfaction=self.satisfaction,
            words=self.words,
            attachments=self.attachments,
            channel=self.channel,
            key=self.key,
            step=self.step,
        )

    def turned(self) -> "Typed":
        """Another way with the same form: back to the faces, or to a complaint or a request."""
        if self.turn == KINDS[0]:
            return replace(self, kind=KINDS[0], step="tap")
        return replace(self, kind=self.turn, step="details", satisfaction="")


# Every field with one value that a person fills in.
TEXTS = (
    "words", "day", "hour", "matter", "counter", "officer_badge", "officer_typed", "urgent",
    "phone", "call_time", "call_language", "consent",
)  # fmt: skip
# Those with several; `attachments` are the names of what was stored already.
SEVERAL = ("categories", "attachments")
_ORDER = (
    "satisfaction", "kind", "categories", "words", "photos", "voice", "day", "hour", "matter",
    "counter", "officer_badge", "officer_typed", "urgent", "phone", "call_time", "call_language",
    "consent",
)  # fmt: skip


def _number(typed: str) -> object:
    return int(typed) if text.is_digits(typed) and len(typed) < 3 else typed or None


def by_field(error: ValidationError, lang: Language) -> list[Wrong]:
    """One for each wrong field, by the name that it has in a form."""
    found: dict[str, Wrong] = {}
    for one in problems.wrongs(error, texts(lang)):
        field = one.field.partition(".")[0]
        field = _FIELDS.get(field, field)
        found.setdefault(field, Wrong(field, one.key, **one.values))
    return list(found.values())


def _in_order(wrong: list[Wrong]) -> list[Wrong]:
    return sorted(wrong, key=lambda one: _ORDER.index(one.field) if one.field in _ORDER else -1)


def shown_at(wrong: Wrong) -> Wrong:
    """What is wrong with a field of the API, at the field where it was typed."""
    return Wrong(_FIELDS.get(wrong.field, wrong.field), wrong.key, **wrong.values)


def addition(lang: Language, **said: object) -> Addition:
    """What is added to a submission, checked. Invalid names each wrong field once."""
    try:
        return Addition.model_validate(said)
    except ValidationError as error:
        raise Invalid(*by_field(error, lang)) from None


def typed(fields: Fields, kind: str, agent: str = "") -> Typed:
    """What a form sent, from the page for `kind`."""
    key, step = fields.one("key"), fields.one("step")
    asked = fields.one("satisfaction") in LOW and step == "details"
    turn, switch = fields.one("turn"), fields.one("switch")
    said: dict[str, Any] = {name: fields.one(name) for name in TEXTS}
    return Typed(
        # Between rating and complaining nothing is chosen for anybody.
        kind=fields.one("kind") or ("" if asked and kind == KINDS[0] else kind),
        satisfaction=fields.one("satisfaction"),
        categories=fields.all("categories"),
        attachments=fields.all("attachments"),
        channel=channel(fields.one("channel"), agent),
        # A form without its key was not sent by our page; it only loses the protection of repeats.
        key=key if _KEY.fullmatch(key) else fresh_key(),
        step="tap" if step == "tap" else "details",
        switch=bool(switch),
        # A change of language or print stays at its part; other values name the next one.
        part=fields.one("part") if switch in ("", "1") else switch,
        turn=turn if turn in KINDS else "",
        **said,
    )


def channel(said: str, agent: str) -> str:
    """By which way somebody came, as the page or the browser says."""
    if said in CHANNELS:
        return said
    return next((name for mark, name in _AGENTS.items() if mark in agent), CHANNELS[0])


def fresh_key() -> str:
    """The hidden idempotency key of a form that is shown anew."""
    return secrets.token_urlsafe(24)
