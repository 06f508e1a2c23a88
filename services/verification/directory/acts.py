"""One change of the directory at a time, by an operator who may.

All functions run in a transaction that acts for the operator; what they must know of the rest of
the directory, they ask in the name of the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.verification.directory import importing, known
from services.verification.directory.importing import Manner
from services.verification.directory.known import Known
from services.verification.directory.rules import tree
from services.verification.directory.rules.kinds import Name
from services.verification.directory.rules.rows import Row
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.saving import By, Thing, save_operator
from services.verification.directory.store import operators, postings
from services.verification.directory.store.changes import Kind
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin import totp
from services.verification.signin.passwords import Passwords
from services.verification.signin.rules import TEMPORARY_FOR
from services.verification.signin.store import failures, sessions
from shared import access
from shared.access import Operator, Role
from shared.db import Connection, as_itself
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Wrong
from shared.observe import log
from shared.values import clock
from shared.values.seal import Seal

KEEPERS: Mapping[Kind, tuple[Role, ...]] = {
    "places": access.UNIT_KEEPERS,
    "units": access.UNIT_KEEPERS,
    "officers": access.OFFICER_KEEPERS,
    "operators": access.ACCOUNT_KEEPERS,
}
# Windows have no page of their own, but a file.
FILE_KEEPERS: Mapping[Name, tuple[Role, ...]] = {
    "windows": access.UNIT_KEEPERS,
    **{kind: KEEPERS[kind] for kind in KEEPERS},
}
# Where each kind of row lies in the tree.
LIES: Mapping[Name, str] = {
    "places": "parent", "units": "parent", "officers": "unit_code", "operators": "scope",
    "windows": "unit_code",
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What the directory is held against: the policy's levels, and the seal of phones."""

    levels: Sequence[str]
    seal: Seal


@dataclass(frozen=True)
class Edit:
    """A row as a form asks for it, of the version that whoever typed it saw; 0 for a new one.

    `since` is when an officer moved or left, if not now; an officer's phone may be `kept`.
    """

    kind: Kind
    code: str
    row: Row
    seen: int
    since: datetime | None = None
    phone_kept: bool = False
    first_password: str | None = None


@dataclass(frozen=True)
class Whole:
    """The directory as it stands, nobody else's to change meanwhile."""

    known: Known
    operators: Mapping[str, StoredOperator]

    def all_of(self, kind: Name) -> Mapping[str, Thing]:
        """Everything of a kind, by code."""
        all_: Mapping[Name, Mapping[str, Thing]] = {
            "places": self.known.places,
            "units": self.known.units,
            "officers": self.known.officers,
            "operators": self.operators,
            "windows": self.known.windows,
        }
        return all_[kind]

    def get(self, kind: Name, code: str) -> Thing | None:
        """One thing."""
        return self.all_of(kind).get(code)

    def has_say(self, operator: Operator, kind: Name, thing: Thing) -> bool:
        """Whether a thing lies at or below the operator's place."""
        names = {"places": "place_code", "operators": "scope"}
        return getattr(thing, names.get(kind, "unit_code")) in self.below(operator.scope)

    def strays(self, operator: Operator, kind: Name, row: Row, there: Thing | None) -> bool:
        """Whether a row lies where the operator has no say; above what is theirs it may stay."""
        before = getattr(there, "parent_code", "")
        return getattr(row, LIES[kind]) not in (*self.below(operator.scope), before)

    def below(self, scope: str) -> frozenset[str]:
        """The places and units at or below one."""
        paths = {code: unit.path for code, unit in self.known.units.items()}
        return tree.below(self.known.places, paths, scope)


async def claim(conn: Connection, operator: Operator) -> Whole:
    """All of it, whatever of it the operator sees."""
    async with as_itself(conn, operator):
        return Whole(await known.claim(conn), await operators.list_operators(conn))


async def put(conn: Connection, rules: Rules, operator: Operator, edit: Edit) -> int:
    """The version that there is now. Invalid, Conflict where somebody was faster, NotFound."""
    whole = await claim(conn, operator)
    there = _there(whole, operator, edit)
    not_oneself(operator, edit.kind, edit.code)
    sheet = Sheet(edit.kind, ((0, edit.row),))
    if errors := known.faults(sheet, whole.known, rules.levels):
        raise Invalid(*(Wrong(e.column, e.key, **e.values) for e in errors))
    if whole.strays(operator, edit.kind, edit.row, there):
        raise Invalid(Wrong(LIES[edit.kind], "directory_not_yours"))
    if edit.since and not await postings.may_begin(conn, edit.code, edit.since):
        raise Invalid(Wrong("since", "directory_since"))
    manner = Manner(
        rules.seal, By(operator.username), edit.first_password, since=edit.since,
        phones_kept=edit.phone_kept, first_until=clock.now() + TEMPORARY_FOR,
    )  # fmt: skip
    done = await importing.take(conn, sheet, whole.known, manner)
    version = edit.seen + done.added + done.changed
    log.get().info("directory changed", version=version)
    return version


def _there(whole: Whole, operator: Operator, edit: Edit) -> Thing | None:
    """What is there of that code, if it is as whoever typed saw it."""
    there = whole.get(edit.kind, edit.code)
    if there is None and edit.seen:
        raise NotFound
    if there is None:
        return None
    if not edit.seen:
        raise Invalid(Wrong(KEY[edit.kind], "directory_taken", code=edit.code))
    if not whole.has_say(operator, edit.kind, there):
        raise NotFound
    if there.version != edit.seen:
        raise Conflict("refused.directory_changed")
    return there


KEY: Mapping[Name, str] = {
    "places": "code", "units": "code", "officers": "badge", "operators": "username",
    "windows": "code",
}  # fmt: skip


def not_oneself(operator: Operator, kind: Kind, code: str) -> None:
    """Nobody gives themselves another role, or takes it away from whoever would mend it."""
    if kind == "operators" and code == operator.username:
        raise Forbidden("refused.own_account")


async def renew_password(conn: Connection, operator: Operator, username: str, password: str) -> str:
    """For a while, until its owner chooses one; who knows only the old one is out everywhere."""
    whole = await claim(conn, operator)
    there = whole.operators.get(username)
    if there is None or not whole.has_say(operator, "operators", there):
        raise NotFound
    not_oneself(operator, "operators", username)
    await save_operator(conn, there, there, By(operator.username), password=True)
    until = clock.now() + TEMPORARY_FOR
    await operators.set_password_hash(conn, username, await Passwords().hash(password), until)
    await sessions.delete_sessions_of(conn, username)
    await failures.delete_failures_of(conn, username)
    log.get().warning("password given anew")
    return password


def temporary_password() -> str:
    """One that can be read out."""
    return totp.new_code()
