"""A file of the directory: what it would change, and the import of exactly that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

from services.verification.directory import acts, importing, known
from services.verification.directory.acts import FILE_KEEPERS, KEY, LIES, Rules, Whole
from services.verification.directory.importing import Change, Imported, Manner
from services.verification.directory.known import Known
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.saving import By
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict
from shared.observe import log
from shared.values.sheet import RowError


@dataclass(frozen=True)
class Preview:
    """What a file would do: every row with what was and what will be, or what is wrong.

    `missing` are in the directory and not in the file; they stay as they are.
    """

    sheet: Sheet
    known: Known
    rows: tuple[Change, ...] = ()
    missing: tuple[str, ...] = ()
    errors: tuple[RowError, ...] = ()

    @property
    def added(self) -> Sequence[Change]:
        """What is new."""
        return [one for one in self.rows if one.was is None]

    @property
    def changed(self) -> Sequence[Change]:
        """What is there and will be different."""
        return [one for one in self.rows if one.was is not None and one.was != one.now]

    @property
    def unchanged(self) -> int:
        """How many are as the file says already."""
        return sum(one.was == one.now for one in self.rows)

    @cached_property
    def mark(self) -> str:
        """Another one as soon as the file would do anything else than was shown."""
        return sha256(repr((self.rows, self.missing)).encode()).hexdigest()


async def look(conn: Connection, rules: Rules, operator: Operator, sheet: Sheet) -> Preview:
    """What the file would do if this operator imported it now."""
    whole = await acts.claim(conn, operator)
    preview = Preview(sheet, whole.known)
    if errors := list(_faults(whole, rules, operator, sheet)):
        told = sorted((error.on(sheet.title) for error in errors), key=lambda error: error.line)
        return replace(preview, errors=tuple(told))
    changes = importing.planned(sheet, whole.known, whole.operators, Manner(rules.seal))
    if own := [one for one in changes if one.code == operator.username and one.was != one.now]:
        # Nobody gives themselves another role.
        error = RowError(own[0].line, "username", "csv.own_account").on(sheet.title)
        return replace(preview, errors=(error,))
    there = whole.all_of(sheet.kind).items()
    theirs = {code for code, thing in there if whole.has_say(operator, sheet.kind, thing)}
    missing = sorted(theirs - {one.code for one in changes})
    return replace(preview, rows=tuple(changes), missing=tuple(missing))


def _faults(whole: Whole, rules: Rules, operator: Operator, sheet: Sheet) -> Iterator[RowError]:
    """What does not fit what is there, and rows that are not this operator's to write."""
    if operator.role not in FILE_KEEPERS[sheet.kind]:
        yield RowError(1, "", "csv.not_your_kind")
        return
    yield from known.faults(sheet, whole.known, rules.levels)
    for line, row in sheet.rows:
        there = whole.get(sheet.kind, getattr(row, KEY[sheet.kind]))
        strays = whole.strays(operator, sheet.kind, row, there)
        if strays or (there and not whole.has_say(operator, sheet.kind, there)):
            yield RowError(line, LIES[sheet.kind], "csv.not_yours")


async def take(
    conn: Connection, rules: Rules, operator: Operator, sheet: Sheet, mark: str
) -> Imported:
    """Import what was shown under this mark. Conflict where it would be something else by now."""
    preview = await look(conn, rules, operator, sheet)
    if preview.errors or preview.mark != mark:
        raise Conflict("refused.preview_changed")
    manner = Manner(rules.seal, By(operator.username))
    done = await importing.save(conn, sheet.kind, preview.rows, preview.known, manner)
    log.get().info("directory imported", kind=done.kind, added=done.added, changed=done.changed)
    return done
