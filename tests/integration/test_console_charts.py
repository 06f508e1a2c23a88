"""The console's charts, drawn from a real Prometheus over real metrics; and without it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from deploy.local import targets
from deploy.local.ports import Ports, free_port
from shared.console import prometheus
from shared.observe.boards import BOARDS
from shared.web.listening import listen
from shared.web.texts import text
from tests.conftest import eventually
from tests.integration.test_console_pages import Desk, desk
from tests.integration.test_observe import Hasty, child
from tests.integration.test_service_start import Child
from tests.town import SERVICES, Town

__all__ = ["child"]
WINDOW = prometheus.Window(datetime.now(UTC), timedelta(hours=6), "rewards")


@asynccontextmanager
async def watched(place: Town, scoring: Child, data: Path) -> AsyncIterator[None]:
    """A Prometheus where the town's console looks for it, over one process in the name of five.

    The town's own tells of all that this run has done so far: a megabyte, five times a second.
    """
    data.mkdir()
    entries = targets.of({service: [scoring.ops] for service in SERVICES})
    (data / "targets.json").write_text(targets.text(entries))
    async with Hasty(data, place.prometheus, Ports.free()):
        yield


async def told(own: Desk, *words: str) -> bool:
    """Whether the page of charts says all of this now."""
    assert 200 == await own.get("/console/charts", hours="1")
    return all(word in own.page for word in words)


async def missing(own: Desk, board: str) -> list[str]:
    """What a board of 28 days lacks now: panels by their titles, and answers."""
    assert 200 == await own.get("/console/charts", board=board, hours="672")
    page, lang = unescape(own.page), own._lang
    titles = [text(lang, f"chart_{panel.key}") for panel in BOARDS[board]]
    unanswered = [text(lang, key) for key in ("console_charts_failed", "console_charts_away")]
    return [one for one in titles if f">{one}</" not in page] + [
        one for one in unanswered if one in page
    ]


async def test_every_board_is_drawn(place: Town, child: Child, tmp_path: Path) -> None:
    """Each panel has its lines or says that there are none; without Prometheus the page says so."""
    away = text("en", "console_charts_away")
    async with ClientSession() as http:
        own = await desk(place, http, "rewards")
        assert await told(own, away)
        async with watched(place, child, tmp_path / "prometheus"):
            await eventually(
                lambda: told(own, "Services up", "<b>5</b>", 'class="series" d="M'), True
            )
            for board, lang in itertools.product(BOARDS, ("en", "zh")):
                own._lang = lang
                # Prometheus has two seconds for all, which beside others may be too few at first.
                await eventually(partial(missing, own, board), [])
            own._lang = "en"
        assert await told(own, away)
        assert 422 == await own.get("/console/charts", board="nobody")
        assert 422 == await own.get("/console/charts", hours="2")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"status": "error", "error": "bad_data"}'),
        (200, "no JSON"),
        (
            200,
            '{"status": "success", "data": {"result": [{"metric": {}, "values": [["x", "y"]]}]}}',
        ),
        (503, ""),
    ],
)
async def test_an_answer_that_is_none_is_told_at_its_panel(status: int, body: str) -> None:
    """Whatever stands at that address, the page is whole: each panel says that it has no answer."""
    async with _answering(status, body) as url:
        found = await prometheus.ask(url, BOARDS["bus"], WINDOW)
    assert {"failed"} == set(found)


async def test_a_prometheus_that_says_nothing_keeps_no_page(place: Town) -> None:
    """Whoever looks is told that it does not answer, before the page itself would give up."""

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await over.wait()

    over = asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", place.prometheus) as listener:
        async with ClientSession() as http:
            own = await desk(place, http, "rewards")
            assert 200 == await own.get("/console/charts", board="bus")
            assert text("en", "console_charts_away") in own.page
        over.set()
        listener.close()


async def test_what_is_no_number_is_no_point() -> None:
    """A quantile of nothing is NaN; a line of nothing else is none."""
    nothing = {"metric": {"service": "a"}, "values": [[1, "NaN"], [2, "+Inf"]]}
    something = {"metric": {"service": "b", "le": "1"}, "values": [[1, "NaN"], [2, "0.5"]]}
    body = json.dumps({"status": "success", "data": {"result": [nothing, something]}})
    panel = next(one for one in BOARDS["bus"] if "{{service}}" in one.queries)
    async with _answering(200, body) as url:
        (lines,) = await prometheus.ask(url, [panel], WINDOW)
    assert [prometheus.Line("b", [(2, 0.5)])] == lines


@asynccontextmanager
async def _answering(status: int, body: str) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app, port = web.Application(), free_port()
    app.router.add_get("/api/v1/query_range", answer)
    page = await listen(app, "127.0.0.1", port)
    yield f"http://127.0.0.1:{port}"
    await page.cleanup()
