"""What a command needs of a service: its own variables, from the environment or a local file."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from shared import config, policy, secret
from shared.db import ROOT, Connection, Database
from shared.errors import Misconfigured
from shared.policy import Policies


def data_folder() -> Path:
    """The local installation's folder, whether or not it is there."""
    return Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute()


def local(service: str) -> Mapping[str, str]:
    """What the launcher told a service at its last start; empty without a local installation."""
    path = data_folder() / "env" / f"{service}.env"
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text("utf-8-sig").splitlines())
    return {name: value for name, sep, value in pairs if sep}


def needed(variable: str, service: str) -> str:
    """A variable of a service, or its file; Misconfigured says what to do when it is nowhere."""
    value = secret.read(variable) or secret.read(variable, local(service))
    if not value:
        raise Misconfigured(
            f"{variable} is not set, and there is no installation in {data_folder()};"
            f" set it as {service} has it, or start one with `make run`"
        )
    return value


def database_url(service: str) -> str:
    """The service's own connection; a command for several reads DATABASE_URL_INTAKE and so on.

    Beside a local installation the environment may name the administrator's, for the launcher.
    """
    if named := secret.read(f"DATABASE_URL_{service.upper()}"):
        return named
    own = local(service).get("DATABASE_URL")
    given = secret.read("DATABASE_URL")
    if own and given and urlsplit(given).path != urlsplit(own).path:
        return own
    return needed("DATABASE_URL", service)


def key(variable: str, service: str) -> bytes:
    """A key of 32 bytes."""
    try:
        return config.key(needed(variable, service))
    except ValueError as error:
        raise Misconfigured(f"{variable}: {error}") from None


def key_ring(variable: str, service: str) -> dict[str, bytes]:
    """Keys by id, the current one first."""
    try:
        return config.keys(needed(variable, service))
    except ValueError as error:
        raise Misconfigured(f"{variable}: {error}") from None


def policies(service: str) -> Policies:
    """The bureau's rules, as the service reads them."""
    variable = "MASHANG_POLICY_FILE"
    named = os.environ.get(variable) or local(service).get(variable)
    return policy.load(Path(named or ROOT / "deploy" / "policy.toml"))


@asynccontextmanager
async def database(service: str) -> AsyncIterator[Database]:
    """The service's database, as the service."""
    opened = await Database.connect(database_url(service), service, size=1)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def connection(service: str) -> AsyncIterator[Connection]:
    """A connection to it, outside any transaction."""
    async with database(service) as opened, opened.acquire() as conn:
        yield conn


@asynccontextmanager
async def transaction(service: str) -> AsyncIterator[Connection]:
    """A transaction on it."""
    async with database(service) as opened, opened.transaction() as conn:
        yield conn
