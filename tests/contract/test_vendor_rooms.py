"""A vendor has its own rooms, and is named nowhere else: found by walking the whole tree."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.sandbox.dialects import DIALECTS
from services.notifications.providers.registry import VENDORS as SMS_VENDORS
from services.rewards.providers.registry import VENDORS as AIRTIME_VENDORS

ROOT = Path(__file__).parents[2]
TREES = ("services", "shared", "deploy", "tests", ".ci")
FILES = ("Makefile", "pyproject.toml")
NOT_TEXT = {".pyc", ".png", ".jpg", ".gif", ".ico", ".woff2", ".mo"}
REGISTRIES = (
    "services/rewards/providers/registry.py",
    "services/notifications/providers/registry.py",
    "deploy/sandbox/dialects/__init__.py",
)
# What was decided about a vendor, and why, is told in prose.
PROSE = {"deploy/DECISIONS.md"}
# A city has its vendors: the files of an installation name two of them, its proxy all who report.
INSTALLATIONS = (
    *("deploy/compose/", "deploy/kubernetes/", "deploy/proxy/", "deploy/cluster/secrets.py"),
    "tests/deployment/",
)
VENDORS = sorted({*AIRTIME_VENDORS, *SMS_VENDORS, *DIALECTS})


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of ours: its path, and its content in lower case."""
    walked = (path for tree in TREES for path in (ROOT / tree).rglob("*"))
    for path in (*walked, *(ROOT / name for name in FILES)):
        where = path.relative_to(ROOT)
        hidden = any(part in ("__pycache__", ".mashang") for part in where.parts)
        if path.is_file() and not hidden and path.suffix not in NOT_TEXT:
            yield where.as_posix(), path.read_text("utf-8").lower()


def named(vendor: str) -> re.Pattern[str]:
    """The name, however it is spelt: with spaces, hyphens or capitals too."""
    return re.compile("[ _-]?".join(map(re.escape, vendor)))


def own_room(vendor: str, path: str) -> bool:
    """The adapter and its tables, the dialect, and the tests and seeded defects of just these."""
    adapter = rf"services/\w+/providers/{vendor}\w*\.py"
    dialect = rf"deploy/sandbox/dialects/{vendor}/.+"
    test = rf"tests/\w+/test_\w*{vendor}\w*\.py"
    defects = rf"tests/defects/{vendor}\.toml"
    return re.fullmatch(f"{adapter}|{dialect}|{test}|{defects}", path) is not None


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_named_only_in_its_own_rooms(vendor: str) -> None:
    """Adding or dropping one touches its adapter, its dialect and a line in the registries."""
    elsewhere = {
        path
        for path, text in texts()
        if named(vendor).search(text)
        and not own_room(vendor, path)
        and path not in PROSE
        and path not in REGISTRIES
        and not path.startswith(INSTALLATIONS)
    }
    assert set() == elsewhere


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_registry_has_a_line_for_a_vendor(vendor: str) -> None:
    """Its import and its entry; the one of the other trade has none."""
    lines = {
        path: sum(bool(named(vendor).search(line.lower())) for line in _lines(path))
        for path in REGISTRIES
    }
    assert [0, 2, 2] == sorted(lines.values())


def _lines(path: str) -> list[str]:
    return (ROOT / path).read_text("utf-8").splitlines()


def test_the_search_finds_a_name() -> None:
    """In any spelling, and not in a word that only resembles it."""
    assert named("paperone").search("the paper one account")
    assert named("paperone").search("mashang_paper_one_key")
    assert not named("paperone").search("papers, one by one")
