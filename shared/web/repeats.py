"""What comes twice is done once: the second time it gets the answer of the first.

The note of it lies in the transaction of the act, so both are stored or neither is; an act that was
refused left nothing, and may be tried again. The answer is sealed with the caller's own key, of
which only a hash is kept: a phone that was shown once lies nowhere in clear.
"""

import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from hashlib import sha256
from typing import Any, Self, TypeVar, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter, ValidationError

from shared.db import Connection, Database
from shared.errors import Conflict, KeyReused, Refused
from shared.web.endpoints import FORM_KEY, Call

A = TypeVar("A")
KEPT = timedelta(days=7)
_NONCE = 12
_GET = "SELECT request_hash, answer FROM repeats WHERE key_hash = $1"
_ADD = "INSERT INTO repeats (key_hash, request_hash, answer) VALUES ($1, $2, $3)"
_REMOVE = """
    WITH old AS (DELETE FROM repeats WHERE created_at < mashang_now() - $1::interval RETURNING 1)
    SELECT count(*) FROM old
"""


@dataclass(frozen=True)
class Mark:
    """What tells a repeat: whose key, and what was asked with it."""

    key_hash: bytes
    request_hash: bytes
    secret: bytes = field(repr=False)
    waits: bool

    @classmethod
    def of(cls, call: Call[Any, Any]) -> Self:
        """A browser's second click waits for the first; a program is told that it is under way.

        The buttons of one form share its key, and each has an address of its own; so has what
        somebody does who is not signed in, and whose keys might be another's.
        """
        waits = call.repeat_key.startswith(FORM_KEY)
        who = call.visitor.operator.username if call.visitor else ""
        whose = (who, call.repeat_key, call.address if waits or not who else "")
        owner = "\n".join(whose).encode()
        asked = call.address.encode() + b"\n" + call.raw
        return cls(
            sha256(b"key\n" + owner).digest(),
            sha256(asked).digest(),
            sha256(b"secret\n" + owner).digest(),
            waits,
        )

    @property
    def lock(self) -> int:
        """The number of the lock that a request with this key holds."""
        return int.from_bytes(self.key_hash[:8], "big", signed=True)

    def close(self, answer: bytes) -> bytes:
        """Seal an answer so that only the key opens it."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, answer, self.request_hash)

    def open(self, sealed: bytes) -> bytes:
        """The answer."""
        return AESGCM(self.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], self.request_hash)


async def once(
    conn: Connection, call: Call[Any, Any], kind: type[A], act: Callable[[], Awaitable[A]]
) -> A:
    """Do it, or give the answer of the first time; begin a transaction with this.

    KeyReused for another body under the same key, Conflict while the first is under way. A form
    without a key was not sent by our page, and only loses the protection.
    """
    if not call.repeat_key:
        return await act()
    mark = Mark.of(call)
    await _take_turn(conn, mark)
    if first := await conn.fetchrow(_GET, mark.key_hash):
        return _answer(mark, kind, first["request_hash"], first["answer"])
    done = await act()
    answer = mark.close(_adapter(cast(Any, kind)).dump_json(done))
    await conn.execute(_ADD, mark.key_hash, mark.request_hash, answer)
    return done


async def done_once(
    database: Database,
    call: Call[Any, Any],
    kind: type[A],
    act: Callable[[Connection], Awaitable[A]],
) -> A:
    """The same in a transaction of its own, on behalf of whoever asks."""
    async with database.transaction(as_=call.operator) as conn:
        return await once(conn, call, kind, partial(act, conn))


async def _take_turn(conn: Connection, mark: Mark) -> None:
    if mark.waits:
        await conn.execute("SELECT pg_advisory_xact_lock($1)", mark.lock)
    elif not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", mark.lock):
        raise Conflict("refused.repeat_under_way")


def key_again(call: Call[Any, Any], refused: Refused) -> str:
    """The key of a form that is shown again: the same, as what was refused may have gone through
    after all; another only where the first is used up.
    """
    key = call.fields.one("key")
    return secrets.token_urlsafe(24) if isinstance(refused, KeyReused) or not key else key


def _answer(mark: Mark, kind: type[A], request_hash: bytes, answer: bytes) -> A:
    if request_hash != mark.request_hash:
        raise KeyReused("refused.form_sent_already" if mark.waits else "")
    try:
        return cast(A, _adapter(cast(Any, kind)).validate_json(mark.open(answer)))
    except (InvalidTag, ValidationError):
        # Another version of the service wrote it; done is done.
        raise Conflict("refused.repeat_done") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


async def remove_old(database: Database) -> int:
    """Forget what nobody repeats any more; how many there were."""
    async with database.transaction() as conn:
        return int(await conn.fetchval(_REMOVE, KEPT))
