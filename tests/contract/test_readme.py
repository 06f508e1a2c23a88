"""README is true: the paths, commands, targets, variables and rooms that it names exist."""

import importlib.util
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from deploy.cli.main import app
from deploy.local import instances
from deploy.local.ports import DEFAULTS, variable
from shared import config, secret
from shared.flows import SERVICES

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md", "deploy/README.md", "deploy/observability/README.md", "tests/recipes/topics.md",
)  # fmt: skip
TEXT = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
README = TEXT["README.md"]
SOURCES = {
    path: path.read_text("utf-8")
    for top in ("services", "shared", "deploy", "tests")
    for path in (ROOT / top).rglob("*.py")
}
# What a recipe has one make.
TO_BE_MADE = re.compile(r"services/topics\b|remedy|<\w+>|test_topics")
MADE = (".mashang/", ".venv/bin")
PATH = re.compile(r"(?:[\w.<>-]+/)+[\w.<>-]*|\w+\.(?:toml|lock)")


def spans(text: str) -> list[str]:
    """What stands in backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))


def blocks(text: str) -> list[str]:
    """What stands between fences."""
    return re.findall(r"```\w*\n(.*?)```", text, re.S)


def paths(text: str) -> Iterator[str]:
    """Everything that is spelt like a file or folder of ours, and the pictures."""
    for span in spans(text):
        if PATH.fullmatch(span) and not TO_BE_MADE.search(span):
            yield span
    yield from re.findall(r"!\[.*?\]\((.*?)\)", text)
    for block in blocks(text):
        named = re.findall(r"^# (\S+\.\w+)", block, re.M)
        yield from (path for path in named if not TO_BE_MADE.search(path))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_exists(document: str) -> None:
    """As it is spelt, from the root; or it is a room that services have."""
    missing = [path for path in paths(TEXT[document]) if not exists(path)]
    assert [] == missing


def exists(path: str) -> bool:
    """Ours, or made when something is set up and started."""
    return path in (*MADE, *ROOM_NAMES) or (ROOT / path).exists()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = README.partition(f"{heading}\n")[2]
    lines = re.search(r"^\|.*?(?=\n\n|\Z)", section, re.M | re.S)
    assert lines, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].split("\n")]


ROOM_NAMES = {name for row in rows("## The map") for name in spans(row[0])}


def tree() -> dict[str, str]:
    """The folders of the map, with what is said about each."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in README.partition("## The map\n\n```\n")[2].partition("```")[0].splitlines():
        name = re.match(r"( *)(\w+)/ +(.*)", line)
        if not name:
            last = next(reversed(found))
            found[last] += f" {line.strip()}"
            continue
        depth = len(name[1])
        above = [one for one in above if one[0] < depth]
        path = "/".join([*(one for _, one in above), name[2]])
        above.append((depth, name[2]))
        found[path] = name[3]
    return found


def test_the_map_shows_folders_that_exist() -> None:
    """Every line of the tree is a folder."""
    assert [] == [path for path in tree() if not (ROOT / path).is_dir()]


@pytest.mark.parametrize("top", ["services", "services/*", "shared", "deploy"])
def test_the_map_shows_every_part(top: str) -> None:
    """A wing or a slice that nobody drew would not be found; rooms are in the table below it."""
    rooms = {name.rstrip("/").removesuffix(".py") for name in ROOM_NAMES} | {"pictures"}
    drawn = tree()
    packages = {
        path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob(f"{top}/*/__init__.py")
    }
    undrawn = {
        path
        for path in packages - set(drawn)
        if Path(path).name not in rooms and f"{Path(path).name}/" not in drawn[parent(path)]
    }
    assert set() == undrawn


def parent(path: str) -> str:
    """The folder above."""
    return Path(path).parent.as_posix()


@pytest.mark.parametrize("wing", ["shared", "shared/bus", "shared/web", "shared/vendors",
                                  "shared/values", "shared/observe"])  # fmt: skip
def test_what_a_wing_is_said_to_hold_is_there(wing: str) -> None:
    """Each name in the tree's line is a module or folder of that wing."""
    said = tree()[wing].rpartition("ground floor:")[2]
    names = re.findall(r"[a-z]+/?", said)
    places = [ROOT / wing / name for name in names]
    missing = [one.name for one in places if not (one.is_dir() or one.with_suffix(".py").exists())]
    assert [] == missing


def test_every_room_is_somewhere() -> None:
    """A room of the table is in at least one service, or in a part of one."""
    empty = [
        name for name in ROOM_NAMES
        if not [*ROOT.glob(f"services/*/{name}"), *ROOT.glob(f"services/*/*/{name}")]
    ]  # fmt: skip
    assert [] == empty


def test_every_room_for_rules_is_named() -> None:
    """Whoever looks for a decision finds each folder or file of rules in the table."""
    named = " ".join(row[1] for row in rows("## Where a rule is"))
    found = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("services/*/rules*", "services/*/*/rules*")
        for path in ROOT.glob(pattern)
    }
    assert [] == [path for path in sorted(found) if path not in named]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_exists(document: str) -> None:
    """`make run` and its like."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    text = TEXT[document]
    told = {word for code in [*spans(text), *blocks(text)] for word in makes(code)}
    assert set() == told - targets


def makes(code: str) -> list[str]:
    """The targets that a piece of code makes."""
    return re.findall(r"^make ([a-z]+)", code, re.M)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_run_exists(document: str) -> None:
    """`python -m …`."""
    told = set(re.findall(r"python -m ([\w.]+)", TEXT[document]))
    made = {module for module in told if TO_BE_MADE.search(module.replace(".", "/"))}
    assert set() == {name for name in told - made if not importlib.util.find_spec(name)}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `mashang …` of the documents, alternatives told apart, with its words."""
    for text in TEXT.values():
        for code in [*spans(text), *blocks(text)]:
            for line in re.findall(r"\bmashang ((?:[a-z]+ )*[a-z].*)", code):
                if "=" not in line.split()[0]:
                    yield line, line.partition("#")[0].split()


@pytest.mark.parametrize(("line", "words"), list(commands()), ids=lambda one: str(one)[:40])
def test_every_command_exists(line: str, words: list[str]) -> None:
    """Its group, its name, every option; one of several after a dot is a sibling."""
    command, words = typer.main.get_command(app), list(words)
    while isinstance(command, TyperGroup):
        name = words.pop(0)
        assert name in command.commands, line
        siblings = words[1::2] if words[:1] == ["·"] else []
        assert set() == {word for word in siblings if not word.startswith("mashang")} - set(
            command.commands
        )
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    told = {word.strip("[]") for word in words if word.strip("[").startswith("-")}
    assert set() == told - known


def test_every_command_is_told() -> None:
    """No group of commands is left out of the table."""
    told = {words[0] for _, words in commands() if words} | {"mashang"}
    known = typer.main.get_command(app)
    assert isinstance(known, TyperGroup)
    assert set() == set(known.commands) - told


def test_every_variable_is_read() -> None:
    """A variable that README explains stands in the code, or follows from a setting or the like."""
    told = {name for span in spans(README) for name in re.findall(r"MASHANG_[A-Z_]+[A-Z]", span)}
    ports = {variable(name) for name in DEFAULTS} | set(map(instances.variable, SERVICES))
    code = "\n".join([*SOURCES.values(), (ROOT / "Makefile").read_text("utf-8")])
    purposes = {f"MASHANG_SEAL_KEYS_{one}" for one in ("PHONE", "WORDS", "ANSWER", "NOTE", "PHOTO")}
    kinds = [import_module(f"services.{name}.settings").Settings for name in SERVICES]
    settings = {f"MASHANG_{name.upper()}" for kind in kinds for name in kind.model_fields}
    files = {secret.file_of(name) for kind in kinds for _, name in config.secrets(kind)}
    unread = {name for name in told - ports - purposes - settings - files if name not in code}
    assert set() == unread


def test_every_port_is_told() -> None:
    """Where README says that they begin, they begin."""
    line = next(line for line in README.splitlines() if "MASHANG_PORT_INTAKE" in line)
    firsts = [DEFAULTS[name] for name in ("intake", "sandbox", "ops_intake")]
    assert firsts == [int(port) for port in re.findall(r"\d{4}", line)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_table_has_no_ragged_row(document: str) -> None:
    """As many cells in a row as in its head."""
    head = 0
    for line in TEXT[document].splitlines():
        if not line.startswith("|"):
            head = 0
            continue
        cells = line.count("|")
        assert (head or cells) == cells, line
        head = cells
