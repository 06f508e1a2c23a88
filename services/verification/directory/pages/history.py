"""What became of a thing, the newest first, and which of it can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.verification.directory import undo
from services.verification.directory.pages.forms import Form
from services.verification.directory.rules import telling
from services.verification.directory.rules.telling import Difference
from services.verification.directory.store import changes, operators
from services.verification.directory.store.changes import Change, Noted
from shared.access import Operator
from shared.db import Connection

SHOWN = 10


@dataclass(frozen=True)
class Told:
    """A change as people read it; `stays` is the key of why it cannot be taken back."""

    change: Change
    who: str
    differences: Sequence[Difference]
    stays: str | None


@dataclass(frozen=True)
class History:
    """Some of it; `before` is where more of it begins."""

    told: Sequence[Told]
    before: int | None


async def load(
    conn: Connection, operator: Operator, form: Form, code: str, newest: int, before: int | None
) -> History:
    """A thing's history from one version down."""
    found = await changes.list_changes(conn, form.kind, code, SHOWN + 1, before)
    names = await names_of(conn, found)
    told = [await _told(conn, operator, form, one, names, newest) for one in found[:SHOWN]]
    more = len(found) > SHOWN
    return History(told, found[SHOWN - 1].version if more else None)


async def _told(
    conn: Connection, operator: Operator, form: Form, change: Change, names: dict[str, str],
    newest: int,
) -> Told:  # fmt: skip
    stays = None
    if operator.role in form.keepers:
        stays = await undo.why_stays(conn, operator, change, newest)
    return Told(change, names.get(change.changed_by or "", ""), differences(change), stays)


def differences(change: Change) -> list[Difference]:
    """What it changed; nothing where a thing was new."""
    return telling.differences(change.kind, change.was, change.now) if change.was else []


async def names_of(conn: Connection, found: Sequence[Noted]) -> dict[str, str]:
    """The names of whoever made these changes."""
    return await operators.list_names(conn, [one.changed_by for one in found if one.changed_by])
