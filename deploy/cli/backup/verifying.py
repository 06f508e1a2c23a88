"""A copy checked against its manifest: every file is there, as long as it was, with its SHA-256.

As pg_verifybackup does (PostgreSQL's documentation, "Backup Manifest Format"), but for reading the
WAL, which recovery does: the program that comes with us ends before it begins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from shared.errors import Misconfigured

MANIFEST = "backup_manifest"
_CHECKSUM = b'"Manifest-Checksum"'


def verify(base: Path) -> int:
    """How many bytes it has, all of them right. Misconfigured names the first file that is not."""
    files = _manifest(base)["Files"]
    for file in files:
        _check(base, file)
    known = {_name(file) for file in files}
    for path in base.rglob("*"):
        name = path.relative_to(base).as_posix()
        if path.is_file() and name not in known and not _unlisted(name):
            raise Misconfigured(f"{path} is not in the backup's manifest")
    return sum(file["Size"] for file in files)


def _manifest(base: Path) -> dict[str, Any]:
    path = base / MANIFEST
    raw = path.read_bytes()
    listed, _, own = raw.rpartition(_CHECKSUM)
    try:
        told: dict[str, Any] = json.loads(raw)
        right = told["Manifest-Checksum"] == sha256(listed).hexdigest()
    except (ValueError, KeyError, TypeError):
        right = False
    if not right or not own:
        raise Misconfigured(f"{path} is not as it was written")
    return told


def _check(base: Path, file: Mapping[str, Any]) -> None:
    path = base / _name(file)
    if not path.is_file():
        raise Misconfigured(f"{path} is missing")
    if path.stat().st_size != file["Size"]:
        raise Misconfigured(f"{path} has {path.stat().st_size} bytes instead of {file['Size']}")
    with path.open("rb") as opened:
        if file_digest(opened, "sha256").hexdigest() != file["Checksum"]:
            raise Misconfigured(f"{path} is not as it was written")


def _name(file: Mapping[str, Any]) -> str:
    """Names that are no text are listed in hex."""
    if "Path" in file:
        return str(file["Path"])
    return bytes.fromhex(file["Encoded-Path"]).decode("utf-8", "surrogateescape")


def _unlisted(name: str) -> bool:
    """What a copy has besides."""
    return name == MANIFEST or name.startswith("pg_wal/")
