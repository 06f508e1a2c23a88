"""The page that keeps what was typed when no page of the service's own can be shown.

It asks nobody, neither a database nor who is calling, so it answers while everything else is away.
The texts stand in fields that can be sent again or copied, the rest comes along unseen: the same
repeat key too, so that sending again is no second act if the first went through after all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from markupsafe import escape

from shared.errors import KeyReused, Refused, Unauthenticated
from shared.web import problems
from shared.web.endpoints import Call
from shared.web.replies import Page
from shared.web.texts import texts

# What is chosen, not typed: keys, codes, numbers.
_CHOSEN = re.compile(r"[\w.:/-]{0,200}", re.ASCII)
_TYPED = re.compile(
    r"(?:.*-)?(words|phone|officer_badge|officer_typed|day|hour|matter|note|reason|finding|answer"
    r"|incident|officer|username|visits|size)"
)
_LEADING = frozenset({303, 307})
# Never shown again, and no repeat key that is used up.
_SECRET = frozenset({"password"})


@dataclass(frozen=True)
class Kept:
    """A field as it came; `label` is the key of its name where a person is to see it."""

    name: str
    value: str
    label: str = ""


def page(
    call: Call[Any, Any],
    refused: Refused,
    sign_in: str = "",
    renewal: str = "",
    *,
    staff: bool = False,
) -> Page:
    """What was typed, why it was refused, and a button to send it again.

    `sign_in` is where one signs in again first, in another tab; `renewal` a picture whose loading
    is enough where one is signed in and only the proof of it has run out.
    """
    if sign_in:
        # Of tokens only programs know.
        refused = Unauthenticated("refused.session_ended")
    fields = list(_fields(call, refused))
    values = {
        "renewal": renewal,
        "problem": problems.document(refused, texts(call.language)),
        "kept": fields,
        "letters": sum(len(one.value) for one in fields if one.label),
        "sign_in": sign_in,
        "staff": staff,
    }
    return Page(
        "kept.html", values, refused=refused, language=call.language,
        headers=problems.headers(refused),
    )  # fmt: skip


def lost(call: Call[Any, Any], shown: web.StreamResponse) -> bool:
    """Whether something that was typed does not stand on the page that shows it again."""
    page = (isinstance(shown, web.Response) and shown.text) or ""
    typed = (
        value
        for name, values in call.fields.values.items()
        for value in values
        if value.strip() and _TYPED.fullmatch(name)
    )
    return shown.status not in _LEADING and any(str(escape(value)) not in page for value in typed)


def _fields(call: Call[Any, Any], refused: Refused) -> Iterator[Kept]:
    for name, values in call.fields.values.items():
        if name in _SECRET or (name == "key" and isinstance(refused, KeyReused)):
            continue
        for value in values:
            if name == "csrf" and call.visitor:
                yield Kept(name, call.visitor.csrf)
            else:
                yield Kept(name, value, _label(name, value))


def _label(name: str, value: str) -> str:
    if named := _TYPED.fullmatch(name):
        return f"kept_{named[1]}"
    return "" if _CHOSEN.fullmatch(value) else "kept_other"
