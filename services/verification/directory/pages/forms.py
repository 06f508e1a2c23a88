"""The four kinds of things: where their pages are, who keeps them, what their forms ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from services.verification.directory import acts
from services.verification.directory.rules.faults import faults_of
from services.verification.directory.rules.rows import (
    OfficerRow,
    OperatorRow,
    PlaceRow,
    Row,
    UnitRow,
)
from services.verification.directory.store.changes import Kind
from shared import access
from shared.access import Role
from shared.errors import Invalid, Wrong
from shared.web.forms import Fields

ADDRESS = access.WINGS["directory"]
# What a file's row is told of differently when a page asks for one.
_SAID: Mapping[str, str] = {
    key: f"directory_{key.removeprefix('csv.')}"
    for key in (
        "csv.no_place", "csv.no_unit", "csv.no_scope", "csv.no_officer", "csv.choice", "csv.level",
        "csv.scope_not_between", "csv.scope_not_root", "csv.scope_not_unit",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A kind of thing: its row, the column that names it, who reads its page and what is asked."""

    kind: Kind
    name: str
    key: str
    row: type[Row]
    readers: tuple[Role, ...]
    lies: str

    @property
    def keepers(self) -> tuple[Role, ...]:
        """Who changes it."""
        return acts.KEEPERS[self.kind]

    @property
    def fields(self) -> tuple[str, ...]:
        """What a form asks for, without what names the thing."""
        return tuple(name for name in self.row.model_fields if name != self.key)

    def address(self, code: str) -> str:
        """A thing's page."""
        return f"{ADDRESS}/{self.kind}/{code}"

    def parse(self, fields: Fields, code: str) -> Row:
        """The row that was typed. Invalid names all that is wrong with it."""
        asked = self.row.model_fields
        cells = {
            name: fields.one(name)
            for name in self.fields
            if name in fields or asked[name].is_required()
        }
        try:
            return self.row.model_validate({self.key: code, **cells})
        except ValidationError as error:
            wrong = (Wrong(e.column, e.key, **e.values) for e in faults_of(0, error))
            raise Invalid(*wrong) from None


_READERS = access.DIRECTORY_READERS
FORMS: Mapping[Kind, Form] = {
    "places": Form("places", "place", "code", PlaceRow, _READERS, "parent"),
    "units": Form("units", "unit", "code", UnitRow, _READERS, "parent"),
    "officers": Form("officers", "officer", "badge", OfficerRow, _READERS, "unit_code"),
    "operators": Form(
        "operators", "operator", "username", OperatorRow, access.ACCOUNT_READERS, "scope"
    ),
}


def told(wrong: Sequence[Wrong], levels: Mapping[str, str]) -> list[Wrong]:
    """What is wrong, as a page says it: levels by their names."""
    return [
        Wrong(one.field, _SAID.get(one.key, one.key),
              **{n: levels.get(str(v), v) for n, v in one.values.items()})
        for one in wrong
    ]  # fmt: skip
