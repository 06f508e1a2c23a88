"""What is wrong in a file of the directory, by key: line, column, and the values of the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError


@dataclass(frozen=True)
class RowError:
    """What is wrong in one place of the file; line 1 is the first, 0 means not from a file."""

    line: int
    column: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict)


class BadSheet(ValueError):
    """The file cannot be imported; `errors` lists every fault in the order of the lines."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(f"{len(errors)} faults")
        self.errors = errors


def faults_of(line: int, error: ValidationError) -> list[RowError]:
    """What a row model found. Nothing of the cells is quoted."""
    return [
        RowError(line, str(e["loc"][0]) if e["loc"] else "", e["type"], e.get("ctx", {}))
        for e in error.errors(include_input=False, include_url=False)
    ]
