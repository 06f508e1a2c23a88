"""Settings from the environment, checked once at start.

A secret may stand in a file instead, whose path is the variable's name and `_FILE`.
"""

import base64
import binascii
import os
from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared import secret
from shared.errors import Misconfigured
from shared.values.seal import Purpose, Seal


def key(text: object) -> bytes:
    """32 bytes from base64; ValueError says what is wrong."""
    try:
        raw = base64.b64decode(str(text), validate=True)
    except binascii.Error:
        raise ValueError("should be base64") from None
    if len(raw) != 32:
        raise ValueError("should be 32 bytes in base64")
    return raw


def keys(text: object) -> dict[str, bytes]:
    """`"2:<base64>,1:<base64>"` → {"2": …, "1": …}; the first is the current one."""
    pairs = [part.partition(":") for part in str(text).split(",")]
    if not all(kid.isalnum() and sep for kid, sep, _ in pairs):
        raise ValueError("should be KEYID:BASE64, separated by commas, current key first")
    return {kid: key(raw) for kid, _, raw in pairs}


_hidden = PlainSerializer(lambda _: "hidden", return_type=str)
Key = Annotated[bytes, BeforeValidator(key), _hidden, Field(repr=False)]


def public_keys(text: object) -> tuple[bytes, ...]:
    """`"<base64>,<base64>"` → whoever signs with one of them is believed."""
    if isinstance(text, tuple):
        return text
    return tuple(key(part.strip()) for part in str(text).split(","))


PublicKeys = Annotated[
    tuple[bytes, ...], NoDecode, BeforeValidator(public_keys), _hidden, Field(repr=False)
]


def key_ring(ring: SecretStr) -> dict[str, bytes]:
    """A setting's keys."""
    return keys(ring.get_secret_value())


def urls(text: object) -> dict[str, str]:
    """`"verification=https://desk.example,rewards=…"` → where each service's staff pages are."""
    if isinstance(text, dict):
        return text
    pairs = [part.strip().partition("=") for part in str(text).split(",") if part.strip()]
    if not all(name and urlsplit(url).scheme in ("http", "https") for name, _, url in pairs):
        raise ValueError("should be SERVICE=URL, separated by commas")
    return {name: url.rstrip("/") for name, _, url in pairs}


Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]


def networks(text: object) -> Networks:
    """`"127.0.0.1,10.0.0.0/8"`; ValueError says what is wrong."""
    if isinstance(text, tuple):
        return text
    parts = [part.strip() for part in str(text).split(",") if part.strip()]
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError:
        raise ValueError("should be addresses or networks, separated by commas") from None


_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Proxies = Annotated[Networks, NoDecode, BeforeValidator(networks)]
StaffUrls = Annotated[dict[str, str], NoDecode, BeforeValidator(urls)]


def address(url: str, example: str) -> str:
    """A server's, or nothing; ValueError says what it should be."""
    try:
        parts = urlsplit(url)
        told = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        told = False
    if url and not told:
        raise ValueError(f"should be {example}, or empty")
    return url


Collector = Annotated[str, AfterValidator(partial(address, example="http://HOST:PORT/v1/traces"))]
ServerUrl = Annotated[str, AfterValidator(partial(address, example="http://HOST:PORT"))]


def _readable(ring: SecretStr) -> SecretStr:
    key_ring(ring)
    return ring


# pydantic-settings would parse a dict as JSON, so the text form is kept and parsed on use.
KeyRing = Annotated[SecretStr, AfterValidator(_readable), Field(repr=False)]


class Settings(BaseSettings):
    """What every service needs; each service extends it with its own.

    `trusted_proxies` are believed when they say for whom they ask (X-Forwarded-For);
    `most_connections` is what one caller may hold. The ops port has a host of its own. Each of
    `instances` has so many `workers`; all that stand on one machine listen on one port. What was
    sent is kept for `sent_days`.

    For `leave_seconds` one that was told to end answers on, while /readyz says that it leaves.

    `traces` is where OpenTelemetry's collector takes spans over HTTP; empty, there are none. It is
    sent those of `traces_share` of all traces. `prometheus` is asked for the console's charts.

    No key is among it: a service that opens or closes phones declares `seal_keys_phone` (and so
    for each purpose), one that makes or compares blind indexes `index_key`.
    """

    model_config = SettingsConfigDict(env_prefix="MASHANG_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    amqp_url: SecretStr = Field(validation_alias="AMQP_URL")
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=0, le=65535)
    ops_host: str = "127.0.0.1"
    ops_port: int = Field(ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8080"
    policy_file: Path = Path("deploy/policy.toml")
    simulation: bool = False
    pool_size: int = Field(default=10, ge=2, le=100)
    instances: int = Field(default=1, ge=1, le=100)
    workers: int = Field(default=1, ge=1, le=64)
    leave_seconds: int = Field(default=0, ge=0, le=120)
    # Twice a batch: the next is there while one is committed.
    prefetch: int = Field(default=400, ge=1, le=2000)
    # Less than inboxes remember, so that what is sent again is known where it was handled.
    sent_days: int = Field(default=3, ge=1, le=7)
    staff_urls: StaffUrls = {}
    traces: Collector = ""
    prometheus: ServerUrl = ""
    traces_share: float = Field(default=1.0, ge=0, le=1)
    trusted_proxies: Proxies = ()
    most_connections: int = Field(default=500, ge=1, le=100_000)

    @property
    def shares_port(self) -> bool:
        """Whether others of the same service may listen where it does."""
        return self.workers > 1 or self.instances > 1

    @property
    def secure_cookies(self) -> bool:
        """False only on a developer's own machine, where there is no TLS."""
        url = urlsplit(self.public_url)
        return not (url.scheme == "http" and url.hostname in _LOOPBACK)

    @property
    def seal(self) -> Seal:
        """The declared sealing keys as a working Seal; it refuses every other purpose."""
        declared: dict[Purpose, SecretStr] = {
            purpose: getattr(self, f"seal_keys_{purpose}")
            for purpose in get_args(Purpose)
            if f"seal_keys_{purpose}" in type(self).model_fields
        }
        rings = {purpose: key_ring(ring) for purpose, ring in declared.items()}
        return Seal(rings, getattr(self, "index_key", None))


B = TypeVar("B", bound=BaseSettings)


def load(kind: type[B]) -> B:
    """Settings from the environment. Misconfigured names every wrong variable in one line each."""
    filed = _filed(kind)
    try:
        return kind(**filed)
    except ValidationError as error:
        raise Misconfigured(
            "\n".join(_line(kind, e["loc"], e["msg"]) for e in error.errors())
        ) from None


def _line(kind: type[BaseSettings], loc: tuple[int | str, ...], message: str) -> str:
    name = str(loc[0]) if loc else "settings"
    if name in kind.model_fields:
        name = _variable(kind, name)
    ours = message.removeprefix("Value error, ")
    return f"{name}: {ours if ours != message else message.lower()}"


def secrets(kind: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """Its secret settings, which no log shows: how each is given, and its variable."""
    for name, field in kind.model_fields.items():
        if field.annotation is SecretStr or not field.repr:
            alias = field.validation_alias
            yield (alias, alias) if isinstance(alias, str) else (name, _variable(kind, name))


def _filed(kind: type[BaseSettings]) -> dict[str, Any]:
    """The secrets that stand in files, by how they are given."""
    found, faults = dict[str, Any](), list[str]()
    for name, variable in secrets(kind):
        if secret.file_of(variable) in os.environ:
            try:
                found[name] = secret.read(variable)
            except Misconfigured as error:
                faults.append(str(error))
    if faults:
        raise Misconfigured("\n".join(faults))
    return found


def _variable(kind: type[BaseSettings], name: str) -> str:
    return f"{kind.model_config.get('env_prefix', '')}{name}".upper()
