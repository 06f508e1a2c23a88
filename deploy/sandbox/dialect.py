"""A vendor as the sandbox knows it: everything that differs from the next one, as a value.

The rest of the sandbox (book, faults, statement, worker, admin) is the same for all of them.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from aiohttp import web
from pydantic import AnyHttpUrl, BaseModel, TypeAdapter

from deploy.sandbox.parts import Parts
from deploy.sandbox.statement import OURS, Layout
from deploy.sandbox.tasks import Action

Kind = Literal["airtime", "sms"]
_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


class Caller(Protocol):
    """What a customer needs of a test's client: see ``customer.Client``."""

    url: str

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of any path."""


class Customer(Protocol):
    """A customer who speaks the dialect, apart from the server's own code."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """One top-up of 20 yuan, or one message of thanks, with the test's account."""

    def report(self, reference: str) -> Any:
        """A report that says it failed, as the vendor, or a forger, would send it: JSON or text."""

    def told(self, body: Any) -> tuple[str, str]:
        """Our reference in a report, and the vendor's word for what became of it."""


def is_http(url: str) -> str:
    """Check an address and keep it as it was written."""
    _URL.validate_python(url)
    return url


def secret(seed: str, vendor: str, field: str) -> str:
    """A word that both sides derive from one seed; none follows from another."""
    return hmac.new(seed.encode(), f"{vendor}/{field}".encode(), "sha256").hexdigest()[:40]


@dataclass(frozen=True)
class Dialect:
    """One vendor.

    name      also the first part of its paths, and of its options and variables
    account   its settings: each field is an option and a variable of that name
    url       the path at which its adapter calls
    secrets   fields of the account that both sides must know; derived from a seed
    values    fields that both sides must know and anybody may
    check     refuses a caller who is not the customer, before any handler
    refusal   any failure in the vendor's words
    actions   what happens by the clock, by kind of task
    retries   seconds until each repetition of a report that was not taken
    is_taken  whether an answer (status, body) takes a report
    registers whether the texts of SMS are registered with it, and called by an id
    heard     plans the call about what a phone wrote back; False where no address is known for it
    order     a part of the path that only the call that spends money has
    log_in    those secrets without which nothing can be ordered; all of them if empty
    signs     whether it signs its reports
    reasons   whether it says why an order was declined
    urls      paths of further addresses that the adapter calls, by its setting
    layout    how its statement is written
    """

    name: str
    kind: Kind
    account: type[BaseModel]
    url: str
    secrets: Sequence[str]
    values: Mapping[str, str]
    routes: Callable[[], list[web.RouteDef]]
    check: Callable[[web.Request, Parts], None]
    refusal: Callable[[Exception], web.Response]
    actions: Callable[[Parts], dict[str, Action]]
    retries: Sequence[float]
    is_taken: Callable[[int, bytes], bool]
    customer: Customer
    registers: bool = True
    heard: Callable[[Parts, str, str], bool] = lambda parts, phone, text: False
    order: str = ""
    log_in: Sequence[str] = ()
    signs: bool = False
    reasons: bool = True
    urls: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = OURS

    def variable(self, field: str) -> str:
        """The environment variable of a setting."""
        return f"MASHANG_{self.name}_{field}".upper()

    def secret(self, seed: str, field: str) -> str:
        """A word that both sides derive from one seed."""
        return secret(seed, self.name, field)

    def environment(self, seed: str) -> dict[str, str]:
        """What caller and sandbox must agree on."""
        secrets = {name: self.secret(seed, name) for name in self.secrets}
        return {self.variable(name): text for name, text in {**secrets, **self.values}.items()}

    def caller_environment(self, seed: str, sandbox_url: str) -> dict[str, str]:
        """What the adapter's settings need to call this sandbox."""
        urls = {"url": self.url, **self.urls}
        return self.environment(seed) | {
            **{self.variable(name): f"{sandbox_url}{path}" for name, path in urls.items()},
            self.variable("report_secret"): self.secret(seed, "report_secret"),
        }
