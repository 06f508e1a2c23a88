"""Server-rendered pages: one base template, one style sheet, texts in two languages.

A service keeps templates and `texts.toml` in its `pages/` folder; `[key] zh = "…" en = "…"`.
"""

import tomllib
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import get_args

import jinja2
from aiohttp import web
from babel.dates import format_datetime

from shared.errors import Problem
from shared.events import Language
from shared.values.clock import SHANGHAI
from shared.values.money import yuan

HERE = Path(__file__).parent / "templates"
COOKIE = "mashang_lang"
LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}

Texts = dict[str, dict[str, str]]


def language(request: web.Request) -> Language:
    """`?lang=` first, then the cookie it set, then Accept-Language; Chinese otherwise."""
    accepted = request.headers.get("Accept-Language", "")[:2].lower()
    for choice in (request.query.get("lang"), request.cookies.get(COOKIE), accepted):
        for known in get_args(Language):
            if choice == known:
                return known  # type: ignore[no-any-return]
    return "zh"


class Pages:
    """The templates and texts of one service."""

    def __init__(self, folder: Path) -> None:
        self._texts = _load_texts(HERE / "texts.toml") | _load_texts(folder / "texts.toml")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([folder, HERE]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["yuan"] = yuan

    def text(self, lang: Language, key: str, **values: object) -> str:
        """A text by key, its `{names}` filled in. KeyError if it is missing (a defect)."""
        return self._texts[key][lang].format(**values)

    def render(
        self, request: web.Request, template: str, status: int = 200, **values: object
    ) -> web.Response:
        """A page in the caller's language."""
        lang = language(request)
        html = self._environment.get_template(template).render(
            lang=lang,
            t=partial(self.text, lang),
            when=partial(when, lang=lang),
            path=request.path,
            **values,
        )
        response = web.Response(text=html, status=status, content_type="text/html")
        response.headers["Content-Language"] = "zh-CN" if lang == "zh" else "en"
        response.headers["Vary"] = "Accept-Language, Cookie"
        if request.query.get("lang") == lang:
            response.set_cookie(COOKIE, lang, max_age=31_536_000, samesite="Lax", httponly=True)
        return response

    def error(self, request: web.Request, problem: Problem) -> web.Response:
        """A problem as a page: what happened, what to do, where to go."""
        return self.render(request, "error.html", int(problem.status), problem=problem)


def when(at: datetime, lang: Language = "zh", pattern: str | None = None) -> str:
    """A moment in the bureau's time zone, in words: `11月23日 14:47` or `23 Nov 14:47`."""
    default = "M月d日 HH:mm" if lang == "zh" else "d MMM HH:mm"
    local = at.astimezone(SHANGHAI)
    return format_datetime(local, pattern or default, locale=LOCALES[lang])


def _load_texts(path: Path) -> Texts:
    texts: Texts = tomllib.loads(path.read_text("utf-8"))
    for key, entry in texts.items():
        if set(entry) != set(get_args(Language)):
            raise ValueError(f"{path.name}: {key} needs exactly: {', '.join(get_args(Language))}")
    return texts
