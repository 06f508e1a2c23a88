"""The metrics of several processes as one page, as if one had counted all."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from shared.observe import metrics

ADDED = ("counter", "histogram", "summary")


class Together:
    """What counts is added, and so are gauges of a process; of a table's the largest is told.

    Each process looked at the table at its own moment, so that what falls is told a look later.
    """

    def __init__(self, pages: Iterable[str]) -> None:
        self._pages = pages

    def collect(self) -> Iterator[Metric]:
        """Each metric once."""
        found: dict[str, Metric] = {}
        for part in chain.from_iterable(map(text_string_to_metric_families, self._pages)):
            whole = found.setdefault(part.name, Metric(part.name, part.documentation, part.type))
            whole.samples += part.samples
        for whole in found.values():
            whole.samples = list(_one_each(whole))
            yield whole


def one_page(pages: Iterable[str]) -> bytes:
    """Prometheus text out of several such."""
    return generate_latest(Together(pages))


def _one_each(metric: Metric) -> Iterator[Sample]:
    values: dict[tuple[str, tuple[tuple[str, str], ...]], list[float]] = {}
    for one in metric.samples:
        values.setdefault((one.name, tuple(one.labels.items())), []).append(one.value)
    how = _how(metric)
    for (name, labels), told in values.items():
        yield Sample(name, dict(labels), how(told))


def _how(metric: Metric) -> Callable[[Iterable[float]], float]:
    if metric.name in metrics.LEAST:
        return min
    return sum if metric.type in ADDED or metric.name in metrics.OF_PROCESS else max
