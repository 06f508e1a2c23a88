"""Metrics speak one language: names with their units, few labels, none of a person."""

import re
import subprocess
from itertools import pairwise

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from shared.observe.metrics import LABELS, LEAST, OF_PROCESS
from tests.metrics import SCRAPED, Declared, all_metrics

ALL = all_metrics()
UNITS = ("_seconds", "_timestamp_seconds", "_fen", "_bytes", "_ratio")
# What would be another unit than the base one, or say the kind a second time.
NOT_BASE = ("_ms", "_milliseconds", "_minutes", "_hours", "_days", "_yuan", "_percent", "_counter")
# Whose values are without end, or of a person.
NEVER = {"phone", "id", "unit", "unit_code", "case", "case_id", "badge", "code", "address", "name"}
TIMES = re.compile(r"\b(age|delay|duration|wait|late after|timestamp)\b")


def named(one: Declared) -> str:
    """For pytest."""
    return one.name


def test_every_service_tells_something_of_its_own() -> None:
    """No metrics module is overlooked, and no name is given twice."""
    owners = {one.services for one in ALL}
    assert {"intake", "verification", "rewards", "notifications", "scoring"} == {
        name for owner in owners if len(owner) == 1 for name in owner
    }
    names = [one.name for one in ALL]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_name_says_what_and_in_which_unit(one: Declared) -> None:
    """`mashang_`, base units, `_total` for counters alone; what takes time ends in its unit."""
    assert re.fullmatch(r"mashang_[a-z]+(_[a-z]+)*", one.name)
    assert (one.kind == "counter") == one.name.endswith("_total")
    assert not one.name.removesuffix("_total").endswith(NOT_BASE)
    if TIMES.search(one.name.replace("_", " ")):
        assert one.name.endswith("_seconds")
    if one.kind == "histogram":
        assert one.name.endswith(UNITS) or one.name == "mashang_batch_rows"
    assert one.about
    assert one.about[0].isupper() or one.about[0].isdigit()


@pytest.mark.parametrize("one", ALL, ids=named)
def test_a_label_has_one_meaning_and_few_values(one: Declared) -> None:
    """Each is in the list of labels; none is of a person, without end, or Prometheus's own."""
    assert set() == one.labels - LABELS.keys()
    assert set() == one.labels & (NEVER | SCRAPED)


def test_no_label_is_declared_for_nothing() -> None:
    """The list of labels, and those of how workers are added up, name what is there."""
    used = {label for one in ALL for label in one.labels}
    assert LABELS.keys() == used
    gauges = {one.name for one in ALL if one.kind == "gauge"}
    assert set() == {one for one in OF_PROCESS | LEAST if one.startswith("mashang_")} - gauges


@pytest.mark.parametrize("one", [one for one in ALL if one.buckets], ids=named)
def test_buckets_grow_by_no_more_than_six(one: Declared) -> None:
    """So that a quantile is known well enough, and a page of metrics stays short."""
    assert 5 <= len(one.buckets) <= 15
    assert [] == [pair for pair in pairwise(one.buckets) if not 1 < pair[1] / pair[0] <= 6]


def test_every_histogram_says_which_times_it_expects() -> None:
    """None takes the library's buckets, which are for some other service."""
    assert [] == [one.name for one in ALL if one.kind == "histogram" and not one.buckets]


KINDS: dict[str, type[MetricWrapperBase]] = {
    "counter": Counter, "gauge": Gauge, "histogram": Histogram
}  # fmt: skip


def test_promtool_finds_no_fault_with_them() -> None:
    """Prometheus's own linter of names, units and help, over all that there is."""
    registry = CollectorRegistry()
    for one in ALL:
        made = KINDS[one.kind](one.name, one.about, sorted(one.labels), registry=registry)
        if one.labels:
            made.labels(*sorted(one.labels))
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=generate_latest(registry), capture_output=True, check=False,
    )  # fmt: skip
    assert (0, "") == (done.returncode, (done.stdout + done.stderr).decode())
