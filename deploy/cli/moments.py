"""Moments as they are typed: with a zone, for a backup may be read elsewhere than it was made."""

from __future__ import annotations

from datetime import datetime

import typer

FORM = "2026-11-27T08:30:00+08:00"


def moment(text: str) -> datetime:
    """One moment in time; a typer.BadParameter says how it is written."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it as {FORM}") from None
    if found.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone; write it as {FORM}")
    return found


def shown(found: datetime) -> str:
    """In the zone of whoever reads it, to the second."""
    return found.astimezone().isoformat(timespec="seconds")
