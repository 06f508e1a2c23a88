"""Checking a receipt's file with public keys alone, and saying in one line what does not fit.

A file is taken as people get it back from a chat or an editor: byte order mark, line ends and blank
lines at its end are no part of what was signed. Everything else is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

import orjson

from services.intake.proof import files, merkle
from services.intake.proof.merkle import Place
from services.intake.proof.statements import STATEMENT
from shared.errors import Invalid, Wrong
from shared.values.notes import PublicKey, Signature, base64, by_known, unbase64

MOST = 64 * 1024
_NUMBER = re.compile("0|[1-9][0-9]{0,15}")
_BLOCKS = 3
_MOST_SIGNATURES = 16


@dataclass(frozen=True)
class Checked:
    """A genuine receipt: what it states, by which key, among how many that were signed together."""

    stated: Mapping[str, Any]
    key: PublicKey
    size: int


def check(raw: bytes, keys: Sequence[PublicKey], bare: str | None = None) -> Checked:
    """What a file proves. Invalid says in one line why it proves nothing.

    `bare`: the receipt's code in 16 characters, where it should be this very receipt.
    """
    text = _text(raw)
    match text.partition("\n")[0]:
        case files.HEAD:
            checked = _of_tree(text, keys)
        case files.OLD_HEAD:
            checked = _of_old(text, keys)
        case _:
            _wrong("unknown")
    if bare and sha256(bare.encode()).hexdigest() != checked.stated["receipt_sha256"]:
        _wrong("other")
    return checked


def _wrong(what: str, **values: object) -> NoReturn:
    raise Invalid(Wrong("file", f"wrong.receipt_file_{what}", **values))


def _text(raw: bytes) -> str:
    if len(raw) > MOST:
        _wrong("unknown")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").strip("\n ")
    except UnicodeDecodeError:
        _wrong("unknown")
    if not text:
        _wrong("empty")
    return text


def _of_tree(text: str, keys: Sequence[PublicKey]) -> Checked:
    blocks = text.split("\n\n")
    if len(blocks) < _BLOCKS:
        _wrong("cut")
    try:
        head, tree, signed = (block.split("\n") for block in blocks)
        _, extra, index, *path = head
        origin, size, root = tree
        statement = unbase64(_after("extra ", extra))
        hashes = b"".join(map(_hash, path))
        place = Place(_number(_after("index ", index)), _number(size), hashes)
        signatures = [Signature.parse(line) for line in signed[:_MOST_SIGNATURES]]
    except ValueError:
        _wrong("damaged")
    key = _signer("\n".join([*tree, ""]), signatures, keys)
    if root != base64(merkle.root_of(merkle.leaf_of(statement), place) or b""):
        _wrong("changed")
    if origin != files.origin(key.name, unbase64(root)):
        _wrong("seal")
    return Checked(_stated(statement, "statement", STATEMENT), key, place.size)


def _of_old(text: str, keys: Sequence[PublicKey]) -> Checked:
    lines = text.split("\n")
    if len(lines) < _BLOCKS:
        _wrong("cut")
    try:
        _, stated, signed = lines
        statement = _after("statement ", stated)
        key_id, _, encoded = _after("signature ", signed).partition(" ")
        signature = unbase64(encoded)
    except ValueError:
        _wrong("damaged")
    key = next((key for key in keys if key.old_id == key_id), None)
    if key is None:
        _wrong("key", name="mashang", key_id=key_id)
    if not key.signed(statement, signature):
        _wrong("seal")
    return Checked(_stated(statement.encode(), "version", 1), key, 1)


def _after(word: str, line: str) -> str:
    if not line.startswith(word):
        raise ValueError(f"{word}is missing")
    return line.removeprefix(word)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return int(text)


def _hash(text: str) -> bytes:
    raw = unbase64(text)
    if len(raw) != merkle.SIZE:
        raise ValueError("not a hash")
    return raw


def _signer(text: str, signatures: Sequence[Signature], keys: Sequence[PublicKey]) -> PublicKey:
    """By whom it is signed: unknown signatures count for nothing, a wrong one for all."""
    by_us = by_known(signatures, keys)
    if not by_us:
        first = signatures[0]
        _wrong("key", name=first.name, key_id=first.key_id)
    if not all(key.signed(text, raw) for key, raw in by_us):
        _wrong("seal")
    return by_us[0][0]


def _stated(statement: bytes, field: str, expected: object) -> Mapping[str, Any]:
    stated = orjson.loads(statement)
    if stated.get(field) != expected:
        _wrong("newer")
    return dict(stated)
