"""The five files: the columns of each, what people call them, and how a header tells the kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from services.verification.directory.rules import rows
from services.verification.directory.rules.rows import Row
from shared.values import text
from shared.values.sheet import BadSheet, RowError

Name = Literal["places", "units", "officers", "operators", "windows"]


@dataclass(frozen=True)
class Kind:
    """A kind of file: its row, the column that names a row, and its columns' Chinese names.

    A window's number names it only together with its unit: that is its row's `named`.
    """

    name: Name
    key: str
    row: type[Row]
    aliases: Mapping[str, Sequence[str]]
    named: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return tuple(self.row.model_fields)

    @property
    def required(self) -> frozenset[str]:
        """The columns that a file must have."""
        return frozenset(n for n, field in self.row.model_fields.items() if field.is_required())

    def code_of(self, row: Row) -> str:
        """By what a row's thing is known."""
        return str(getattr(row, self.named or self.key))

    def column(self, typed: str) -> str | None:
        """The column that a header cell names, in whatever spelling."""
        return self._spellings.get(text.keyword(typed))

    @cached_property
    def _spellings(self) -> dict[str, str]:
        names = {text.keyword(column): column for column in self.columns}
        for column, aliases in self.aliases.items():
            names |= {text.keyword(alias): column for alias in aliases}
        return names


_CODE = ("代码", "编号", "编码")
_ACTIVE = ("启用", "在用", "是否启用", "有效")
_PARENT = ("上级", "上级代码", "上级编号", "上级地区", "所属地区", "所属地区代码")
UNITS = Kind(
    "units",
    "code",
    rows.UnitRow,
    {
        "code": (*_CODE, "单位代码", "单位编号", "窗口单位代码"),
        "name": ("名称", "单位名称", "窗口单位"),
        "parent": _PARENT,
        "kind": ("类型", "类别", "业务类型", "单位类型"),
        "counters": ("窗口数", "窗口数量", "窗口"),
        "active": _ACTIVE,
        "matters": ("事项", "办理事项", "业务事项"),
    },
)
PLACES = Kind(
    "places",
    "code",
    rows.PlaceRow,
    {
        "code": (*_CODE, "地区代码", "地区编号"),
        "name": ("名称", "地区名称"),
        "level": ("级别", "层级"),
        "parent": _PARENT,
    },
)
OFFICERS = Kind(
    "officers",
    "badge",
    rows.OfficerRow,
    {
        "badge": ("警号", "警员编号", "民警警号", "工号", "badge no", "badge number"),
        "name": ("姓名", "民警姓名", "警员姓名"),
        "unit_code": ("unit", "单位代码", "单位编号", "单位", "所属单位", "所属单位代码"),
        "phone": ("电话", "手机", "手机号", "手机号码", "电话号码", "联系电话", "mobile"),
        "active": (*_ACTIVE, "在职", "是否在职"),
    },
)
OPERATORS = Kind(
    "operators",
    "username",
    rows.OperatorRow,
    {
        "username": ("用户名", "账号", "登录名"),
        "name": ("姓名",),
        "role": ("角色",),
        "scope": ("辖区", "范围", "辖区代码", "管辖范围"),
        "badge": ("警号",),
        "active": _ACTIVE,
    },
)
WINDOWS = Kind(
    "windows",
    "counter",
    rows.WindowRow,
    {
        "unit_code": ("单位代码", "单位编号", "单位", "unit", "所属单位", "所属单位代码"),
        "counter": ("窗口号", "窗口编号", "窗口序号", "window"),
        "name": ("窗口名称", "名称"),
        "matters": ("办理事项", "事项", "业务事项"),
        "active": _ACTIVE,
    },
    named="code",
)
KINDS = (UNITS, PLACES, OFFICERS, OPERATORS, WINDOWS)


def known_columns(header: Sequence[str]) -> int:
    """How many cells name a column of the kind that fits best."""
    return max(_fit(kind, header) for kind in KINDS)


def _fit(kind: Kind, header: Sequence[str]) -> int:
    found = {kind.column(cell) for cell in header} - {None}
    return len(found) + (kind.key in found)


def recognise(line: int, header: Sequence[str]) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a file, and the column that each cell of its header names. BadSheet if none."""
    kind = max(KINDS, key=lambda kind: _fit(kind, header))
    names = tuple(kind.column(cell) or text.line(cell) for cell in header)
    if kind.key not in names:
        keys = ", ".join(f"{each.key} ({each.name})" for each in KINDS)
        raise BadSheet(RowError(line, "", "csv.header", {"found": _shown(header), "keys": keys}))
    columns = ", ".join(kind.columns)
    errors = [
        *(RowError(line, name, "csv.column_missing", {"kind": kind.name})
          for name in sorted(kind.required - set(names))),
        *(RowError(line, name, "csv.column_unknown", {"columns": columns})
          for name in sorted(set(names) - set(kind.columns))),
        *(RowError(line, name, "csv.column_twice")
          for name in sorted(set(names)) if names.count(name) > 1),
    ]  # fmt: skip
    if errors:
        raise BadSheet(*errors)
    return kind, names


def _shown(header: Sequence[str]) -> str:
    return " | ".join(text.line(cell) for cell in header)[:100]
