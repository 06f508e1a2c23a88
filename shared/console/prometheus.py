"""Questions to Prometheus over time, in its own language; its answers as lines of points.

Source: Prometheus' HTTP API, `query_range`.
"""

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ValidationError

from shared.observe.boards import Panel
from shared.vendors.client import Answer, Client

# For all at once.
SECONDS = 2.0
# So many points a line; a rate needs a minute, as each process is asked every 15 seconds.
POINTS, EVERY, LEAST = 120, timedelta(seconds=15), timedelta(minutes=1)
_LABEL = re.compile(r"\{\{(\w+)\}\}")

Failed = Literal["away", "failed"]


@dataclass(frozen=True)
class Line:
    """One series: times (Unix, s) and values, oldest first; no label where it is the only one."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Window:
    """Of which time, in which steps, and for which service where a panel chooses one."""

    end: datetime
    span: timedelta
    service: str

    @property
    def start(self) -> datetime:
        """Where it begins."""
        return self.end - self.span

    @property
    def step(self) -> timedelta:
        """Between two points."""
        return self.span / POINTS

    def fill(self, query: str) -> str:
        """The query with its two places filled in."""
        interval = max(LEAST, self.step + EVERY)
        told = query.replace("$__rate_interval", f"{interval.total_seconds():.0f}s")
        return told.replace("$service", self.service)


class _Series(BaseModel):
    metric: Mapping[str, str]
    values: Sequence[tuple[float, float]]


class _Matrix(BaseModel):
    result: Sequence[_Series]


class _Told(BaseModel):
    data: _Matrix


async def ask(url: str, panels: Sequence[Panel], window: Window) -> list[Sequence[Line] | Failed]:
    """For each panel its lines, or why there are none."""
    async with Client(url.rstrip("/"), SECONDS) as client:
        return await asyncio.gather(*(_ask_panel(client, panel, window) for panel in panels))


async def _ask_panel(client: Client, panel: Panel, window: Window) -> Sequence[Line] | Failed:
    filled = map(window.fill, panel.queries.values())
    asked = await asyncio.gather(*(_ask_one(client, query, window) for query in filled))
    lines: list[Line] = []
    for legend, told in zip(panel.queries, asked, strict=True):
        if isinstance(told, str):
            return told
        lines += [Line(_named(legend, one.metric), _finite(one.values)) for one in told]
    return [line for line in lines if line.points]


async def _ask_one(client: Client, query: str, window: Window) -> Sequence[_Series] | Failed:
    asked = {
        "query": query,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "step": f"{window.step.total_seconds():.0f}",
    }
    answer = await client.call("GET", "/api/v1/query_range", query=asked)
    if not isinstance(answer, Answer):
        return "away"
    if answer.status != HTTPStatus.OK:
        return "failed"
    try:
        return _Told.model_validate_json(answer.body).data.result
    except ValidationError:
        return "failed"


def _named(legend: str, metric: Mapping[str, str]) -> str:
    if not legend:
        return " ".join(value for name, value in metric.items() if name != "__name__")
    return _LABEL.sub(lambda found: metric.get(found[1], ""), legend).strip()


def _finite(values: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A quantile of nothing is no number, and no point."""
    return [(at, value) for at, value in values if math.isfinite(value)]
