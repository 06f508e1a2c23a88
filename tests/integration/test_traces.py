"""Spans as a collector gets them: over real HTTP, of a real database."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from shared.db import Database
from shared.observe import metrics, spans, trace
from tests.collector import Collector, Seen
from tests.conftest import Clone
from tests.support import captured_logs

SERVICE = "scoring"
TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{TRACE}-b7ad6b7169203331-01"
OTHER = f"00-{'1' * 32}-{'2' * 16}-00"
PHONE = "13912345678"


@asynccontextmanager
async def listening(share: float = 1.0) -> AsyncIterator[Collector]:
    """Everything that is done inside has been told at the end."""
    async with Collector() as collector:
        spans.begin(SERVICE, collector.url, share)
        yield collector
        await spans.end()


def named(collector: Collector) -> dict[str, Seen]:
    """By name; none came twice."""
    assert len(collector.spans) == len({one.name for one in collector.spans})
    return {one.name: one for one in collector.spans}


async def test_a_trace_goes_on_and_comes_back() -> None:
    """Below the caller's span, each below the one around it, and then as it was before."""
    trace.start(OTHER)
    async with listening() as collector:
        with spans.entering("outer", GIVEN, "server", {"size": 2}) as outer:
            assert outer.traceparent == trace.current()
            with spans.doing("inner", "client"):
                assert TRACE == trace.correlation_id()
        assert OTHER == trace.current()
        assert None is spans.doing("outside").traceparent
    found = named(collector)
    assert {"outer", "inner"} == found.keys()
    assert (TRACE, "b7ad6b7169203331") == (found["outer"].trace_id, found["outer"].parent_id)
    assert (TRACE, found["outer"].span_id) == (found["inner"].trace_id, found["inner"].parent_id)
    assert ("server", {"size": 2}, SERVICE) == (
        found["outer"].kind, found["outer"].told, found["outer"].service
    )  # fmt: skip


async def test_statements_are_told_of_where_they_belong(clone: Clone) -> None:
    """Below the span in which they ran, without their values; outside any, or alone, not at all."""
    async with listening() as collector:
        database = await Database.connect(await clone(SERVICE), SERVICE, 1)
        with spans.entering("job", None, alone=True):
            async with database.acquire() as conn:
                await conn.execute("SELECT count(*) FROM inbox")
        with spans.entering("outer", GIVEN):
            async with database.transaction() as conn:
                await conn.fetch("SELECT * FROM outbox WHERE type = $1", PHONE)
                with pytest.raises(asyncpg.InvalidTextRepresentationError):
                    async with conn.transaction():
                        await conn.fetch(f"SELECT '{PHONE}'::uuid FROM inbox_pending")
        await database.close()
    told = [one for one in collector.spans if one.kind == "client"]
    (outer,) = (one for one in collector.spans if one.name == "outer")
    assert {(TRACE, outer.span_id)} == {(one.trace_id, one.parent_id) for one in told}
    assert {
        "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "SELECT inbox_pending", "SELECT outbox",
    } == {one.name for one in told}  # fmt: skip
    (failed,) = (one for one in told if one.failed)
    assert "InvalidTextRepresentationError" == failed.told["error.type"]
    assert PHONE.encode() not in collector.raw


async def test_work_for_many_is_in_the_trace_of_each() -> None:
    """A span in each, which leads to the work's own and back; of a single one the work is there."""
    async with listening() as collector:
        with spans.together("process x", [GIVEN, OTHER, None, "wrong"], "consumer") as traces:
            assert [TRACE, "1" * 32] == [str(one).split("-")[1] for one in traces[:2]]
            whole = trace.correlation_id()
        with spans.together("process y", [GIVEN], "consumer") as traces:
            assert [trace.current()] == traces
    own = [one for one in collector.spans if one.name == "process x"]
    (work,) = (one for one in collector.spans if one.name == "process x together")
    assert {(whole,)} == {one.links for one in own}
    assert (4, (TRACE, "1" * 32), whole) == (len(own), work.links, work.trace_id)
    assert TRACE == next(one for one in collector.spans if one.name == "process y").trace_id


async def test_for_a_while_in_anothers_trace() -> None:
    """It is told there and leads to the request that caused it, whose own trace then goes on."""
    async with listening() as collector:
        with spans.entering("request", OTHER):
            with spans.aside("tell", GIVEN) as its:
                assert its == trace.current()
            assert "1" * 32 == trace.correlation_id()
            with spans.aside("tell of nothing", None) as its:
                assert None is its
    found = named(collector)
    assert {"request", "tell"} == found.keys()
    assert (TRACE, ("1" * 32,)) == (found["tell"].trace_id, found["tell"].links)


async def test_an_error_is_told_by_its_kind() -> None:
    """Its words may quote a phone; what was dropped is not told at all."""
    async with listening() as collector:
        with pytest.raises(ValueError, match=PHONE), spans.entering("outer", GIVEN):
            raise ValueError(PHONE)
        with spans.entering("dropped", GIVEN) as span:
            span.drop()
        spans.note("sent", GIVEN, "producer", {}, spans.now(), TimeoutError(PHONE))
    assert {"outer": "ValueError", "sent": "TimeoutError"} == {
        one.name: one.told["error.type"] for one in collector.spans if one.failed
    }
    assert 2 == len(collector.spans)
    assert PHONE.encode() not in collector.raw


async def test_of_a_share_each_trace_is_told_of_whole_or_not_at_all() -> None:
    """By its id, so that every service chooses the same; others go on untold."""
    ids = [secrets.token_hex(16) for _ in range(200)]
    told = []
    for _ in range(2):
        async with listening(0.5) as collector:
            for one in ids:
                with spans.entering("outer", f"00-{one}-{'3' * 16}-01") as outer:
                    assert outer.traceparent == trace.current()
                    with spans.doing("inner"):
                        assert one == trace.correlation_id()
        told.append(sorted((span.trace_id, span.name) for span in collector.spans))
    whole = {(one, name) for one, _ in told[0] for name in ("inner", "outer")}
    assert told[0] == told[1] == sorted(whole)
    assert 40 < len(whole) / 2 < 160
    async with listening(0) as collector:
        with spans.entering("outer", GIVEN) as outer:
            assert TRACE == str(outer.traceparent).split("-")[1]
    assert [] == collector.spans


async def test_a_collector_that_is_away_is_told_once() -> None:
    """Nothing waits for it, the process ends in time, and what was lost is counted."""
    before = counted()
    with captured_logs() as logs:
        spans.begin(SERVICE, "http://127.0.0.1:1/v1/traces")
        for _ in range(3):
            with spans.entering("outer", GIVEN):
                pass
        await spans.end()
    assert ["traces not taken"] == [one["event"] for one in logs]
    assert {"made": 3, "refused": 3, "sent": 0} == {
        outcome: number - before[outcome] for outcome, number in counted().items()
    }


def counted() -> dict[str, float]:
    """What /metrics says of spans."""
    return {
        one.labels["outcome"]: one.value
        for metric in metrics.SPANS.collect()
        for one in metric.samples
    }
