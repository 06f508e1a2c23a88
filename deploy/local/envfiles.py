"""The services' environments as files, for commands that are run beside a local installation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploy.local.folder import private_file

OWN = ("DATABASE_URL", "AMQP_URL")


def write(folder: Path, name: str, env: Mapping[str, str]) -> None:
    """`<folder>/<name>.env`, a variable a line, with what is ours and nothing inherited."""
    own = {key: env[key] for key in sorted(env) if key in OWN or key.startswith("MASHANG_")}
    text = "".join(f"{key}={value}\n" for key, value in own.items())
    private_file(folder / f"{name}.env", text)
