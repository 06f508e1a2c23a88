"""The rows of the directory's files: one model a kind, made from the typed cells."""

from pydantic import BaseModel, ConfigDict

from services.verification.directory.rules import cells


class Row(BaseModel):
    """One row; its fields are the file's columns, and those with a default may be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaceRow(Row):
    """A row of places.csv; only the root has no parent."""

    code: cells.PlaceCode
    name: cells.Name
    level: cells.Level
    parent: cells.PlaceAbove


class UnitRow(Row):
    """A row of units.csv; `active` and `matters` None leave it as it is."""

    code: cells.UnitCode
    name: cells.Name
    parent: cells.PlaceCode
    kind: cells.Kind
    counters: cells.Counters
    active: cells.Active = None
    matters: cells.Matters = None


class WindowRow(Row):
    """A row of windows.csv: one window of a unit; `active` and `matters` None leave it as it is."""

    unit_code: cells.UnitCode
    counter: cells.Counters
    name: cells.WindowName
    matters: cells.Matters = None
    active: cells.Active = None

    @property
    def code(self) -> str:
        """What the history calls it."""
        return f"{self.unit_code}/{self.counter}"


class OfficerRow(Row):
    """A row of officers.csv; the phone is E.164. Without that column phones stay as they are."""

    badge: cells.Badge
    name: cells.PersonName
    unit_code: cells.UnitCode
    phone: cells.Phone = None
    active: cells.Active = None


class OperatorRow(Row):
    """A row of operators.csv; passwords are never in a file."""

    username: cells.Username
    name: cells.PersonName
    role: cells.Role
    scope: cells.PlaceCode
    badge: cells.OwnBadge = None
    active: cells.Active = None
