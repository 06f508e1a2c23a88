"""What each trouble of PostgreSQL means is said in one place."""

import asyncpg
import pytest

from shared import faults
from shared.errors import NotFound, Reject, Unavailable
from shared.web import problems


def closed() -> asyncpg.InterfaceError:
    """What asyncpg says of a connection that broke."""
    return asyncpg.InterfaceError("connection is closed")


@pytest.mark.parametrize(
    ("error", "passing", "excused", "status"),
    [
        (ConnectionResetError(), True, True, 503),
        (TimeoutError(), True, True, 503),
        (closed(), True, True, 503),
        (asyncpg.ConnectionDoesNotExistError(), True, True, 503),
        (asyncpg.TooManyConnectionsError(), True, True, 503),
        (asyncpg.DiskFullError(), True, True, 503),
        (asyncpg.OutOfMemoryError(), True, True, 503),
        (asyncpg.PostgresIOError(), True, True, 503),
        (asyncpg.InvalidPasswordError(), True, True, 503),
        (asyncpg.InvalidCatalogNameError(), True, True, 503),
        (asyncpg.ReadOnlySQLTransactionError(), True, True, 503),
        (asyncpg.IdleInTransactionSessionTimeoutError(), True, True, 503),
        (asyncpg.AdminShutdownError(), True, True, 503),
        (asyncpg.LockNotAvailableError(), True, True, 503),
        (asyncpg.DeadlockDetectedError(), True, True, 503),
        (asyncpg.SerializationError(), True, True, 503),
        (asyncpg.InvalidCachedStatementError(), True, True, 503),
        (asyncpg.ConfigurationLimitExceededError(), True, True, 503),
        (asyncpg.CannotConnectNowError(), True, True, 503),
        (asyncpg.CrashShutdownError(), True, True, 503),
        (Unavailable(), True, True, 503),
        # Perhaps the event itself takes so long: the attempt counts.
        (asyncpg.QueryCanceledError(), True, False, 503),
        # Ours: the driver's class is that of a closed connection.
        (asyncpg.InterfaceError("the server expects 2 arguments"), False, False, 500),
        (FileNotFoundError(2, "No such file", "policy.toml"), False, False, 500),
        (asyncpg.UndefinedTableError(), False, False, 500),
        (asyncpg.UniqueViolationError(), False, False, 500),
        (asyncpg.CharacterNotInRepertoireError(), False, False, 400),
        (asyncpg.UntranslatableCharacterError(), False, False, 400),
        (ZeroDivisionError(), False, False, 500),
        (Reject("never"), False, False, 500),
        (NotFound(), False, False, 404),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_trouble_has_one_meaning(
    error: Exception, passing: bool, excused: bool, status: int
) -> None:
    """Whether it passes, whether an event's attempt counts, what a caller hears."""
    found = (faults.is_passing(error), faults.is_excused(error), problems.refusal(error).status)
    assert (passing, excused, status) == found


def test_the_cause_is_named_not_its_wrapping() -> None:
    """Logs and metrics say `TooManyConnectionsError`, not `Unavailable`."""
    wrapped = Unavailable()
    wrapped.__cause__ = asyncpg.TooManyConnectionsError()
    assert ["TooManyConnectionsError", "Unavailable", "TimeoutError"] == [
        faults.name_of(error) for error in (wrapped, Unavailable(), TimeoutError())
    ]
