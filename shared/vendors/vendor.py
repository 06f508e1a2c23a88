"""What every adapter is, whatever it sells: a name, its settings, a client, and how it reports.

An adapter's file holds its Settings, with a prefix of its own; they are read, and wrong ones
refused, only when the service has chosen this vendor.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import config
from shared.errors import Misconfigured
from shared.vendors.client import Client

A = TypeVar("A", bound="Vendor")


class VendorSettings(BaseSettings):
    """What every vendor needs; `report_secret` ends the address to which it reports."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    url: AnyHttpUrl
    report_secret: SecretStr = Field(min_length=16)


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
        self.report_secret = report_secret.get_secret_value()

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
