"""README's second recipe is followed on a copy of the repository: a vendor is three steps."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "services", "deploy", "tests", ".ci", "Makefile", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, to be changed; without the recipes, which name the new vendor."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "recipes", "test_recipe*")
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    return tmp_path


def add(file: Path, line: str, after: str) -> None:
    """Put a line after the one that begins with `after`."""
    before, found, rest = file.read_text("utf-8").partition(f"\n{after}")
    assert found, f"{after!r} is not in {file.name}"
    begun, _, others = rest.partition("\n")
    file.write_text(f"{before}{found}{begun}\n{line}\n{others}", "utf-8")


def ask(copy: Path, *files: str) -> str:
    """Run tests in the copy; what they said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", "pigeon", *files],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_adding_a_vendor_as_readme_says(copy: Path) -> None:
    """An adapter, a dialect, a line in each registry: the conformance tests ask it all."""
    providers, dialects = (
        copy / "services/notifications/providers",
        copy / "deploy/sandbox/dialects",
    )
    shutil.copy(ROOT / "tests/recipes/pigeon_adapter.py", providers / "pigeon.py")
    add(providers / "registry.py", "from services.notifications.providers import pigeon",
        "from collections.abc")  # fmt: skip
    add(providers / "registry.py", '    "pigeon": pigeon.make,', "VENDORS")
    (dialects / "pigeon").mkdir()
    shutil.copy(ROOT / "tests/recipes/pigeon_dialect.py", dialects / "pigeon" / "__init__.py")
    add(dialects / "__init__.py", "from deploy.sandbox.dialects.pigeon import PIGEON",
        "from deploy.sandbox.dialect ")  # fmt: skip
    registry = (dialects / "__init__.py").read_text("utf-8")
    (dialects / "__init__.py").write_text(registry.replace("\n)\n", "\n    PIGEON,\n)\n", 1))
    tests = ("test_sms_conformance", "test_airtime_conformance", "test_vendor_rooms")
    asked = ask(copy, *(f"tests/contract/{name}.py" for name in tests))
    assert "test_a_lost_answer_is_unknown_and_then_found[pigeon-drop_answer] PASSED" in asked
    assert "test_a_vendor_is_named_only_in_its_own_rooms[pigeon] PASSED" in asked
