"""The receipt as a file (C2SP tlog-proof): the statement, its place in its tree, the signed root.

    c2sp.org/tlog-proof@v1
    extra <the statement, base64>
    index <which leaf>
    <its path, a hash a line>

    <the tree's origin>
    <how many leaves>
    <root>

    — <key's name> <key's id and signature>

Every tree has an origin of its own, named after its root: what one origin has signed never
contradicts itself. Receipts of the first format are a statement and a signature under it.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Protocol

from services.intake.proof import merkle
from services.intake.proof.merkle import Place
from shared.values.notes import PublicKey, base64, note

HEAD = "c2sp.org/tlog-proof@v1"
OLD_HEAD = "mashang-receipt@v1"
ORIGIN_BYTES = 16


class Signed(Protocol):
    """How a receipt was signed; only the first format has no tree."""

    @property
    def key_id(self) -> str: ...
    @property
    def signature(self) -> bytes: ...
    @property
    def leaf_index(self) -> int | None: ...
    @property
    def tree_size(self) -> int | None: ...
    @property
    def tree_path(self) -> bytes | None: ...


def root_text(name: str, root: bytes, size: int) -> str:
    """What is signed for a whole tree."""
    return f"{origin(name, root)}\n{size}\n{base64(root)}\n"


def origin(name: str, root: bytes) -> str:
    """The tree's own name."""
    return f"{name}/{root[:ORIGIN_BYTES].hex()}"


def file_of(facts: Signed, statement: str, key: PublicKey) -> str:
    """The file of a receipt. ValueError if what is stored of its tree leads nowhere."""
    leaf = statement.encode()
    place = Place(facts.leaf_index or 0, facts.tree_size or 0, facts.tree_path or b"")
    root = merkle.root_of(merkle.leaf_of(leaf), place)
    if root is None:
        raise ValueError("a receipt's path does not fit its tree")
    return _file(leaf, place, base64, _signed(root, place.size, key, facts.signature))


def files_of(
    leaves: Sequence[bytes], places: Sequence[Place], root: bytes, key: PublicKey, signature: bytes
) -> list[str]:
    """The files of a whole tree: its upper hashes stand in many of them, and are written once."""
    signed, written = _signed(root, len(leaves), key, signature), cache(base64)
    return [_file(*one, written, signed) for one in zip(leaves, places, strict=True)]


def _file(leaf: bytes, place: Place, written: Callable[[bytes], str], signed: str) -> str:
    head = (HEAD, f"extra {base64(leaf)}", f"index {place.leaf}", *map(written, place.hashes))
    return "\n".join((*head, "", signed))


@lru_cache(64)
def _signed(root: bytes, size: int, key: PublicKey, signature: bytes) -> str:
    """The tree's own part, which all receipts of a batch share."""
    return note(root_text(key.name, root, size), key, signature)


def old_file_of(statement: str, key_id: str, signature: bytes) -> str:
    """The file of a receipt of the first format."""
    return f"{OLD_HEAD}\nstatement {statement}\nsignature {key_id} {base64(signature)}\n"
