"""Passwords: argon2id, off the event loop, and the same work whether or not the user exists."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.verification.signin.line import KNOWN, Line
from services.verification.signin.rules import SHORTEST_PASSWORD
from shared.values import text

# RFC 9106, second recommended option: 64 MiB, 3 passes. Two at a time, since each takes that much.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_AT_ONCE = 2
_NOBODY = _HASHER.hash("nobody has this password")


class TooShort(ValueError):
    """The text says how long a password must be."""


class Passwords:
    """Makes and checks hashes for one process; `line` says whose turn it is."""

    def __init__(self) -> None:
        self.line = Line(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """A hash to store. TooShort if the password is."""
        if len(text.lines(password)) < SHORTEST_PASSWORD:
            raise TooShort(f"a password needs at least {SHORTEST_PASSWORD} characters")
        async with self.line.turn(KNOWN):
            return await asyncio.to_thread(_hashed, password)

    async def renewed(self, stored: str, password: str) -> str | None:
        """A new hash where the stored one was made with other parameters than today's."""
        if not _HASHER.check_needs_rehash(stored):
            return None
        async with self.line.turn(KNOWN):
            return await asyncio.to_thread(_hashed, password)

    async def check(self, stored: str | None, password: str, whose: str = KNOWN) -> bool:
        """Whether the password is right; False after the same work if there is no hash."""
        async with self.line.turn(whose):
            checking = asyncio.to_thread(_verify, _NOBODY if stored is None else stored, password)
            return await _ended(checking) and stored is not None


async def _ended(work: Coroutine[Any, Any, bool]) -> bool:
    """What a thread gives: it cannot be stopped, so who is cancelled keeps the turn until then."""
    thread = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait({thread})
        raise


def _hashed(password: str) -> str:
    # A terminal and a browser may write one letter in two ways; a hash is of the usual one.
    return _HASHER.hash(text.lines(password))


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, text.lines(password))
    except (VerificationError, InvalidHashError):
        return False
