"""What several workers are together: one page of metrics, one state, whole lines, one exit code."""

import os
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import services.intake.accept.metrics  # noqa: F401  it says what is a process's own
from shared.config import Settings
from shared.observe.together import one_page, samples
from shared.web.callers import Outside
from shared.web.ops import Answer, together, whole_app
from shared.workers import Supervisor, Worker
from tests.unit.test_config import BARE

FINE = Answer(200, '{"service":"ok","database":"ok","broker":"ok"}')


def counted(sent: int, route: str, waiting: int, depth: int, connected: int) -> str:
    """What one worker tells of its metrics."""
    return samples(registry(sent, route, waiting, depth, connected)).decode()


def registry(sent: int, route: str, waiting: int, depth: int, connected: int) -> CollectorRegistry:
    """So many of each."""
    one = CollectorRegistry()
    Counter("mashang_sent", "Sent", ["route"], registry=one).labels(route).inc(sent)
    Counter("mashang_sent_in_all", "All", registry=one).inc(sent)
    Histogram("mashang_seconds", "Took", buckets=(1, 2), registry=one).observe(sent)
    Gauge("mashang_submissions_waiting", "Waiting", registry=one).set(waiting)
    Gauge("mashang_outbox_events", "Depth", registry=one).set(depth)
    connection = Gauge("mashang_broker_connected", "1", ["role"], registry=one)
    connection.labels("relay").set(connected)
    return one


def test_counts_are_added_and_tables_are_not() -> None:
    """Counters and histograms by label, also one that only one has; a connection is all or none."""
    whole = one_page([counted(1, 'a"\\\n', 4, 30, 1), counted(2, "b", 5, 29, 0)]).decode()
    told = {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(whole)
        for one in family.samples
        if not one.name.endswith("_created")
    }
    assert told == {
        ("mashang_sent_total", 'a"\\\n'): 1, ("mashang_sent_total", "b"): 2,
        ("mashang_sent_in_all_total",): 3,
        ("mashang_seconds_bucket", "1.0"): 1, ("mashang_seconds_bucket", "2.0"): 2,
        ("mashang_seconds_bucket", "+Inf"): 2, ("mashang_seconds_count",): 2,
        ("mashang_seconds_sum",): 3,
        ("mashang_submissions_waiting",): 9,
        ("mashang_outbox_events",): 30,
        ("mashang_broker_connected", "relay"): 0,
    }  # fmt: skip


def test_a_page_of_one_is_that_page() -> None:
    """Nothing is lost or renamed on the way: names, types, help, labels, numbers."""
    of = (7, "/w/{code}", 1, 2, 1)
    alone = generate_latest(registry(*of)).decode()
    assert alone == one_page([counted(*of)]).decode()


@pytest.mark.parametrize(
    ("told", "one"),
    [
        ([{"service": "ok"}, {"service": "ok"}], {"service": "ok"}),
        ([{"broker": "ok"}, {"broker": "away"}], {"broker": "worker 2: away"}),
        (
            [{"jobs": "late: a (61 s)"}, {"jobs": "ok"}, {"jobs": "late: a (63 s)"}],
            {"jobs": "worker 1: late: a (61 s); worker 3: late: a (63 s)"},
        ),
        ([{"service": "draining"}, {}], {"service": "worker 1: draining; worker 2: no answer"}),
        ([{}, {}], {"service": "no answer"}),
    ],
)
def test_a_state_is_told_once_or_of_whom_it_is(
    told: list[dict[str, str]], one: dict[str, str]
) -> None:
    """What all say needs no number; who is well is not named beside who is not."""
    assert one == together(told)


@pytest.mark.parametrize(
    ("path", "answers", "status", "text"),
    [
        ("/readyz", [FINE, FINE], 200, '{"service":"ok","database":"ok","broker":"ok"}'),
        ("/readyz", [FINE, Answer()], 503, "worker 2: no answer"),
        ("/readyz", [FINE, Answer(503, '{"database":"read-only"}')], 503, "worker 2: read-only"),
        ("/healthz", [Answer(200, '{"status":"alive"}')] * 2, 200, '{"status":"alive"}'),
        ("/healthz", [Answer(200, '{"status":"alive"}'), Answer()], 503, "worker 2: no answer"),
        ("/metrics", [Answer(200, counted(1, "a", 0, 3, 1))] * 2, 200, "mashang_outbox_events 3.0"),
        ("/metrics", [Answer(200, counted(1, "a", 0, 3, 1)), Answer()], 200, "silent 1.0\n"),
    ],
)
async def test_the_ops_port_speaks_for_all(
    path: str, answers: list[Answer], status: int, text: str
) -> None:
    """Alive and ready are all or none; metrics that lack one would fall, so only that is told."""

    async def ask(asked: str) -> list[Answer]:
        assert asked == {"/metrics": "/samples"}.get(path, path)
        return answers

    async with TestClient[Any, Any](TestServer(whole_app(ask))) as client:
        response = await client.get(path)
        assert status == response.status
        assert text in await response.text()


def test_lines_stay_whole(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What two write in pieces comes out line by line, and a last one that has no end as well."""
    pipes = [os.pipe(), os.pipe()]
    workers = [Worker(n, 0, 0, lines) for n, (lines, _) in enumerate(pipes, 1)]
    for pieces in ((b"aaaa", b"bb"), (b"a\nAA", b"bb\nBB"), (b"A\n", b"last")):
        for worker, (_, said), piece in zip(workers, pipes, pieces, strict=True):
            os.write(said, piece)
            worker.pass_on()
    os.close(pipes[0][1])
    for worker in workers:
        worker.pass_rest()
    assert b"aaaaa\nbbbb\nAAA\nBBlast" == capfdbinary.readouterr().err
    for descriptor in (pipes[0][0], *pipes[1]):
        os.close(descriptor)


@pytest.mark.parametrize(("codes", "asked", "code"), [
    ((0, 0), True, 0), ((0, -15), True, 0), ((0, 0), False, 1), ((0, 1), True, 1),
    ((0, -9), True, 1), ((2, 0), False, 2), ((2, 2), True, 2), ((1, 2), False, 2),
])  # fmt: skip
def test_the_exit_code_is_that_of_a_process_alone(
    codes: tuple[int, ...], asked: bool, code: int
) -> None:
    """0 after a drain that was asked for, 2 where a setting is wrong, else 1."""
    supervisor = Supervisor([Worker(1, 0, 0, 0, ended) for ended in codes])
    if asked:
        supervisor.stop()
    assert code == supervisor.code


@pytest.mark.parametrize(("workers", "most"), [(1, 500), (2, 250), (3, 167), (64, 8)])
def test_what_a_caller_may_hold_is_shared_out(workers: int, most: int) -> None:
    """Connections spread over the workers, so each gives its part."""
    settings = Settings.model_validate(BARE | {"workers": workers})
    assert most == Outside.of(settings).most
