"""What is stated of a submission: that we took in just this, there and then, and what we promised.

Made again from the stored facts at any time, to the byte. It commits to the content by a hash keyed
with the receipt's code: who holds the code can prove every word, who has only this can guess none.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

import orjson

STATEMENT = "mashang.receipt.v2"
_dumps = orjson.dumps


class Facts(Protocol):
    """What a statement is about; only the first format has no `tree_size`."""

    @property
    def id(self) -> UUID: ...
    @property
    def receipt_hash(self) -> bytes: ...
    @property
    def content_hash(self) -> bytes: ...
    @property
    def kind(self) -> str: ...
    @property
    def unit_code(self) -> str: ...
    @property
    def counter(self) -> int | None: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def callback_due_at(self) -> datetime | None: ...
    @property
    def verification_due_at(self) -> datetime | None: ...
    @property
    def tree_size(self) -> int | None: ...


def statement(facts: Facts) -> str:
    """The exact text that a receipt stands for."""
    if facts.tree_size is None:
        return _first(facts)
    # In order already, and in one piece: this line is on the fast path.
    return _dumps(
        {
            "callback_due_at": _due(facts.callback_due_at),
            "content_hmac_sha256": facts.content_hash.hex(),
            "counter": facts.counter,
            "kind": facts.kind,
            "receipt_sha256": facts.receipt_hash.hex(),
            "received_at": facts.received_at.isoformat(timespec="microseconds"),
            "statement": STATEMENT,
            "submission_id": str(facts.id),
            "unit_code": facts.unit_code,
            "verification_due_at": _due(facts.verification_due_at),
        }
    ).decode()


def _first(facts: Facts) -> str:
    return canonical(
        {
            "content_hmac_sha256": facts.content_hash.hex(),
            "counter": facts.counter,
            "issuer": "mashang",
            "kind": facts.kind,
            "receipt_sha256": facts.receipt_hash.hex(),
            "received_at": facts.received_at.isoformat(timespec="microseconds"),
            "submission_id": str(facts.id),
            "unit_code": facts.unit_code,
            "version": 1,
        }
    )


def _due(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def canonical(content: Mapping[str, object]) -> str:
    """RFC 8785 for names of ours and values that are texts, whole numbers or absent."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
