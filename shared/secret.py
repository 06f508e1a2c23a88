"""A secret from the environment, or from a file that it names: `<variable>_FILE` is its path.

So it stands in no process's environment, and an orchestrator can mount it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from shared.errors import Misconfigured

# No secret is longer; a file that never ends is none.
_MOST = 65_536


def file_of(variable: str) -> str:
    """The variable that names its file."""
    return f"{variable}_FILE"


def read(variable: str, environment: Mapping[str, str] | None = None) -> str | None:
    """What the variable says, or its file without the line's end; None without either.

    Misconfigured tells neither path nor content: people take one for the other.
    """
    given = os.environ if environment is None else environment
    named = file_of(variable)
    if named not in given:
        return given.get(variable)
    if given.get(variable):
        raise Misconfigured(f"{named}: {variable} is set, too; take one of them away")
    try:
        return _content(given[named])
    except ValueError as error:
        raise Misconfigured(f"{named}: {error}") from None


def _content(path: str) -> str:
    text = _text(path).rstrip("\r\n")
    if not text:
        raise ValueError("the file that it names is empty")
    if len(text) > _MOST:
        raise ValueError("the file that it names is too long for a secret")
    return text


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST + 2).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file that it names should be text in UTF-8") from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise ValueError(f"the file that it names cannot be read: {reason}") from None
    except ValueError:
        raise ValueError("should be the path of a file") from None
