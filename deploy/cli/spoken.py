"""In which language a command answers."""

from __future__ import annotations

import os

import typer

from shared.events import Language
from shared.web.texts import LANGUAGES

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def here() -> Language:
    """The language of the terminal, if it is one of ours; Chinese otherwise."""
    locale = next(filter(None, map(os.environ.get, _LOCALE)), "")
    return next((lang for lang in LANGUAGES if locale.startswith(lang)), LANGUAGES[0])


def known(lang: str) -> str:
    """One that there are texts in; nothing stands for the terminal's."""
    if lang and lang not in LANGUAGES:
        raise typer.BadParameter(f"choose from {', '.join(LANGUAGES)}")
    return lang


OPTION = typer.Option(callback=known, help="zh, en and so on; else as the terminal.")
