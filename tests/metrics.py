"""The metrics that each service declares, found as a newcomer finds them: in its modules."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from prometheus_client.metrics import Counter, Gauge, Histogram, MetricWrapperBase

import services
import shared
from shared.flows import SERVICES

# What prometheus_client tells of any process; Prometheus adds the rest to each series itself.
PROCESS = {
    "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
    "process_max_fds", "process_cpu_seconds_total", "process_start_time_seconds",
}  # fmt: skip
SCRAPED = {"service", "instance", "job"}
KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
_DECLARED = re.compile(r"^\w+ = (?:Counter|Gauge|Histogram|of_process)\(", re.MULTILINE)


@dataclass(frozen=True)
class Declared:
    """A metric: the name of its family as Prometheus stores it, its kind, help and labels."""

    name: str
    kind: str
    about: str
    labels: frozenset[str]
    buckets: tuple[float, ...] = ()
    services: frozenset[str] = field(default=frozenset(SERVICES))

    @property
    def series(self) -> dict[str, frozenset[str]]:
        """The names under which a query finds it, each with its own labels."""
        if self.kind != "histogram":
            return {self.name: self.labels}
        return {
            f"{self.name}_bucket": self.labels | {"le"},
            f"{self.name}_sum": self.labels,
            f"{self.name}_count": self.labels,
        }


def all_metrics() -> list[Declared]:
    """Every one that a module of ours declares, shared or a service's own."""
    return [
        _declared(one, name) for name in _modules() for one in _of(importlib.import_module(name))
    ]


def all_series() -> dict[str, frozenset[str]]:
    """What Prometheus may be asked about our processes, each with its labels."""
    found = {name: frozenset[str]() for name in PROCESS}
    for one in all_metrics():
        found |= one.series
    return found


def _modules() -> Iterator[str]:
    for package in (shared, services):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and _DECLARED.search(_text(found.name)):
                yield found.name


def _text(name: str) -> str:
    place = Path(*name.split("."))
    whole = Path(__file__).parents[1] / place
    file = whole / "__init__.py" if whole.is_dir() else whole.with_suffix(".py")
    return file.read_text("utf-8")


def _of(module: ModuleType) -> Iterator[MetricWrapperBase]:
    assert module.__name__ in sys.modules
    for one in vars(module).values():
        if isinstance(one, MetricWrapperBase):
            yield one


def _declared(one: MetricWrapperBase, module: str) -> Declared:
    kind = KINDS[type(one)]
    [family] = one.describe()
    top, own, *_ = module.split(".")
    return Declared(
        name=f"{family.name}_total" if kind == "counter" else family.name,
        kind=kind,
        about=family.documentation,
        labels=frozenset(one._labelnames),
        buckets=tuple(one._kwargs.get("buckets", ())),
        services=frozenset({own} if top == "services" else SERVICES),
    )
