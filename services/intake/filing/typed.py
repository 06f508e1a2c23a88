"""What an operator typed for a citizen, as a draft that the rules can look at."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from services.intake.accept.submission import Draft
from services.intake.filing.store import Way
from services.intake.pages import typed as forms
from services.intake.pages.typed import Typed
from shared.errors import Invalid, Wrong
from shared.events import Language
from shared.values import phone
from shared.web.forms import Fields
from shared.web.texts import LANGUAGES

WAYS: tuple[Way, ...] = ("phone", "walk_in")
# Nobody rates for somebody else.
KINDS = ("complaint", "request")
# What the forms of citizens say is not what staff are to do.
_SAID = {
    "wrong.consent_missing": "wrong.filing_consent",
    "wrong.kind_missing": "wrong.filing_kind",
}


class Said(NamedTuple):
    """Who said it in which way, and what."""

    draft: Draft
    way: Way


def typed(fields: Fields) -> Typed:
    """The form as it was filled in; what only a citizen's own browser says is not taken from it."""
    found = forms.typed(fields, "")
    kind = found.kind if found.kind in KINDS else ""
    return replace(found, kind=kind, satisfaction="", attachments=(), channel="desk")


def read(fields: Fields, code: str, lang: Language, now: datetime, zone: ZoneInfo) -> Said:
    """What the form says. Invalid names all that is wrong with it, each field once."""
    way, spoken = fields.one("way"), fields.one("language")
    wrong = [] if way in WAYS else [Wrong("way", "wrong.filing_way")]
    if spoken not in LANGUAGES:
        wrong.append(Wrong("language", "wrong.filing_language"))
    try:
        draft = typed(fields).draft(code, lang, now, zone)
    except Invalid as invalid:
        raise Invalid(*wrong, *map(_told, invalid.wrong)) from None
    if fault := _unreachable(draft):
        wrong.append(Wrong("phone", fault))
    if wrong:
        raise Invalid(*wrong)
    return Said(draft.model_copy(update={"language": spoken}), cast(Way, way))


def _told(wrong: Wrong) -> Wrong:
    return Wrong(wrong.field, _SAID.get(wrong.key, wrong.key), **wrong.values)


def _unreachable(draft: Draft) -> str | None:
    """Why the receipt cannot go to the phone: it goes nowhere else."""
    if draft.phone is None:
        return "wrong.filing_phone"
    return None if phone.use(draft.phone).sms else "wrong.phone_no_sms"
