"""A copy of the whole server while it works, checked against its own manifest."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC
from hashlib import sha256
from pathlib import Path

from deploy.cli import surroundings
from deploy.cli.backup.folder import BASE, Backup
from deploy.cli.backup.programs import Programs, Say
from deploy.cli.backup.server import Server
from deploy.cli.backup.verifying import verify
from shared import config, flows, secret
from shared.errors import Misconfigured

KEYS = re.compile(r"MASHANG_\w*KEYS?(_[A-Z]+)?|MASHANG_IDENTITY_SEED")


def take(folder: Path, server: Server, programs: Programs, say: Say) -> Backup:
    """One more backup in the folder, whole or not at all."""
    began_at, followed = asyncio.run(server.look(programs))
    name = f"{began_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    draft, final = folder / f".{name}.half", folder / name
    if final.exists():
        raise Misconfigured(f"{final} is there already")
    draft.mkdir(parents=True, mode=0o700)
    try:
        _copy(draft / BASE, server, programs, say)
        ended_at, _ = asyncio.run(server.look(programs))
        databases = asyncio.run(server.migrations())
        Backup(draft, began_at, ended_at, programs.major, followed, databases, key_ids()).write()
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Backup.read(final)


def _copy(base: Path, server: Server, programs: Programs, say: Say) -> None:
    url, env = server.for_program()
    programs.run(
        "pg_basebackup", "-D", str(base), "-d", url, "--no-password",
        "--wal-method=stream", "--checkpoint=fast", "--progress", "--label=mashang",
        "--manifest-checksums=SHA256",
        env=env, say=say,
    )  # fmt: skip
    verify(base)


def key_ids() -> dict[str, dict[str, list[str]]]:
    """By service and variable, as far as we are told: without them what is sealed stays so.

    Keys of a ring by their ids; a single one by the beginning of its hash.
    """
    told = {service: surroundings.local(service) for service in flows.SERVICES}
    told = {name: env for name, env in told.items() if env} or {"environment": os.environ}
    found = {name: dict(sorted(_ids(env))) for name, env in told.items()}
    return {name: ids for name, ids in found.items() if ids}


def _ids(env: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    for variable in {name.removesuffix("_FILE") for name in env}:
        value = secret.read(variable, env) if KEYS.fullmatch(variable) else None
        if not value:
            continue
        try:
            yield variable, list(config.keys(value))
        except ValueError:
            yield variable, [f"sha256:{sha256(value.encode()).hexdigest()[:8]}"]
