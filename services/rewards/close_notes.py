"""A closed month as a file that proves itself: its sums, signed by a key of the house.

    mashang-close@v1
    <what was closed: canonical JSON>

    — <key's name> <key's id and signature>

It is a C2SP signed note, as receipts have them, so that keys can follow one another. Whoever has it
and a public key needs nothing of us.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NoReturn

from services.rewards.store.closes import Closed
from shared.errors import Invalid, Wrong
from shared.values.notes import PublicKey, Signature, by_known, note

HEAD = "mashang-close@v1"
MOST = 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """A genuine file: what was closed, and by which key it is signed."""

    closed: Mapping[str, Any]
    key: PublicKey


def text_of(closed: Closed) -> str:
    """What is signed; the same, to the byte, whenever it is asked for."""
    told = {
        "closed_at": closed.closed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "digest": closed.digest,
        "month": f"{closed.month:%Y-%m}",
        "number": closed.number,
        "signed_by": closed.signed_by,
        "signer": closed.signer,
        "sums": closed.rows,
        "year": closed.year,
    }
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{HEAD}\n{plain}\n"


def file_of(closed: Closed, key: PublicKey) -> str:
    """The file of a month that was signed with this key. ValueError where it was with none."""
    if closed.signature is None:
        raise ValueError("closed before months were signed with a key")
    return note(text_of(closed), key, closed.signature)


def check(raw: bytes, keys: Sequence[PublicKey]) -> Checked:
    """What a file proves. Invalid says in one line why it proves nothing."""
    lines = _lines(raw)
    try:
        head, plain, blank, *signed = lines
        signatures = [Signature.parse(line) for line in signed]
    except ValueError:
        _wrong("damaged")
    if blank or not signatures:
        _wrong("damaged")
    found = by_known(signatures, keys)
    if not found:
        _wrong("key", name=signatures[0].name, key_id=signatures[0].key_id)
    if not all(key.signed(f"{head}\n{plain}\n", raw) for key, raw in found):
        _wrong("seal")
    return Checked(json.loads(plain), found[0][0])


def _lines(raw: bytes) -> list[str]:
    """Marks, line ends and blank lines at the end are no part of what was signed."""
    try:
        text = raw[: MOST + 1].decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n ")
    except UnicodeDecodeError:
        _wrong("unknown")
    lines = text.split("\n")
    if lines[0] != HEAD or len(raw) > MOST:
        _wrong("unknown")
    return lines


def _wrong(what: str, **values: object) -> NoReturn:
    raise Invalid(Wrong("file", f"wrong.close_file_{what}", **values))
