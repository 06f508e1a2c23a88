"""The seeded defects still apply to the tree; the runner tells a harmless edit from a bad one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from tests.conftest import ROOT
from tests.defects import catalogue, report
from tests.defects.defect import Defect, DoesNotApply
from tests.defects.tree import Run, Tree
from tests.defects.trial import Trial, Verdict, try_one, verdict_of

DEFECTS = catalogue.load()
NAMES = [defect.name for defect in DEFECTS]
SOURCE = '"""A till."""\n\n\ndef change(paid: int, price: int) -> int:\n    return paid - price\n'
TEST = """
import pytest

from till import change

@pytest.mark.parametrize("paid", [5, 7])
def test_change_is_what_is_left(paid):
    assert paid - 3 == change(paid, 3)
"""
PROFILE = 'from hypothesis import settings\n\nsettings.register_profile("defects")\n'
FILES = {"till.py": SOURCE, "test_till.py": TEST, "conftest.py": PROFILE}
TOO_MUCH = Defect(
    "too-much", "It gives change that is not owed.", "till.py",
    "paid - price", "paid + price", ("test_till.py",),
)  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS, ids=NAMES)
def test_a_defect_still_applies_and_compiles(defect: Defect) -> None:
    """Its text stands in the tree exactly once, what replaces it is other code that compiles."""
    before = (ROOT / defect.file).read_text("utf-8")
    after = defect.applied(before)
    compile(after, defect.file, "exec", dont_inherit=True)
    assert before != after


@pytest.mark.parametrize("defect", DEFECTS, ids=NAMES)
def test_a_defect_says_why_and_who_should_notice(defect: Defect) -> None:
    """One sentence of what it would do, and tests that are there."""
    assert defect.why.endswith(".")
    assert defect.tests
    for test in defect.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text("utf-8"), test


def test_what_the_house_cannot_do_without_is_seeded() -> None:
    """The defects that were once found, or feared most, are all in the tables."""
    assert {
        "ack-before-commit", "unknown-as-rejected", "id-cursor", "retry-without-lease",
        "inbox-key-without-consumer", "mandatory-off", "due-time-from-the-app-clock",
        "resend-to-another-vendor",
    } <= set(NAMES)  # fmt: skip


@contextmanager
def shop(folder: Path) -> Iterator[Tree]:
    """A tree of one module and its test, with nothing of this house in it."""
    source = folder / "source"
    source.mkdir()
    for name, text in FILES.items():
        (source / name).write_text(text)
    yield Tree.copy(source, map(Path, FILES), folder / "copy")
    assert SOURCE == (source / "till.py").read_text()


def changed(**changes: object) -> Defect:
    """Another defect of the till."""
    return Defect(**{**vars(TOO_MUCH), **changes})


@pytest.mark.parametrize(
    ("defect", "verdict", "by"),
    [
        (TOO_MUCH, "caught", ("test_change_is_what_is_left",)),
        (changed(new="-price + paid"), "NOT CAUGHT", ()),
        (changed(new="paid -"), "does not run", ()),
        (changed(old="price * paid"), "does not apply", ()),
        (changed(old="paid"), "does not apply", ()),
        (changed(tests=("test_tills.py",)), "does not run", ()),
    ],
    ids=["bad", "harmless", "no code", "gone", "not only once", "no such test"],
)
def test_a_harmless_edit_is_not_caught(
    tmp_path: Path, defect: Defect, verdict: Verdict, by: tuple[str, ...]
) -> None:
    """Only a test that fails by itself is a catch; afterwards the tree is sound again."""
    with shop(tmp_path) as tree:
        trial = try_one(defect, tree)
        assert (verdict, by) == (trial.verdict, trial.by), trial.said
        assert SOURCE == (tree.root / "till.py").read_text()


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (Run(0, (), ""), "NOT CAUGHT"),
        (Run(1, ("test_it",), ""), "caught"),
        (Run(1, (), "errors in a fixture"), "does not run"),
        (Run(2, (), "interrupted"), "does not run"),
        (Run(4, (), "no such file"), "does not run"),
        (Run(5, (), "nothing collected"), "does not run"),
        (Run(None, (), "no end"), "does not run"),
    ],
)
def test_what_a_run_says(run: Run, verdict: Verdict) -> None:
    """Tests that cannot begin, or do not end, have noticed nothing."""
    assert verdict == verdict_of(run)


def test_the_table_names_who_caught_what() -> None:
    """A row each with the tests' names; a survivor stands out, and counts in the title."""
    trials = [
        Trial(TOO_MUCH, "caught", ("test_a", "test_b"), 1.6),
        Trial(changed(name="too-little"), "NOT CAUGHT", (), 2.0, "1 passed"),
    ]
    console = Console(width=100)
    with console.capture() as shown:
        console.print(report.table(trials))
    told = shown.get()
    assert "1 of 2 seeded defects caught" in told
    assert all(word in told for word in ("too-much", "test_a", "test_b", "NOT CAUGHT"))
    complaint = report.complaint(trials[1])
    assert all(word in complaint for word in (TOO_MUCH.why, "test_till.py", "1 passed"))


def test_tables_that_name_a_defect_twice_are_refused(tmp_path: Path) -> None:
    """Two results under one name could not be told apart."""
    section = "[x]\nwhy = 'y.'\nfile = 'f'\nold = 'a'\nnew = 'b'\ntests = ['t']\n"
    (tmp_path / "a.toml").write_text(section)
    assert [("x", ("t",))] == [(one.name, one.tests) for one in catalogue.load(tmp_path)]
    (tmp_path / "b.toml").write_text(section)
    with pytest.raises(ValueError, match="there twice: x"):
        catalogue.load(tmp_path)


def test_defects_are_chosen_by_words() -> None:
    """A part of a name is enough; a word that names none is said."""
    assert ["too-much"] == [one.name for one in catalogue.chosen([TOO_MUCH], ["much"])]
    assert [TOO_MUCH] == catalogue.chosen([TOO_MUCH], [])
    with pytest.raises(LookupError, match="'little'"):
        catalogue.chosen([TOO_MUCH], ["too", "little"])


def test_a_text_that_is_not_there_is_told() -> None:
    """How often it stands there is said with the file, for whoever mends the table."""
    with pytest.raises(DoesNotApply, match=r"too-much: its text stands 0 times in till\.py"):
        TOO_MUCH.applied("")
