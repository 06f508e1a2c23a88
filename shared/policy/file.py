"""Reading a policy file: text, TOML, editions; what the rules mean is not known here."""

import codecs
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from shared.errors import Misconfigured

Edition = dict[str, Any]


def read(path: Path) -> tuple[str, list[Edition]]:
    """The text, and every `[[policy]]` in it. Misconfigured says in one line why it has none."""
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path}: not valid TOML: {error}") from None
    if unknown := sorted(content.keys() - {"policy"}):
        raise Misconfigured(f"{path}: {unknown[0]}: unknown; rules stand below [[policy]]")
    editions = content.get("policy", [])
    if not isinstance(editions, list) or not all(isinstance(e, dict) for e in editions):
        raise Misconfigured(f"{path}: policy: write it as [[policy]], in two brackets")
    if not editions:
        raise Misconfigured(f"{path}: policy: missing; write at least one [[policy]]")
    return text, editions


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}; set MASHANG_POLICY_FILE") from None
    try:
        return raw.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"not UTF-8 (line {line}), {_found(raw)}"
        raise Misconfigured(f"{path}: {found}; save it as UTF-8") from None


def _found(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "but UTF-16"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "nor anything that is known here"
    return "probably GBK"


def name_of(edition: Edition, number: int) -> str:
    """How a person finds it in the file: by its day, else by its place."""
    day = edition.get("effective_from")
    return f"policy of {day}" if isinstance(day, date) else f"policy no. {number}"
