"""What PostgreSQL's trouble means: the one place that says who waits, who repeats, who refuses.

    AWAY       nothing can be had of it at present: gone, full, read-only, no place, no log-in
               ──▶ loops wait and do the same again, callers hear 503, no attempt is counted
    CONTENDED  another transaction was first: lock time-out, deadlock, serialization, a migration
               ──▶ the same, at once or soon
    UNFIT      this very row cannot be stored, now or later ──▶ it is parked or refused, alone

A statement that was cancelled (57014) is AWAY for whoever waits, but counts as an event's attempt:
perhaps it is the event that takes so long. An event that is AWAY again and again while others are
handled is at last to blame itself, whatever code it is given: its attempts count (see bus/inbox).
"""

import asyncpg

from shared.errors import Unavailable
from shared.observe import metrics

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    Unavailable,
)
CONTENDED = (
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    # A migration changed what this connection had prepared: prepared anew, it goes.
    asyncpg.InvalidCachedStatementError,
)
PASSING = (*AWAY, *CONTENDED)
UNFIT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
# NUL, and halves of characters: text that PostgreSQL can never hold.
NO_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def is_passing(error: BaseException) -> bool:
    """Whether the very same may succeed later, though nobody changes our code or the data."""
    if isinstance(error, asyncpg.InterfaceError):
        # The driver says both with one class: a closed connection, and our own wrong call.
        return "clos" in str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return False  # a file's trouble, not the network's
    return isinstance(error, PASSING)


def is_excused(error: BaseException) -> bool:
    """Whether it passes and an event had no part in it, so that no attempt is used up."""
    return is_passing(error) and not isinstance(error, asyncpg.QueryCanceledError)


def count(error: BaseException) -> None:
    """Into the metric, by kind."""
    if is_passing(error):
        metrics.DATABASE_FAULTS.labels(name_of(error)).inc()


def name_of(error: BaseException) -> str:
    """`TooManyConnectionsError`: the cause, where it has been made into an Unavailable."""
    cause = error.__cause__ if isinstance(error, Unavailable) else None
    return type(cause or error).__name__
