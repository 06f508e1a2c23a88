"""Every class that a style sheet dresses stands on a page that has this sheet."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "shared/web/static"
# Which page brings which sheet to all that extend it.
BASES = {"citizen.css": "base.html", "staff.css": "house.html"}
SCRIPTS = {"citizen.css": ("citizen.js",), "staff.css": ("desk.js", "live.js")}
# What `{{ kind }}` or `{{ state }}` in a class may be.
STATES = {"late", "soon", "ok", "info"}
_LEADS = re.compile(r"{% (?:extends|import|include|from) (.*?)%}")
# What stands in the attribute, and what a page puts into a block of one.
_CLASS = re.compile(
    r'\bclass="((?:{{.*?}}|{%.*?%}|[^"])*)"|{% block (?:kind|width) %}(.*?){% endblock %}'
)
_NAME = re.compile(r"[A-Za-z][\w-]*")


@cache
def templates() -> dict[str, str]:
    """All of them by name."""
    folders = [ROOT / "shared/web/templates", *ROOT.glob("services/*/templates")]
    return {one.name: one.read_text("utf-8") for folder in folders for one in folder.glob("*.html")}


@cache
def reached(name: str) -> frozenset[str]:
    """A template with all that it extends, imports or includes."""
    led = [
        one for head in _LEADS.findall(templates()[name]) for one in re.findall(r'"(.+?)"', head)
    ]
    return frozenset({name}).union(*map(reached, led))


def worn(sheet: str) -> list[set[str]]:
    """The classes that may stand together on the pages of a sheet, whatever a condition says."""
    pages = [reached(name) for name in templates() if BASES[sheet] in reached(name)]
    text = "".join(templates()[name] for name in set().union(*pages))
    names = [set(_NAME.findall(" ".join(told))) for told in _CLASS.findall(text)]
    return [one | STATES if one & {"kind", "state"} else one for one in names]


def dressed(sheet: str) -> Iterator[tuple[str, set[str]]]:
    """Each selector, and the classes that one element of it must have together."""
    css = re.sub(r"/\*.*?\*/", "", (STATIC / sheet).read_text("utf-8"), flags=re.DOTALL)
    for selectors in re.findall(r"([^{};]+)\{", css):
        for part in re.split(r"[\s,>+~]+", selectors):
            if together := set(re.findall(r"\.([A-Za-z][\w-]*)", part)):
                yield selectors.strip(), together


@pytest.mark.parametrize("sheet", BASES)
def test_no_class_is_dressed_for_nobody(sheet: str) -> None:
    """A rule whose class no page has any more weighs on every phone that loads the sheet."""
    scripts = "".join((STATIC / name).read_text("utf-8") for name in SCRIPTS[sheet])
    found = [*worn(sheet), set(_NAME.findall(scripts))]
    idle = [(rule, sorted(one)) for rule, one in dressed(sheet) if not any(one <= w for w in found)]
    assert [] == idle


def test_what_is_looked_at_is_there() -> None:
    """Conditions within a class, several pages of a sheet, several classes of an element."""
    assert {"base.html", "house.html"} <= reached("kept.html")
    assert "base.html" not in reached("inbox.html")
    assert {"late"} <= set().union(*worn("staff.css"))
    assert (".list .next", {"next"}) in dressed("staff.css")
