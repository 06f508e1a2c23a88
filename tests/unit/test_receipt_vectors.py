"""Our trees, notes and files are those of another implementation, to the byte.

`vectors/receipts/main.go` made the vectors with golang.org/x/mod/sumdb, and says how.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.intake.proof import checking, files, merkle
from services.intake.proof.files import Signed
from shared.values.notes import PublicKey, Signer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/receipts/vectors.json").read_text())
SIGNER = Signer(VECTORS["name"], VECTORS["seed"].encode())
SIZES = sorted({one["size"] for one in VECTORS["files"]})


def statement(size: int, index: int) -> str:
    """The vectors' leaves."""
    return f'{{"counter":null,"kind":"评价","number":{index},"of":{size}}}'


def test_the_key_is_told_as_others_tell_it() -> None:
    """Name, id and key in a line; and read back from it."""
    assert VECTORS["key"] == str(SIGNER.public)
    assert SIGNER.public == PublicKey.parse(VECTORS["key"])


@pytest.mark.parametrize("size", SIZES)
def test_we_write_what_others_write(size: int) -> None:
    """The same leaves under the same key become the same files."""
    leaves = [merkle.leaf_of(statement(size, n).encode()) for n in range(size)]
    root, places = merkle.grow(leaves)
    signature = SIGNER.sign(files.root_text(SIGNER.name, root, size))
    for one in (one for one in VECTORS["files"] if one["size"] == size):
        index, path = one["index"], places[one["index"]].path
        facts: Any = SimpleNamespace(
            leaf_index=index, tree_size=size, tree_path=path, signature=signature
        )
        said = statement(size, index)
        assert one["file"] == files.file_of(cast(Signed, facts), said, SIGNER.public)


@pytest.mark.parametrize(
    "one", VECTORS["files"], ids=lambda one: f"{one['index']} of {one['size']}"
)
def test_we_accept_what_others_write(one: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Signature, path and origin of their files hold; only the statement is none of ours."""
    monkeypatch.setattr(checking, "STATEMENT", None)
    checked = checking.check(one["file"].encode(), [SIGNER.public])
    assert (one["size"], one["statement"]) == (checked.size, statement(one["size"], one["index"]))
    assert one["index"] == checked.stated["number"]
