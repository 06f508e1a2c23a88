"""Logs cannot leak by name or by quoting, and one trace id runs through."""

import ast
from collections.abc import Iterator

import pytest

from shared.bus.broker import queue_arguments
from shared.bus.consuming import delivered_times
from shared.observe import log, trace
from tests.conftest import ROOT
from tests.support import captured_logs

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_field_off_the_list_is_dropped_and_reported() -> None:
    """Somebody logs a phone under a new name: it is not written, and the mistake is seen."""
    with captured_logs() as entries:
        log.get().info("case opened", unit_code="411724006", phone="+8613812345678")
    (entry,) = entries
    assert ["phone"] == entry["dropped_fields"]
    assert "13812345678" not in str(entry)


def _fields() -> Iterator[tuple[str, str]]:
    """Each field that a line of ours is written with, and where."""
    for file in (
        one for part in ("services", "shared", "deploy") for one in (ROOT / part).rglob("*.py")
    ):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            said = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and said.startswith(("log.get().", "log.debug")):
                where = f"{file.relative_to(ROOT)}:{call.lineno}"
                yield from ((one.arg, where) for one in call.keywords if one.arg)


def test_no_line_of_ours_loses_a_field() -> None:
    """What we meant to tell the ops engineer is on the list."""
    known = log.ALLOWED | {"exc_info"}
    assert [] == [one for one in _fields() if one[0] not in known]


@pytest.mark.parametrize("number", ["+8613812345678", "138 1234 5678", "138-1234-5678"])
def test_a_number_quoted_by_others_is_masked(number: str) -> None:
    """A vendor or database that quotes the number back does not get it into the log."""
    with captured_logs() as entries:
        log.get().error("payout failed", error=f"bad recipient {number}!")
    assert "bad recipient …!" == entries[0]["error"]


def test_a_given_trace_is_continued() -> None:
    """The caller's traceparent becomes ours, and its trace id the correlation id."""
    assert GIVEN == trace.start(GIVEN)
    assert "0af7651916cd43dd8448eb211c80319c" == trace.correlation_id()


@pytest.mark.parametrize(
    "wrong",
    [None, "", "00-xyz", GIVEN + "0", GIVEN.upper(), "00-" + "0" * 32 + "-b7ad6b7169203331-01"],
)
def test_a_wrong_trace_is_replaced(wrong: str | None) -> None:
    """What is no traceparent is not carried on; a new trace begins."""
    assert wrong != trace.start(wrong)
    assert 32 == len(trace.correlation_id() or "")


@pytest.mark.parametrize(
    ("version", "limit"), [((3, 10), None), ((3, 13), None), ((4, 0), -1), ((4, 3), -1)]
)
def test_queues_never_drop_for_being_delivered_often(
    version: tuple[int, ...], limit: int | None
) -> None:
    """-1 means no limit only from 4.0 on; before, it drops at the first redelivery."""
    arguments = queue_arguments(version)
    assert ("quorum", limit) == (arguments["x-queue-type"], arguments.get("x-delivery-limit"))


@pytest.mark.parametrize(
    ("headers", "times"),
    [({}, 1), ({"x-delivery-count": 2}, 3), ({"x-delivery-count": 0, "x-acquired-count": 2}, 3)],
)
def test_deliveries_are_counted(headers: dict[str, int], times: int) -> None:
    """The broker's headers, old and new, tell how often a message was delivered."""
    assert times == delivered_times(dict(headers))
