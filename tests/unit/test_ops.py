"""The ops port: for machines that watch, and nobody else."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from shared.observe import metrics
from shared.web.ops import ops_app

FINE = {"service": "ok", "database": "ok", "broker": "ok", "jobs": "ok"}


async def asked(path: str, state: dict[str, str], method: str = "GET") -> tuple[int, str, str]:
    """Status, type and text of an answer."""

    async def check() -> dict[str, str]:
        return state

    async with TestClient[Any, Any](TestServer(ops_app(check))) as client:
        response = await client.request(method, path)
        return response.status, response.content_type, await response.text()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"broker": "away"}, 200),
        ({"jobs": "late: send_due"}, 200),
        ({"database": "away"}, 503),
        ({"service": "draining"}, 503),
        ({"database": "away", "broker": "away"}, 503),
    ],
)
async def test_ready_is_who_can_answer(changes: dict[str, str], status: int) -> None:
    """Without a database no; without a broker yes, since the outbox waits; reasons are told."""
    told, kind, text = await asked("/readyz", FINE | changes)
    assert (status, "application/json") == (told, kind)
    assert [] == [part for pair in changes.items() for part in pair if part not in text]


async def test_alive_is_who_answers_at_all() -> None:
    """Also while it drains or waits: killing it would not help."""
    told = await asked("/healthz", FINE | {"database": "away", "service": "draining"})
    assert (200, "application/json", '{"status":"alive"}') == told


async def test_metrics_are_prometheus_text() -> None:
    """Every shared metric is there by its name, with its help."""
    metrics.OUTBOX_EVENTS.set(3)
    status, kind, text = await asked("/metrics", FINE)
    assert (200, "text/plain") == (status, kind)
    assert "mashang_outbox_events 3.0" in text
    assert "# HELP mashang_http_requests_total HTTP answers" in text


@pytest.mark.parametrize("path", ["/", "/readyz/", "/metrics/x", "/openapi"])
async def test_nothing_else_is_there(path: str) -> None:
    """No page and no API on this port."""
    assert 404 == (await asked(path, FINE))[0]
    assert 405 == (await asked("/readyz", FINE, "POST"))[0]
