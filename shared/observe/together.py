"""The metrics of several processes as one page, as if one had counted all.

They tell each other of them as JSON: to read Prometheus text again costs more than all the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import orjson
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from shared.observe import metrics

ADDED = ("counter", "histogram", "summary")


class Together:
    """What counts is added, and so are gauges of a process; of a table's the largest is told.

    Each process looked at the table at its own moment, so that what falls is told a look later.
    """

    def __init__(self, told: Iterable[str]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        """Each metric once."""
        found: dict[str, Metric] = {}
        for name, about, kind, samples in chain.from_iterable(map(orjson.loads, self._told)):
            whole = found.setdefault(name, Metric(name, about, kind))
            whole.samples += [Sample(*one) for one in samples]
        for whole in found.values():
            whole.samples = list(_one_each(whole))
            yield whole


def samples(registry: CollectorRegistry = REGISTRY) -> bytes:
    """What a process has counted, for `one_page`."""
    told = [
        (one.name, one.documentation, one.type,
         [(each.name, each.labels, each.value) for each in one.samples])
        for one in registry.collect()
    ]  # fmt: skip
    return orjson.dumps(told)


def one_page(told: Iterable[str]) -> bytes:
    """Prometheus text out of what several processes have counted."""
    return generate_latest(Together(told))


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
