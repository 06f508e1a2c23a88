"""What is wrong in a file of the directory, by key: line, column, and the values of the text."""

from pydantic import ValidationError

from shared.values.sheet import RowError


def faults_of(line: int, error: ValidationError) -> list[RowError]:
    """What a row model found. Nothing of the cells is quoted."""
    return [
        RowError(line, str(e["loc"][0]) if e["loc"] else "", e["type"], e.get("ctx", {}))
        for e in error.errors(include_input=False, include_url=False)
    ]
