"""HTTP as data: what a service answers to, to whom, with which models and limits.

Routing, checks, problem answers, OpenAPI and the access matrix's test all derive from the table of
Endpoints. A handler gets a `Call` whose values are checked, and returns a model or a page; it
contains no access check of its own.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

from multidict import MultiMapping
from pydantic import BaseModel

from shared.access import CONFIRMED_FOR, FIGURE_READERS, Operator, Role
from shared.errors import Misconfigured, Refused, Unauthenticated
from shared.events import Language
from shared.values import clock
from shared.values.keystrokes import UNCHANGED, Keys
from shared.web.forms import Fields
from shared.web.replies import Answer
from shared.web.uploads import File, Uploads

Method = Literal["GET", "POST", "DELETE"]
B = TypeVar("B")
Q = TypeVar("Q")

BODY_LIMIT = 64 * 1024
NEVER = datetime.fromtimestamp(0, UTC)
# A person looks at an empty screen meanwhile: an answer comes within 5 s, be it a refusal. What is
# left of them after a form was given up is for showing it again.
PAGE_SECONDS = 3.0
API_SECONDS = 4.8
# Counts over everything take as long as they take; nobody waits before an empty screen.
COUNT_SECONDS = 25.0
JSON = "application/json"
EVENTS = "text/event-stream"
FOR_PROGRAMS = ("/api/", "/reports/", "/open311/")
_PARAMETER = re.compile(r"\{(\w+)\}")
# What the key of a form begins with, so that none is a program's.
FORM_KEY = "form:"


@dataclass(frozen=True)
class Who:
    """Who may call. `roles` only for staff; a vendor proves itself by the secret in the address."""

    kind: Literal["public", "staff", "vendor"]
    roles: tuple[Role, ...] = ()


PUBLIC = Who("public")
VENDOR = Who("vendor")


def staff(roles: Sequence[Role]) -> Who:
    """Signed-in operators with one of these roles."""
    return Who("staff", tuple(roles))


@dataclass(frozen=True)
class Visitor:
    """A signed-in operator: as of which version of theirs, in which session, confirmed when.

    `keys` are the ones they have chosen.
    """

    operator: Operator
    version: int
    session: str
    confirmed_at: datetime = NEVER
    keys: Keys = UNCHANGED

    @property
    def is_confirmed(self) -> bool:
        """Whether the password was typed so lately that it was the person at the screen."""
        return clock.now() < self.confirmed_at + CONFIRMED_FOR

    @property
    def csrf(self) -> str:
        """The token that this session's forms carry; derived, so that it needs no storage."""
        return hmac.new(self.session.encode(), b"csrf", sha256).hexdigest()


@dataclass(slots=True)
class Call(Generic[B, Q]):
    """A request as a handler gets it: every value has been checked against the endpoint.

    Only admission fills it in; frozen, it would cost every submission ten microseconds. `address`
    is what was asked for, `remote` the network's address of who asked (behind a trusted proxy, whom
    it asks for); `agent` is how a browser calls itself, for pages only; `headers` are there where
    the body is raw, since a vendor signs it in one; `unread` says why the body could not be read,
    until it is known who asks.
    """

    language: Language
    address: str
    params: Mapping[str, Any]
    body: B
    query: Q
    fields: Fields
    repeat_key: str
    raw: bytes
    visitor: Visitor | None = None
    asking: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer: str = field(default="", repr=False)
    remote: str = ""
    agent: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    unread: Refused | None = None
    files: Sequence[File] = ()

    def asked(self, name: str) -> str:
        """A query parameter as it came, or nothing."""
        return self.asking.get(name, "")

    def asked_all(self, name: str) -> Sequence[str]:
        """All values of a query parameter that may stand there several times."""
        return self.asking.getall(name, ()) if isinstance(self.asking, MultiMapping) else ()

    @property
    def confirmed(self) -> bool:
        """Whether who is signed in has typed the password lately."""
        return self.visitor is not None and self.visitor.is_confirmed

    @property
    def operator(self) -> Operator:
        """Who is signed in; only where the endpoint asks for staff."""
        if self.visitor is None:
            raise Unauthenticated()
        return self.visitor.operator


Handler = Callable[[Call[Any, Any]], Awaitable[Answer]]
Again = Callable[[Call[Any, Any], Refused], Coroutine[Any, Any, Answer]]
Tell = Callable[[Refused, Language], Answer]


@dataclass(frozen=True)
class Link:
    """Where an answer leads: to which endpoint, and which of its parameters is which value of ours.

    A value is a JSON pointer into the answer.
    """

    path: str
    parameters: Mapping[str, str]
    method: Method = "GET"


@dataclass(frozen=True)
class Endpoint:
    """One route.

    `answers` lists models by status, the usual one first (empty for pages). `form` reads `body`
    from a form instead of JSON; `again` then shows it with what was typed when anything refuses it.
    `csrf` wants a form token (staff) or a form of our own origin, `repeat` an idempotency key: a
    program's as a header, which may lack where it is only `offered`, a form's as its hidden field
    `key` (see web/repeats). `section` is the part of a larger form that is read here: a field
    `<section>-<name>` is its `<name>`; a parameter of the address may be in it. `seconds` are how
    long the caller waits before it hears 503; 0 where the handler itself counts. `media` is what it
    answers with if not JSON, `tell` its own way of saying no, with a `problem` in the same media.
    `links` name what an answer leads on to, for the API's description.
    `confirm` wants the password typed lately, for what only the person at the screen may do.
    `uploads` are the files that a form (or a program) may send along as multipart/form-data.
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    who: Who | None = None
    params: Mapping[str, type[Any]] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    form: bool = False
    again: Again | None = None
    csrf: Literal["none", "origin", "token"] = "none"
    repeat: Literal["none", "header", "offered", "form"] = "none"
    limit: int = BODY_LIMIT
    raw: bool = False
    section: str = ""
    seconds: float | None = None
    media: str = JSON
    tell: Tell | None = None
    problem: type[BaseModel] | None = None
    links: Sequence[Link] = ()
    uploads: Uploads | None = None
    confirm: bool = False

    @property
    def is_api(self) -> bool:
        """For programs: problems as JSON, a bearer token instead of a cookie."""
        return self.path.startswith(FOR_PROGRAMS)

    @property
    def patience(self) -> float:
        """How long the caller waits; 0 without end."""
        usual = API_SECONDS if self.is_api else PAGE_SECONDS
        return usual if self.seconds is None else self.seconds

    @property
    def caller(self) -> Who:
        """`who`, which `checked` has seen to be there."""
        if self.who is None:
            raise Misconfigured(f"{self.method} {self.path} does not say who may call it")
        return self.who

    @property
    def status(self) -> int:
        """The usual status."""
        return next(iter(self.answers), int(HTTPStatus.OK))


def statistics(handler: Handler, summary: str, shown: type[BaseModel]) -> Endpoint:
    """What every service has: its counts as they are, for the table of statistics (rule 16)."""
    return Endpoint(
        "GET", "/api/v1/figures", handler, summary, staff(FIGURE_READERS), answers={200: shown},
        seconds=COUNT_SECONDS,
    )  # fmt: skip


def report(path: str, handler: Handler, summary: str) -> Endpoint:
    """Where a vendor reports; it proves itself by the secret in the address."""
    params = {"vendor": str, "secret": str}
    return Endpoint("POST", path, handler, summary, VENDOR, params=params, raw=True)


def checked(endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """The table, if it is one. Misconfigured names the first endpoint that is not whole."""
    seen: set[tuple[str, str]] = set()
    for one in endpoints:
        if problem := _problem(one, seen):
            raise Misconfigured(f"{one.method} {one.path} {problem}")
        seen.add((one.method, one.path))
    return endpoints


def _problem(one: Endpoint, seen: set[tuple[str, str]]) -> str | None:
    by_cookie = one.caller.kind == "staff" and not one.is_api and one.method != "GET"
    named = set(_PARAMETER.findall(one.path))
    problems = (
        (one.caller.kind == "staff" and not one.caller.roles, "names no role"),
        (by_cookie and one.csrf != "token", "changes something by cookie without a form token"),
        (not one.summary, "has no summary"),
        (one.is_api and not one.answers and not one.raw, "says no answer"),
        (named != set(one.params), "has params that are not those of its path"),
        ((one.method, one.path) in seen, "is there twice"),
    )
    return next((text for wrong, text in problems if wrong), None)
