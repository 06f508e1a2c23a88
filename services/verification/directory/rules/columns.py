"""The columns of the directory's files: each checks one cell and says what to do if it is wrong."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from shared.access import Role
from shared.values import phone

Check = Callable[[str], Any]
UNIT_KINDS = ("household", "vehicle", "exit_entry", "combined")
ROLES: tuple[str, ...] = get_args(Role)
_YES = ("yes", "true", "1", "是", "y")
_NO = ("no", "false", "0", "否", "n")


@dataclass(frozen=True)
class Unit:
    """A row of units.csv; `active` None leaves it as it is."""

    code: str
    name: str
    county: str
    kind: str
    counters: int
    active: bool | None = None


@dataclass(frozen=True)
class Officer:
    """A row of officers.csv; the phone is E.164."""

    badge: str
    name: str
    unit_code: str
    phone: str | None
    active: bool | None = None


@dataclass(frozen=True)
class OperatorRow:
    """A row of operators.csv; passwords are never in a file."""

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None = None
    active: bool | None = None


def _matching(pattern: str, advice: str) -> Check:
    form = re.compile(pattern, re.ASCII)

    def check(cell: str) -> str:
        if not form.fullmatch(cell):
            raise ValueError(advice)
        return cell

    return check


def _one_of(*choices: str) -> Check:
    def check(cell: str) -> str:
        if cell not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return cell

    return check


def _text(cell: str) -> str:
    if not cell:
        raise ValueError("is empty; fill it in")
    if len(cell) > 100 or not cell.isprintable():
        raise ValueError("must be at most 100 printable characters")
    return cell


def _counters(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and 1 <= int(cell) <= 99):
        raise ValueError("must be a number from 1 to 99")
    return int(cell)


def _phone(cell: str) -> str | None:
    try:
        return phone.parse(cell) if cell else None
    except ValueError as error:
        raise ValueError(f"is {error}; write it like +8613800138000, or leave it empty") from None


def _active(cell: str) -> bool | None:
    if cell.lower() in (*_YES, *_NO, ""):
        return cell.lower() in _YES if cell else None
    raise ValueError("must be yes or no (是 or 否), or empty to leave it as it is")


def _or_none(check: Check) -> Check:
    return lambda cell: check(cell) if cell else None


badge = _matching("[0-9]{6}", "must be 6 digits")
unit_code = _matching("[0-9]{9}", "must be 9 digits: the county's 6, then 3 of its own")
scope = _matching("[0-9]{6}|[0-9]{9}", "must be a unit's 9 digits, or a county's or city's 6")
username = _matching(
    r"[a-z][a-z0-9._-]{1,31}",
    "must be 2 to 32 small letters, digits, dots, dashes, beginning with a letter",
)
name = _text
role = _one_of(*ROLES)

UNIT: Mapping[str, Check] = {
    "code": unit_code,
    "name": _text,
    "county": _text,
    "kind": _one_of(*UNIT_KINDS),
    "counters": _counters,
    "active": _active,
}
OFFICER: Mapping[str, Check] = {
    "badge": badge,
    "name": _text,
    "unit_code": unit_code,
    "phone": _phone,
    "active": _active,
}
OPERATOR: Mapping[str, Check] = {
    "username": username,
    "name": _text,
    "role": role,
    "scope": scope,
    "badge": _or_none(badge),
    "active": _active,
}


def misplaced(role: str, scope: str) -> str | None:
    """What is wrong with a role at this place of the tree, if anything."""
    city = len(scope) == 6 and scope.endswith("00")
    if role == "unit_operator" and len(scope) != 9:
        return "a unit_operator's place is a unit (9 digits)"
    if role == "county_supervisor" and (city or len(scope) != 6):
        return "a county_supervisor's place is a county (6 digits, not ending in 00)"
    if role == "city_supervisor" and not city:
        return "a city_supervisor's place is the city (6 digits ending in 00)"
    return None
