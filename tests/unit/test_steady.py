"""`make steady` tells a test that fails now and then from one that does not."""

from contextlib import suppress
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from tests import steady

REPORT = """
<testsuites><testsuite>
<testcase classname="tests.unit.test_a" name="test_steady" />
<testcase classname="tests.unit.test_a" name="test_left"><skipped /></testcase>
<testcase classname="tests.unit.test_a" name="test_shaky[1]"><failure message="no" /></testcase>
<testcase classname="tests.unit.test_b" name="test_torn"><error message="no" /></testcase>
<testcase classname="tests.unit.test_b" name="test_torn"><failure message="no" /></testcase>
</testsuite></testsuites>
"""


def test_a_round_names_what_failed_or_broke_once(tmp_path: Path) -> None:
    """Failures and errors count, what was left out does not."""
    report = tmp_path / "1.xml"
    report.write_text(REPORT)
    expected = ["tests.unit.test_a::test_shaky[1]", "tests.unit.test_b::test_torn"]
    assert expected == steady.failed(report)


def test_a_round_without_a_test_is_no_success(tmp_path: Path) -> None:
    """A misspelt name is told, not taken for a round without a failure."""
    report = tmp_path / "1.xml"
    report.write_text("<testsuites><testsuite /></testsuites>")
    with pytest.raises(LookupError, match="no test ran"):
        steady.failed(report)


def test_each_flaky_test_stands_with_its_rounds() -> None:
    """Who reads the table sees how often a test failed."""
    console = Console(file=StringIO(), width=80)
    console.print(steady.table([["a", "b"], [], ["b"]]))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if "│" in line]
    assert [["a", "1"], ["b", "1, 3"]] == rows


def test_what_burns_the_cores_ends_with_the_rounds() -> None:
    """Every burner is busy meanwhile and gone afterwards, also when a round fails."""
    with suppress(LookupError), steady.burning(2):
        burning = [one for one in psutil.Process().children() if steady.BURN in one.cmdline()]
        assert 2 == len(burning)
        raise LookupError
    assert not any(one.is_running() for one in burning)
