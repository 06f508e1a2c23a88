"""What every adapter is, whatever it sells: a name, its settings, a client, and how it reports.

An adapter's file holds its Settings, with a prefix of its own; they are read, and wrong ones
refused, only when the service has chosen this vendor.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import config
from shared.errors import Misconfigured
from shared.vendors.client import Client

A = TypeVar("A", bound="Vendor")
SHORTEST = 16


def several(secret: SecretStr) -> tuple[str, ...]:
    """`"new,old"` → both: the first one is used, reports under any of them are taken.

    So a secret is changed at both sides, one after the other, without a report that is lost.
    """
    return tuple(secret.get_secret_value().split(","))


def _whole(secret: SecretStr) -> SecretStr:
    if not all(several(secret)):
        raise ValueError("should be one, or several separated by commas")
    return secret


def _long(secret: SecretStr) -> SecretStr:
    if any(len(one) < SHORTEST for one in several(secret)):
        raise ValueError(f"should have at least {SHORTEST} characters")
    return secret


Secrets = Annotated[SecretStr, AfterValidator(_whole), Field(repr=False)]
ReportSecrets = Annotated[SecretStr, AfterValidator(_long), Field(repr=False)]


def twofold(kind: type[BaseSettings]) -> Iterator[str]:
    """The variables whose value may be several, of all adapters with such settings."""
    for name, field in kind.model_fields.items():
        checks = (one.func for one in field.metadata if isinstance(one, AfterValidator))
        if {_whole, _long} & set(checks) and kind.model_config.get("env_prefix"):
            yield f"{kind.model_config['env_prefix']}{name}".upper()
    for below in kind.__subclasses__():
        yield from twofold(below)


class VendorSettings(BaseSettings):
    """What every vendor needs; `report_secret` ends the address to which it reports."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    url: AnyHttpUrl
    report_secret: ReportSecrets


@dataclass(frozen=True)
class Terms:
    """What a service tells whichever vendor it chose: a call's seconds, where reports come in."""

    seconds: float
    reports: str


@dataclass(frozen=True)
class Reply:
    """What a vendor wants to hear when its report was taken."""

    text: str
    content_type: str = "application/json"


class NotAReport(ValueError):
    """The body is not a report of this vendor; the text says why, with nothing of its content."""


class Vendor(ABC):
    """An adapter; open while inside its context. Answers are values; only defects raise."""

    name: ClassVar[str]
    reply: ClassVar[Reply] = Reply("{}")

    def __init__(self, client: Client, report_secret: SecretStr) -> None:
        self.client = client
        self.report_secrets = several(report_secret)
        self.report_secret = self.report_secrets[0]

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.__aexit__(kind, error, trace)

    def has_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether a report is signed as this vendor signs.

        Most sign nothing: the secret of their address is all that speaks for what they report.
        """
        return True

    @abstractmethod
    def read_report(self, body: bytes) -> list[str]:
        """Our references that a report is about; nothing else in it is believed. Or NotAReport."""


def choose(
    vendors: Mapping[str, Callable[[Terms], A]], variable: str, name: str, terms: Terms
) -> A:
    """The configured vendor, not yet opened. Misconfigured names the variable to mend."""
    if name not in vendors:
        known = ", ".join(vendors)
        raise Misconfigured(f"{variable}: no vendor {name!r}; known: {known}")
    return vendors[name](terms)


S = TypeVar("S", bound=VendorSettings)


def settings(kind: type[S]) -> S:
    """An adapter's own settings. Misconfigured names every wrong variable in a line each."""
    return config.load(kind)
