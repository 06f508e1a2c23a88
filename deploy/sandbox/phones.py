"""The citizen's phone, to look at and to write back from, whatever vendor sent what arrived.

Read from the book, which knows no dialect; a reply goes by the vendor of the last SMS. For this
machine only, as the admin's paths are.
"""

import sqlite3
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from deploy.sandbox.dialects import DIALECTS
from deploy.sandbox.parts import PARTS
from deploy.sandbox.when import CHINA

SCREEN = Path(__file__).parent / "screen"
WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (SCREEN / "words.toml").read_text(encoding="utf-8")
)
PAGES = Environment(loader=FileSystemLoader(SCREEN), autoescape=True)
SHOWN = 50
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# A refused call reached nobody.
_PHONES = """
    SELECT phone, max(at) AS at FROM (
        SELECT phone, sent_at AS at FROM sms WHERE state <> 'refused'
        UNION ALL SELECT phone, created_at FROM airtime)
    WHERE phone <> '' GROUP BY phone ORDER BY 2 DESC
"""
_SMS = """
    SELECT 'sms' AS kind, vendor, content AS text, state, sent_at AS moment FROM sms
    WHERE phone = ? AND state <> 'refused'
"""
_AIRTIME = """
    SELECT 'airtime' AS kind, vendor, fen, currency, status AS state,
           coalesce(reversed_at, paid_at, created_at) AS moment
    FROM airtime WHERE phone = ?
"""
# Whose SMS is answered: that of the newest.
_LAST = """
    SELECT vendor FROM sms WHERE phone = ? AND state <> 'refused' ORDER BY sent_at DESC, id DESC
"""
# What the SMS themselves ask for, so that a tap is enough.
REPLIES = ("1", "2", "3", "T")
MOST_TEXT = 1000
Line = dict[str, Any]


def own(phone: str) -> str:
    """A number as people say it, however it is typed or a vendor writes it."""
    typed = unicodedata.normalize("NFKC", phone)
    digits = "".join(c for c in typed if c in "0123456789")
    local = digits.removeprefix("0086") if digits.startswith("00") else digits
    local = local.removeprefix("86") if len(local) == 13 else local
    return local if len(local) == 11 and local.startswith("1") else f"+{local}" if local else ""


def list_phones(db: sqlite3.Connection) -> list[str]:
    """Those that something reached, the latest first."""
    numbers = dict.fromkeys(own(row["phone"]) for row in db.execute(_PHONES))
    return list(numbers)[:SHOWN]


def list_lines(db: sqlite3.Connection, number: str) -> list[Line]:
    """What arrived on a phone, or is under way to it, the newest first."""
    written = [row["phone"] for row in db.execute(_PHONES) if own(row["phone"]) == number]
    found = [
        dict(row)
        for phone in written
        for query in (_SMS, _AIRTIME)
        for row in db.execute(query, (phone,))
    ]
    return sorted(map(_told, found), key=lambda line: float(line["moment"]), reverse=True)


def _told(line: Line) -> Line:
    at = datetime.fromtimestamp(line["moment"], CHINA)
    state = str(line["state"]).partition("-")[0]
    known = state if state in WORDS["zh"] else "under_way"
    return line | {"state": known, "at": f"{at:%m-%d %H:%M:%S}", "iso": at.isoformat()}


def balances(lines: Sequence[Line]) -> dict[str, int]:
    """Fen by currency of what arrived and was not taken back."""
    paid = sorted((line["currency"], line["fen"]) for line in lines if line["state"] == "COMPLETED")
    return {
        currency: sum(fen for _, fen in group)
        for currency, group in groupby(paid, key=lambda one: one[0])
    }


async def get_phone(request: web.Request) -> web.Response:
    """GET /phone?number=&lang=: one phone, or which there are."""
    db, typed = request.app[PARTS].book.db, request.query.get("number", "")
    number = own(typed) if len(own(typed)) >= 8 else ""
    lang = "en" if request.query.get("lang") == "en" else "zh"
    lines = list_lines(db, number) if number else []
    text = PAGES.get_template("phone.html").render(
        lang=lang,
        other="zh" if lang == "en" else "en",
        words=WORDS[lang],
        number=number,
        typed=typed,
        wrong="number" in request.query and not number,
        phones=[] if number else list_phones(db),
        lines=lines[:SHOWN],
        balances=balances(lines),
        replies=REPLIES if _last_vendor(db, number) else (),
        replied=request.query.get("replied", ""),
        most=MOST_TEXT,
    )
    return web.Response(text=text, content_type="text/html", headers=HEADERS)


async def post_reply(request: web.Request) -> web.Response:
    """POST /phone: what is typed here is written back, by a form of this page only."""
    if request.headers.get("Origin", str(request.url.origin())) != str(request.url.origin()):
        raise web.HTTPForbidden
    form, parts = await request.post(), request.app[PARTS]
    number, text = (str(form.get(name, "")) for name in ("number", "text"))
    vendor = _last_vendor(parts.book.db, own(number))
    sent = False
    if vendor and 0 < len(text.strip()) <= MOST_TEXT:
        with parts.book.writing():
            sent = DIALECTS[vendor].heard(parts, own(number), text)
    query = {
        "number": number,
        "lang": str(form.get("lang", "")),
        "replied": "yes" if sent else "no",
    }
    return web.Response(status=303, headers={"Location": f"/phone?{urlencode(query)}"})


def _last_vendor(db: sqlite3.Connection, number: str) -> str | None:
    """Through which something was last sent to a phone, if anything was."""
    written = [row["phone"] for row in db.execute(_PHONES) if own(row["phone"]) == number]
    found = [row["vendor"] for phone in written for row in db.execute(_LAST, (phone,))]
    return found[0] if found else None


def _file(name: str, content_type: str) -> web.RouteDef:
    content = (SCREEN / name).read_text(encoding="utf-8")

    async def get(_: web.Request) -> web.Response:
        return web.Response(text=content, content_type=content_type, headers=HEADERS)

    return web.get(f"/phone/{name}", get, allow_head=False)


def routes() -> list[web.RouteDef]:
    """The page and what it loads."""
    return [
        web.get("/phone", get_phone, allow_head=False),
        web.post("/phone", post_reply),
        _file("phone.css", "text/css"),
        _file("phone.js", "text/javascript"),
    ]
