"""README's first recipe is followed to the letter, on a copy of the repository."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared import flows

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "services", "deploy", "tests", "README.md", "pyproject.toml")
STEP = re.compile(
    r"```python\n# (?P<file>\S+), (?P<where>at the end|at the imports|in \w+)\n(?P<code>.*?)```",
    re.DOTALL,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    return tmp_path


def insert(text: str, where: str, code: str) -> str:
    """Put the recipe's code where the recipe says."""
    if where == "at the end":
        return f"{text}\n\n{code}"
    if where == "at the imports":
        return text.replace("\nfrom shared", f"\n{code}from shared", 1)
    name = where.removeprefix("in ")
    opened = re.search(rf"^( *){name}\b[^\n]*[=][^\n]*[({{]\n", text, re.M)
    assert opened, f"{name} is not to be found"
    closing = re.compile(rf"^{opened[1]}[)}}]", re.M).search(text, opened.end())
    assert closing
    return text[: closing.start()] + code + text[closing.start() :]


def run(copy: Path, *arguments: str) -> str:
    """A Python command in the copy; its output."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=copy, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_adding_an_event_as_readme_says(copy: Path) -> None:
    """After the recipe's steps the new event has its flow, queue, handler and snapshot."""
    readme = (copy / "README.md").read_text("utf-8")
    recipe = readme.partition("### An event")[2].partition("### ")[0]
    for step in STEP.finditer(recipe):
        file = copy / step["file"]
        file.write_text(insert(file.read_text("utf-8"), step["where"], step["code"]), "utf-8")
    run(copy, "tests.contract.test_events")
    table = run(copy, "shared.flows")
    assert "| `remedy.adopted.v1` | scoring | verification |" in table
    (copy / "README.md").write_text(readme.replace(flows.table(), table), "utf-8")
    tests = run(
        copy, "pytest", "-q", "tests/contract/test_events.py", "tests/contract/test_flows.py"
    )
    assert " passed" in tests
