"""Connections that can hold back what is to be written at the end of a transaction."""

from typing import Any

import asyncpg
from asyncpg.transaction import Transaction


class Holding(asyncpg.Connection):
    """A connection that can hold back what is to be written at the end of its transaction.

    A savepoint that rolls back forgets what was held back since it began, as PostgreSQL forgets
    what was written.
    """

    held: list[Any] | None = None

    def hold(self) -> None:
        """From now on `held` takes what comes."""
        self.held = []

    def let_go(self) -> list[Any]:
        """What was held back, in order; nothing is held any more."""
        held, self.held = self.held or [], None
        return held

    def transaction(
        self, *, isolation: Any = None, readonly: bool = False, deferrable: bool = False
    ) -> Transaction:
        """A transaction, or a savepoint inside one."""
        return _Forgetting(self, isolation, readonly, deferrable)


class _Forgetting(Transaction):
    def __init__(self, connection: Holding, *how: Any) -> None:
        super().__init__(connection, *how)
        self._holding, self._began_with = connection, 0

    async def start(self) -> None:
        await super().start()
        self._began_with = len(self._holding.held or ())

    async def rollback(self) -> None:
        self._forget()
        await super().rollback()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self._forget()
        await super().__aexit__(kind, error, trace)

    def _forget(self) -> None:
        if self._holding.held:
            del self._holding.held[self._began_with :]
