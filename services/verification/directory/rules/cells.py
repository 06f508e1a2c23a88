"""One cell of a directory's file: how it is read, and by which key it is refused."""

import re
from typing import Annotated, Literal, LiteralString, get_args

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared import access
from shared.values import phone, text

UnitKind = Literal["household", "vehicle", "exit_entry", "combined"]
UNIT_KINDS: tuple[str, ...] = get_args(UnitKind)
ROLES: tuple[str, ...] = get_args(access.Role)
# `<unit>-<NN>-<key><signature>` must fit the 32 characters that WeChat allows a code.
UNIT_LENGTH = 15
CODE_LENGTH = 32
BADGE_LENGTH = 20
NAME_LENGTH = 100
WINDOW_LENGTH = 40
COUNTERS = 99
MATTERS, MATTER_LENGTH = 60, 40
_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?")
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_SCIENTIFIC = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?E[-+][0-9]+", re.IGNORECASE)
_WHOLE = re.compile(r"([0-9]+)\.0+")
_BETWEEN = re.compile(r"[;；|｜\n]")
_YES = ("yes", "true", "1", "是", "y")
_NO = ("no", "false", "0", "否", "n")


def wrong(key: LiteralString, **values: object) -> PydanticCustomError:
    """A refusal whose words are found by key."""
    return PydanticCustomError(key, key, values)


def _number(cell: str) -> str:
    """An identifier that a spreadsheet may have taken for a number: 12.0 is 12, 1.2E+10 is lost."""
    found = text.identifier(cell)
    if _SCIENTIFIC.fullmatch(found):
        raise wrong("csv.scientific")
    whole = _WHOLE.fullmatch(found)
    return whole[1] if whole else found


def _code(cell: str, most: int) -> str:
    code = _number(cell)
    if len(code) > most or not _CODE.fullmatch(code):
        raise wrong("csv.code", most=most)
    return code


def _unit(cell: str) -> str:
    return _code(cell, UNIT_LENGTH)


def _place(cell: str) -> str:
    return _code(cell, CODE_LENGTH)


def _place_or_none(cell: str) -> str | None:
    return _place(cell) if text.identifier(cell) else None


def _badge(cell: str) -> str:
    badge = _number(cell)
    if len(badge) > BADGE_LENGTH or not _CODE.fullmatch(badge):
        raise wrong("csv.badge", most=BADGE_LENGTH)
    return badge


def _badge_or_none(cell: str | None) -> str | None:
    return _badge(cell) if cell and text.identifier(cell) else None


def _name(cell: str) -> str:
    if found := text.unusable(cell):
        raise wrong("csv.unusable", place=found[0], character=found[1])
    name = text.line(cell)
    if not name:
        raise wrong("csv.blank")
    if len(name) > NAME_LENGTH:
        raise wrong("csv.too_long", most=NAME_LENGTH)
    return name


def _window(cell: str) -> str:
    name = _name(cell)
    if len(name) > WINDOW_LENGTH:
        raise wrong("csv.too_long", most=WINDOW_LENGTH)
    return name


def _person(cell: str) -> str:
    return text.name(_name(cell))


def _username(cell: str) -> str:
    username = text.username(cell)
    if not _USERNAME.fullmatch(username):
        raise wrong("csv.username")
    return username


def _counters(cell: str) -> int:
    number = text.number(_number(cell), COUNTERS)
    if not number:
        raise wrong("csv.number", least=1, most=COUNTERS)
    return number


def _phone(cell: str) -> str | None:
    number = _number(cell)
    try:
        return phone.parse(number) if number else None
    except ValueError:
        raise wrong("csv.phone") from None


def _active(cell: str) -> bool | None:
    word = text.identifier(cell).lower()
    if word not in (*_YES, *_NO, ""):
        raise wrong("csv.yes_or_no")
    return word in _YES if word else None


def _matters(cell: str) -> tuple[str, ...]:
    """One cell with all of them, between marks; what stands there twice is one."""
    found = tuple(dict.fromkeys(_name(one) for one in _BETWEEN.split(cell) if text.line(one)))
    if len(found) > MATTERS or any(len(one) > MATTER_LENGTH for one in found):
        raise wrong("csv.matters", most=MATTERS, longest=MATTER_LENGTH)
    return found


def _word(cell: str, choices: tuple[str, ...]) -> str:
    word = text.identifier(cell).lower()
    if word not in choices:
        raise wrong("csv.choice", choices=", ".join(choices))
    return word


def _kind(cell: str) -> str:
    return _word(cell, UNIT_KINDS)


def _role(cell: str) -> str:
    return _word(cell, ROLES)


UnitCode = Annotated[str, BeforeValidator(_unit)]
PlaceCode = Annotated[str, BeforeValidator(_place)]
PlaceAbove = Annotated[str | None, BeforeValidator(_place_or_none)]
Level = Annotated[str, BeforeValidator(text.identifier)]
Badge = Annotated[str, BeforeValidator(_badge)]
OwnBadge = Annotated[str | None, BeforeValidator(_badge_or_none)]
Name = Annotated[str, BeforeValidator(_name)]
WindowName = Annotated[str, BeforeValidator(_window)]
PersonName = Annotated[str, BeforeValidator(_person)]
Username = Annotated[str, BeforeValidator(_username)]
Kind = Annotated[UnitKind, BeforeValidator(_kind)]
Role = Annotated[access.Role, BeforeValidator(_role)]
Counters = Annotated[int, Field(ge=1, le=COUNTERS), BeforeValidator(_counters)]
Matters = Annotated[tuple[str, ...] | None, BeforeValidator(_matters)]
Phone = Annotated[str | None, BeforeValidator(_phone)]
Active = Annotated[bool | None, BeforeValidator(_active)]
