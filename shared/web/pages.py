"""Server-rendered pages: one base template, one style sheet, the house's words in two languages."""

import re
import secrets
from functools import lru_cache, partial
from pathlib import Path

import jinja2
from aiohttp import hdrs, web

from shared import access
from shared.errors import Refused
from shared.events import Language
from shared.values.money import yuan
from shared.web import problems
from shared.web.endpoints import Cookie, Page, Visitor
from shared.web.places import here
from shared.web.texts import LANGUAGES, TAGS, texts

HERE = Path(__file__).parent / "templates"
COOKIE = "mashang_lang"
A_YEAR = 31_536_000
_WEIGHT = re.compile(r"(0?\.[0-9]+|0\.?|1(\.0*)?)")
LEAST = 0.0001
# Chinese as some systems name it: Mandarin, Cantonese, Wu, Min Nan, Hakka.
_SPOKEN = dict.fromkeys(("cmn", "yue", "wuu", "nan", "hak"), "zh")


def language(request: web.Request) -> Language:
    """`?lang=` first, then the cookie it set, then Accept-Language; Chinese otherwise."""
    headers = request.headers
    # Programs ask without either, and neither is read for nothing.
    if request.query_string and (choice := request.query.get("lang")) in LANGUAGES:
        return choice
    if hdrs.COOKIE in headers and (choice := request.cookies.get(COOKIE)) in LANGUAGES:
        return choice
    return preferred(",".join(headers.getall(hdrs.ACCEPT_LANGUAGE, ())))


@lru_cache(1024)
def preferred(accepted: str) -> Language:
    """The language of ours that an Accept-Language header wants most, by its q-values.

    `*` is any that it does not name; what has q=0 is only taken where nothing else is left.
    """
    weighed = [_weighed(part) for part in accepted.split(",")]
    unnamed = [lang for lang in LANGUAGES if lang not in dict(weighed)]
    refused = {primary for primary, weight in weighed if weight == 0}
    for primary, weight in sorted(weighed, key=lambda pair: -pair[1]):
        if weight > 0 and primary in LANGUAGES:
            return primary
        if weight > 0 and primary == "*" and unnamed:
            return unnamed[0]
    return next((lang for lang in LANGUAGES if lang not in refused), LANGUAGES[0])


def _weighed(part: str) -> tuple[str, float]:
    tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
    primary = tag.replace("_", "-").partition("-")[0]
    named = (parameter.partition("=") for parameter in parameters)
    weight = next((value.strip() for name, _, value in named if name.strip() == "q"), "1")
    # Anything but a weight from 0 to 1 is the least wish; NaN could not even be sorted.
    wish = float(weight) if _WEIGHT.fullmatch(weight) else LEAST
    return _SPOKEN.get(primary, primary), wish


class Pages:
    """The templates of one service. `services` are the staff pages of all, for the switch."""

    def __init__(self, *folders: Path, services: dict[str, str] | None = None) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([*folders, HERE]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["yuan"] = yuan
        self._environment.globals["services"] = services or {}
        self._environment.globals["fresh_key"] = partial(secrets.token_urlsafe, 24)
        self._environment.globals["access"] = access.PAGES

    def html(self, lang: Language, address: str, template: str, **values: object) -> str:
        """A template in a language."""
        words = texts(lang)
        return self._environment.get_template(template).render(
            lang=lang,
            tag=words.tag,
            other=next(code for code in LANGUAGES if code != lang),
            tags=TAGS,
            t=words.text,
            tell=words.wrong,
            say=words.refused,
            when=words.when,
            due=words.due,
            path=address,
            **values,
        )

    def show(
        self, request: web.Request, lang: Language, page: Page, visitor: Visitor | None
    ) -> web.Response:
        """A page as an answer, in the caller's language."""
        lang = page.language or lang
        html = self.html(lang, here(request), page.template, visit=visitor, **page.values)
        answer = web.Response(text=html, status=page.status, content_type="text/html")
        answer.headers["Content-Language"] = texts(lang).tag
        answer.headers["Vary"] = "Accept-Language, Cookie"
        answer.headers.update(page.headers)
        if request.query.get("lang") == lang:
            answer.set_cookie(COOKIE, lang, max_age=A_YEAR, samesite="Lax", httponly=True)
        return answer

    def refused(
        self,
        request: web.Request,
        lang: Language,
        refused: Refused,
        visitor: Visitor | None,
        *,
        staff: bool = False,
    ) -> web.Response:
        """A refusal as a page: what happened, what to do, where to go; as `staff` see it."""
        page = Page(
            "error.html",
            {"problem": problems.document(refused, texts(lang)), "staff": staff},
            int(refused.status),
            headers=problems.headers(refused),
        )
        return self.show(request, lang, page, visitor)


def put(answer: web.StreamResponse, cookies: tuple[Cookie, ...]) -> None:
    """Set or remove cookies, always for the whole host and out of scripts' reach."""
    for cookie in cookies:
        if cookie.value is None:
            answer.del_cookie(
                cookie.name, path="/", secure=cookie.secure, httponly=True,
                samesite=cookie.same_site,
            )  # fmt: skip
            continue
        answer.set_cookie(
            cookie.name, cookie.value, path="/", secure=cookie.secure, httponly=True,
            samesite=cookie.same_site, max_age=cookie.max_age,
        )  # fmt: skip
