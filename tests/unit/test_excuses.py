"""When the server's trouble ends to be an excuse."""

from uuid import uuid4

import asyncpg

from shared.bus.excuses import EXCUSES, Excuses

FULL = asyncpg.DiskFullError("quota")
LOCKED = asyncpg.LockNotAvailableError("busy")


def test_where_nothing_else_is_handled_either() -> None:
    """It is the server's fault, however often."""
    excuses, event = Excuses(), uuid4()
    assert all(excuses.one(event, FULL) for _ in range(3 * EXCUSES))


def test_while_others_are_handled() -> None:
    """So often and no more; another event has excuses of its own."""
    excuses, event, other = Excuses(), uuid4(), uuid4()
    told = []
    for _ in range(EXCUSES + 2):
        told.append(excuses.one(event, FULL))
        excuses.handled += 1
    assert [True] * EXCUSES + [False] * 2 == told
    assert excuses.one(other, FULL)


def test_a_lock_that_others_hold() -> None:
    """Is always one, and uses none up."""
    excuses, event = Excuses(), uuid4()
    for _ in range(2 * EXCUSES):
        assert excuses.one(event, LOCKED)
        excuses.handled += 1
    assert excuses.one(event, FULL)


def test_what_was_handled_begins_anew() -> None:
    """An event of the same id that comes again has all its excuses."""
    excuses, event = Excuses(), uuid4()
    for _ in range(EXCUSES + 1):
        excuses.one(event, FULL)
        excuses.handled += 1
    assert not excuses.one(event, FULL)
    excuses.forget(event)
    assert excuses.one(event, FULL)
