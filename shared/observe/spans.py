"""Spans: what was done in whose trace, and for how long; sent over OTLP where an address is set.

    with spans.entering("pay", reward.traceparent): …     a trace goes on here, or begins
    with spans.doing("POST vendor", "client"): …            below the present span

Elsewhere none of it does more than keep the trace (see `trace`), and OpenTelemetry is not even
imported. Attributes are names, numbers and codes of ours: no address, no parameter, no error's
words, as each of them may hold a phone, a receipt's code or what somebody wrote.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from shared.observe import trace

if TYPE_CHECKING:
    from shared.observe.otlp import Recorded, Recorder

Told = Mapping[str, str | int | float]
NONE: Told = {}
_VERB = re.compile(r"\s*(\w+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?([a-z_]+)\b(?!\()")

_recorder: "Recorder | None" = None


class Query(Protocol):
    """What the driver tells of a statement that has run."""

    @property
    def query(self) -> str:
        """Without its values."""

    @property
    def elapsed(self) -> float:
        """In seconds."""

    @property
    def exception(self) -> BaseException | None:
        """Why it failed."""


class Nothing:
    """A span where nobody listens."""

    traceparent: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        return None

    def tell(self, told: Told) -> None:
        """What is known only later."""

    def fail(self, error: BaseException) -> None:
        """It came to nothing, though its block goes on."""

    def close(self) -> None:
        """It is over, though its block goes on."""

    def drop(self) -> None:
        """There was nothing to tell of."""


class Open(Nothing):
    """A span that goes on; it is the present one until its block ends.

    `alone`, statements inside are not told of: who looks in vain every second has no story.
    """

    def __init__(self, recorded: "Recorded", *, alone: bool = False) -> None:
        self._recorded, self._alone = recorded, alone
        self.traceparent: str = recorded.traceparent
        self.ended = 0
        self._error: BaseException | None = None
        self._before: tuple[Token[str | None], Token[Open | None]] | None = None

    def __enter__(self) -> Self:
        own = None if self._alone else self
        self._before = trace.swap(self.traceparent), _present.set(own)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._before:
            trace.swap_back(self._before[0])
            _present.reset(self._before[1])
        self._error = error or self._error
        self.close()

    def tell(self, told: Told) -> None:
        """What is known only later."""
        self._recorded.tell(told)

    def fail(self, error: BaseException) -> None:
        """It came to nothing, though its block goes on."""
        self._error = error

    def close(self) -> None:
        """It is over, though its block goes on."""
        if not self.ended:
            self.ended = time.time_ns()
            self._recorded.end(self._error, self.ended)

    def drop(self) -> None:
        """There was nothing to tell of."""
        self.ended = self.ended or time.time_ns()


_NOTHING = Nothing()
_present: ContextVar[Open | None] = ContextVar("span", default=None)


def begin(service: str, url: str, share: float = 1.0) -> None:
    """From now on this process sends spans of `share` of the traces to `url`; if empty, none."""
    global _recorder
    if url:
        from shared.observe.otlp import Recorder

        _recorder = Recorder(service, url, share)


async def end() -> None:
    """Send what is left, for seconds at most."""
    global _recorder
    ended, _recorder = _recorder, None
    if ended:
        await ended.end()


def entering(
    name: str,
    traceparent: str | None,
    kind: str = "internal",
    told: Told = NONE,
    *,
    links: Sequence[str] = (),
    alone: bool = False,
) -> Nothing:
    """Go on with the given trace, or begin one when it is missing or malformed."""
    if _recorder is None:
        trace.start(traceparent)
        return _NOTHING
    return Open(_recorder.begin(name, kind, trace.known(traceparent), told, links), alone=alone)


def doing(name: str, kind: str = "internal", told: Told = NONE) -> Nothing:
    """Below the present span; outside any, nothing."""
    outer = _present.get()
    if _recorder is None or outer is None:
        return _NOTHING
    return Open(_recorder.begin(name, kind, outer.traceparent, told))


@contextmanager
def aside(name: str, traceparent: str | None) -> Iterator[str | None]:
    """For a while in another's trace, which then leads to the present one; with what it goes on."""
    if _recorder is None or trace.known(traceparent) is None:
        yield traceparent
        return
    with entering(name, traceparent, links=[trace.current()]) as own:
        yield own.traceparent


@contextmanager
def together(
    name: str, parents: Sequence[str | None], kind: str, told: Told = NONE
) -> Iterator[Sequence[str | None]]:
    """One piece of work for many traces: a span in each, and one of the work that links to all.

    With what each trace goes on. Where it is for one alone, the work is in its trace.
    """
    if _recorder is None or len(parents) == 1:
        with entering(name, parents[0] if len(parents) == 1 else None, kind, told) as own:
            yield parents if own.traceparent is None else [own.traceparent]
        return
    known = [trace.known(one) for one in parents]
    whole = entering(f"{name} together", None, kind, told, links=[one for one in known if one])
    with whole:
        back = [str(whole.traceparent)]
        each = [_recorder.begin(name, kind, one, told, back) for one in known]
        failed: BaseException | None = None
        try:
            yield [one.traceparent for one in each]
        except BaseException as error:
            failed = error
            raise
        finally:
            for one in each:
                one.end(failed)


def now() -> int:
    """Nanoseconds, for `note`; 0 where nobody listens."""
    return time.time_ns() if _recorder else 0


def note(
    name: str,
    traceparent: str | None,
    kind: str,
    told: Told,
    began: int,
    error: BaseException | None = None,
) -> None:
    """What is over by now, since `began` (see `now`), in the trace to which it belongs."""
    if _recorder:
        _recorder.begin(name, kind, trace.known(traceparent), told, at=began).end(error)


def queried(record: Query) -> None:
    """A statement that has run, below the span in which it did."""
    outer, ended = _present.get(), time.time_ns()
    began = ended - int(record.elapsed * 1e9)
    # A task that outlives the request which began it goes on in that one's context.
    if _recorder is None or outer is None or (outer.ended and began > outer.ended):
        return
    name = summary(record.query)
    told = {"db.system.name": "postgresql", "db.query.summary": name}
    span = _recorder.begin(name, "client", outer.traceparent, told, at=began)
    span.end(record.exception, ended)


def is_on() -> bool:
    """Whether anybody listens."""
    return _recorder is not None


@lru_cache(1000)
def summary(statement: str) -> str:
    """`INSERT outbox`: what it does to which tables. Values in it are left out with the rest."""
    verb = _VERB.match(statement)
    tables = dict.fromkeys(_TABLE.findall(statement))
    return " ".join([verb[1].upper() if verb else "?", *tables])
