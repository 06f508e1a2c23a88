"""Where databases and keys are: the environment first, then the local installation."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from deploy.local import databases
from deploy.local.keys import Keys
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.settings import ROOT
from shared import config, policy
from shared.db import Connection, Database
from shared.errors import Misconfigured
from shared.policy import Policies
from shared.values.seal import Seal


def data_folder() -> Path:
    """The local installation's folder, whether or not it is there."""
    return Path(os.environ.get("MASHANG_DATA") or ROOT / ".mashang").absolute()


def local_keys() -> Keys | None:
    """The local installation's secrets, if there is one."""
    path = data_folder() / "secrets.json"
    return Keys.read(path) if path.exists() else None


def needed(variable: str, local: str | None) -> str:
    """A variable, or its local value; Misconfigured says what to do when there is neither."""
    value = os.environ.get(variable) or local
    if not value:
        raise Misconfigured(
            f"{variable} is not set and there is no installation in {data_folder()};"
            " set it, or start one with `make run`"
        )
    return value


def database_url(service: str) -> str:
    """The service's own connection.

    DATABASE_URL may be the service's, or an administrator's of a server on which the local
    installation keeps its databases.
    """
    name, keys = databases.database_of(service), local_keys()
    given = os.environ.get("DATABASE_URL")
    if given and (keys is None or urlsplit(given).path == f"/{name}"):
        return given
    if keys is None:
        return needed("DATABASE_URL", None)
    server = given or f"postgresql://{LOOPBACK}:{Ports.from_env().postgres}/postgres"
    return databases.url_for(server, name, name, keys.password_of(service))


def seal() -> Seal:
    """What makes blind indexes; an import seals nothing."""
    keys = local_keys()
    index = needed("MASHANG_INDEX_KEY", keys.index_key if keys else None)
    try:
        return Seal({}, config.key(index))
    except ValueError as error:
        raise Misconfigured(f"MASHANG_INDEX_KEY: {error}") from None


def code_keys() -> dict[str, bytes]:
    """The keys that sign unit codes."""
    keys = local_keys()
    ring = needed("MASHANG_CODE_KEYS", f"1:{keys.code_key}" if keys else None)
    try:
        return config.key_ring(SecretStr(ring))
    except ValueError:
        raise Misconfigured("MASHANG_CODE_KEYS must be KEYID:BASE64, current key first") from None


def policies() -> Policies:
    """The bureau's rules."""
    return policy.load(Path(os.environ.get("MASHANG_POLICY_FILE") or ROOT / "deploy/policy.toml"))


def public_url() -> str:
    """What the printed codes lead to."""
    fallback = f"http://{LOOPBACK}:{Ports.from_env().intake}"
    return (os.environ.get("MASHANG_PUBLIC_URL") or fallback).rstrip("/")


@asynccontextmanager
async def transaction(service: str) -> AsyncIterator[Connection]:
    """A transaction on the service's database, as the service."""
    database = await Database.connect(database_url(service), service, size=1)
    try:
        async with database.transaction() as conn:
            yield conn
    finally:
        await database.close()
