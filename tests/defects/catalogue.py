"""All seeded defects, from the tables beside this file: a table a subject, a section a defect."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.defects.defect import Defect

FOLDER = Path(__file__).parent


def load(folder: Path = FOLDER) -> list[Defect]:
    """In the order of the tables. ValueError for a name that two of them have."""
    defects = [defect for table in sorted(folder.glob("*.toml")) for defect in read(table)]
    names = [defect.name for defect in defects]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"there twice: {', '.join(sorted(twice))}")
    return defects


def read(table: Path) -> Iterator[Defect]:
    """One table's."""
    for name, told in tomllib.loads(table.read_text("utf-8")).items():
        yield Defect(name, **told | {"tests": tuple(told["tests"])})


def chosen(defects: list[Defect], words: list[str]) -> list[Defect]:
    """Those with one of these words in their name, or all. LookupError for a word without any."""
    for word in words:
        if not any(word in defect.name for defect in defects):
            raise LookupError(f"no seeded defect is called {word!r}")
    return [one for one in defects if not words or any(word in one.name for word in words)]
