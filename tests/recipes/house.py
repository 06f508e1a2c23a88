"""A copy of the repository, and README's recipes as steps that can be followed on it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = (
    *("shared", "services", "deploy", "tests", ".ci"),
    *("Makefile", "README.md", "CHANGELOG.md", "pyproject.toml"),
)
NOT_COPIED = ("__pycache__", ".mashang")
_CODE = re.compile(r"```python\n# (?P<file>\S+?)(?:, (?P<where>[^\n]+))?\n(?P<text>.*?)```", re.S)
_DIFF = re.compile(r"```diff\n(.*?)```", re.S)


@dataclass(frozen=True)
class Step:
    """A piece of code, and where a recipe says that it goes: into a file, or as one."""

    file: str
    where: str | None
    text: str


def readme(heading: str) -> str:
    """The section of README under a heading."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", _fenced(text), re.M | re.S)
    assert found, f"README has no section {heading!r}"
    return found[1].replace("\x00", "#")


def _fenced(text: str) -> str:
    """Comments in code are no headings."""
    return re.sub(r"```.*?```", lambda code: code[0].replace("\n#", "\n\x00"), text, flags=re.S)


def steps(text: str) -> list[Step]:
    """The pieces of code in a text, in order."""
    return [Step(found["file"], found["where"], found["text"]) for found in _CODE.finditer(text)]


def changes(text: str) -> Iterator[tuple[str, str, str]]:
    """What a diff in a text replaces: file, the line before, the lines after."""
    for block in _DIFF.findall(text):
        for file, hunks in re.findall(r"^# (\S+)\n((?:[-+].*\n)+)", block, re.M):
            for before, after in re.findall(r"^-(.*\n)((?:\+.*\n)+)", hunks, re.M):
                yield file, before, re.sub(r"^\+", "", after, flags=re.M)


@dataclass(frozen=True)
class House:
    """A copy, to be changed."""

    root: Path

    @classmethod
    def copy(cls, root: Path, *without: str) -> "House":
        """Everything that can be checked and started, but no file of these names."""
        ignored = shutil.ignore_patterns(*NOT_COPIED, *without)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, root / name)
        return cls(root)

    def read(self, file: str) -> str:
        """A file's text."""
        return (self.root / file).read_text("utf-8")

    def write(self, file: str, text: str) -> None:
        """A file, and the folders above it."""
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text, "utf-8")

    def follow(self, text: str) -> None:
        """Carry out every step of a text."""
        for step in steps(text):
            before = "" if step.where is None else self.read(step.file)
            self.write(step.file, insert(before, step.where, step.text))
        for file, before, after in changes(text):
            assert 1 == self.read(file).count(f"\n{before}"), f"{before!r} in {file}"
            self.write(file, self.read(file).replace(f"\n{before}", f"\n{after}"))

    def run(self, *arguments: str) -> str:
        """A Python module in the copy; its output. Fails where the command does."""
        return self._run(sys.executable, "-m", *arguments)

    def lint_imports(self) -> str:
        """Check the import contracts."""
        return self._run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(self.root)}, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def test(self, *arguments: str) -> str:
        """Run tests of the copy; what they said."""
        return self.run("pytest", "-v", "-p", "no:cacheprovider", *arguments)

    def show_flows(self) -> None:
        """Put the table that `python -m shared.flows` prints into README."""
        head = "| event | from | to | why |\n"
        text = self.read("README.md")
        before, _, rest = text.partition(head)
        after = rest[rest.index("\n\n") :]
        self.write("README.md", before + self.run("shared.flows").rstrip() + after)


def insert(text: str, where: str | None, code: str) -> str:
    """Put a recipe's code where the recipe says."""
    if where is None:
        return code
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
