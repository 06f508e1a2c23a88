"""Server-rendered pages: a base template and a style sheet for citizens, and one each for staff."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
import jinja2.runtime
from aiohttp import hdrs, web

from shared import access
from shared.errors import Refused, Wrong
from shared.events import Language
from shared.observe import trace
from shared.policy import Policy
from shared.policy.section import SPOKEN
from shared.values import clock
from shared.values.keystrokes import Keys
from shared.values.money import yuan
from shared.web import assets, borrowed, problems, remaining, terms
from shared.web.choices import A_YEAR, CHOICES, COOKIE, chosen, large
from shared.web.endpoints import Visitor
from shared.web.places import here, turned
from shared.web.replies import Page
from shared.web.texts import LANGUAGES, Texts, home, texts, whole

HERE = Path(__file__).parent / "templates"
# So much of a trace's name finds it in the logs, and can be told by telephone.
_MARK = 8


@dataclass(frozen=True)
class Tongue:
    """A language to change to: its code, HTML's name for it, and its own name."""

    code: Language
    tag: str
    name: str


@cache
def tongues(but: Language) -> tuple[Tongue, ...]:
    """The languages that a page may be changed to."""
    others = (texts(code) for code in LANGUAGES if code != but)
    return tuple(Tongue(one.language, one.tag, one.text("language_name")) for one in others)


def _city_tag() -> str:
    """HTML's name of the language in which documents are."""
    return texts(home()).tag


class _Context(jinja2.runtime.Context):
    """Nothing that our templates call asks for the template it is called in: half of a call's cost
    is to find out.
    """

    def call(
        self,
        called: Callable[..., Any],
        /,
        *args: Any,
        _loop_vars: object = None,
        _block_vars: object = None,
        **named: Any,
    ) -> Any:
        """Just that, without the variables around the call that come along for who would ask."""
        return called(*args, **named)


class _Environment(jinja2.Environment):
    context_class = _Context


class Pages:
    """The templates of one service. `services` are the staff pages of all, for the switch.

    `rule` tells the policy in force, where citizens read what it promises.
    """

    def __init__(
        self,
        *folders: Path,
        services: dict[str, str] | None = None,
        rule: Callable[[], Policy] | None = None,
    ) -> None:
        self._rule = rule
        self._environment = _Environment(
            loader=jinja2.FileSystemLoader([*folders, HERE]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # A template changes with the next release, and then the service starts anew.
            auto_reload=False,
        )
        self._environment.filters["yuan"] = yuan
        self._environment.globals["services"] = services or {}
        self._environment.globals["city_tag"] = _city_tag
        self._environment.globals["fresh_key"] = partial(secrets.token_urlsafe, 24)
        self._environment.globals["access"] = access.PAGES
        self._environment.globals["static"] = assets.address
        # The service whose templates they are, for its place in the switch.
        self._environment.globals["ours"] = folders[0].parent.name if folders else ""
        self._environment.globals["pressing_at"] = remaining.pressing
        self._environment.globals["passed"] = remaining.passed

    def html(
        self,
        lang: Language,
        address: str,
        template: str,
        *,
        elder: bool = False,
        theme: str = "",
        keyed: bool = True,
        own_keys: Mapping[str, str] = MappingProxyType({}),
        **values: object,
    ) -> str:
        """A template in a language; citizens' perhaps in large print, staff's by day or night."""
        words = texts(lang)
        page = self._environment.get_template(template).render(
            lang=lang,
            lang_tag=words.tag,
            dir=words.direction,
            elder=elder,
            theme=theme,
            keyed=keyed,
            own_keys=json.dumps(dict(own_keys)) if own_keys else "",
            languages=tongues(lang),
            other=next(one for one in tongues(lang) if one.code in whole()),
            when=words.when,
            due=words.due,
            moment=words.moment,
            left=words.left,
            path=address,
            hotlines=self._rule is None or terms.has_hotlines(self._rule()),
            **self._said(words),
            **values,
        )
        return borrowed.marked(page, words)

    def _said(self, words: Texts) -> dict[str, Callable[..., str]]:
        said = _said(words)
        if self._rule:
            said["t"] = terms.by_policy(said["t"], words, self._rule())
        return said

    def show(
        self, request: web.Request, lang: Language, page: Page, visitor: Visitor | None
    ) -> web.Response:
        """A page as an answer, in the caller's language."""
        lang = page.language or lang
        values = {
            "refused": page.refused,
            "wrongs": page.refused.wrong if page.refused else (),
            **page.values,
            "visit": visitor,
            "turned": partial(turned, request),
        }
        theme = chosen(request, "theme").replace("auto", "")
        keys, elder = visitor.keys if visitor else Keys(), large(request)
        # What a browser was told by itself counts there.
        told = chosen(request, "keys")
        keyed = told == "on" or (not told and keys.single)
        html = self.html(
            lang,
            here(request),
            page.template,
            elder=elder,
            theme=theme,
            keyed=keyed,
            own_keys=keys.own,
            **values,
        )
        answer = web.Response(text=html, status=page.code, content_type="text/html")
        answer.headers["Content-Language"] = texts(lang).tag
        answer.headers["Vary"] = "Accept-Language, Cookie"
        answer.headers.update(page.headers)
        self._remember(request, answer, lang)
        return answer

    def _remember(self, request: web.Request, answer: web.Response, lang: Language) -> None:
        """What was asked for in the address stays so."""
        kept = {COOKIE: lang} if request.query.get("lang") == lang else {}
        for name, cookie, known in CHOICES:
            if (choice := request.query.get(name, "")) in known:
                kept[cookie] = choice
        for cookie, value in kept.items():
            answer.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True)

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
        ours = refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        asked = ours and request.method == hdrs.METH_GET
        values = {
            "problem": problems.document(refused, texts(lang)),
            "staff": staff,
            "again": here(request, asked=True) if asked else "",
            "traced": (trace.correlation_id() or "")[:_MARK] if ours else "",
            "now": clock.now(),
        }
        page = Page("error.html", values, refused=refused, headers=problems.headers(refused))
        return self.show(request, lang, page, visitor)


def _said(words: Texts) -> dict[str, Callable[..., str]]:
    """How a template says something: by key, what is wrong with a field, why it was refused.

    `named` is for what the policy names: in a further language by its catalogue, if it has a text.
    """

    def t(key: str, **values: object) -> str:
        return borrowed.told(words, key, words.text(key, **values))

    def tell(wrong: Wrong) -> str:
        return t(wrong.key, **wrong.values)

    def say(refused: Refused) -> str:
        return t(refused.key, **refused.values)

    def named(key: str, usual: str) -> str:
        if words.language in SPOKEN:
            return usual
        own = words.forms.get(key)
        return own[0] if own else borrowed.told(words, key, usual)

    if words.home is None:
        return {"t": words.text, "tell": words.wrong, "say": words.refused, "named": named}
    return {"t": t, "tell": tell, "say": say, "named": named}
