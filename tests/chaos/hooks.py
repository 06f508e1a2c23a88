"""Where a doomed process looks whether it dies: the drivers' own doors, not our code.

asyncpg   COMMIT, and the statements that commit by themselves
aiormq    basic_ack; and Publisher.publish, which writes the frames itself
aiohttp   a call to a vendor
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import asyncpg
from aiormq import Channel
from asyncpg.transaction import Transaction

from shared.bus.publishing import Letter, Publisher
from shared.vendors import client
from tests.chaos.fate import Fate

# What was written has left this process by then, and an answer was heard by nobody yet.
LEFT_SECONDS = 0.03
_WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b")
Async = Callable[..., Awaitable[Any]]


def install(fate: Fate) -> None:
    """From now on each door asks."""
    own: Any = Transaction
    own._Transaction__commit = _commit(fate, own._Transaction__commit)
    classes = cast(Any, (asyncpg.Connection, Channel, Publisher, client.Client))
    connection, channel, publisher, vendor = classes
    connection._execute = _statement(fate, connection._execute)
    channel.basic_ack = _ack(fate, channel.basic_ack)
    publisher.publish = _publish(fate, publisher.publish)
    vendor.call = _call(fate, vendor.call)


def _commit(fate: Fate, commit: Async) -> Async:
    async def doomed(self: Any) -> None:
        if self._nested:
            await commit(self)
            return
        await fate.linger("commit")
        if fate.is_overtaken():
            await self._Transaction__rollback()
            raise asyncpg.DeadlockDetectedError("as if another transaction had been first")
        point, frame = fate.choose("commit"), fate.nameless()
        wrote = bool(point or frame) and await _wrote(self._connection)
        if frame and wrote:
            fate.note_nameless(frame)
        if point and wrote and point.edge == "before":
            fate.die(point)
        await commit(self)
        if point and wrote:
            fate.die(point)

    return doomed


async def _wrote(connection: asyncpg.Connection) -> bool:
    # A commit of nothing is no moment worth dying in.
    with suppress(Exception):
        return bool(await connection.fetchval(_WROTE))
    return False


def _statement(fate: Fate, execute: Async) -> Async:
    async def doomed(self: asyncpg.Connection, query: str, *arguments: Any, **named: Any) -> Any:
        if self.is_in_transaction() or not _WRITES.search(query):
            return await execute(self, query, *arguments, **named)
        point, frame = fate.choose("statement"), fate.nameless()
        if point and point.edge == "before":
            fate.die(point)
        result = await execute(self, query, *arguments, **named)
        if frame and result:
            fate.note_nameless(frame)
        if point and result:
            fate.die(point)
        return result

    return doomed


def _ack(fate: Fate, ack: Async) -> Async:
    async def doomed(self: Channel, *arguments: Any, **named: Any) -> Any:
        point = fate.choose("ack")
        if point and point.edge == "before":
            fate.die(point)
        done = await ack(self, *arguments, **named)
        if point:
            await asyncio.sleep(LEFT_SECONDS)
            fate.die(point)
        return done

    return doomed


def _publish(fate: Fate, publish: Async) -> Async:
    async def doomed(self: Publisher, letters: Sequence[Letter]) -> Any:
        point = fate.choose("publish") if letters else None
        if point and point.edge == "before":
            fate.die(point)
        if point and point.edge == "sent":
            await _leave(publish(self, letters))
            fate.die(point)
        outcomes = await publish(self, letters)
        if point and None in outcomes:
            fate.die(point)
        return outcomes

    return doomed


def _call(fate: Fate, call: Async) -> Async:
    async def doomed(self: client.Client, *arguments: Any, **named: Any) -> Any:
        point = fate.choose("vendor")
        if point and point.edge == "before":
            fate.die(point)
        if point and point.edge == "sent":
            await _leave(call(self, *arguments, **named))
            fate.die(point)
        answer = await call(self, *arguments, **named)
        if point and isinstance(answer, client.Answer):
            fate.die(point)
        return answer

    return doomed


async def _leave(work: Awaitable[Any]) -> None:
    going = asyncio.ensure_future(work)
    await asyncio.wait({going}, timeout=LEFT_SECONDS)
