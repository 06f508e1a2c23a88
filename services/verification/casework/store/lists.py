"""The inbox: pages of cases by keyset, and how many are due.

Each unit below the operator's place gives its own first cases by an index; a page is the first of
those. At the root of the tree, where that would be all units, one index has them all in order. So
it costs the same however many cases there are, and however many lie open elsewhere.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

from services.verification.casework.rules.cases import Case, State
from services.verification.casework.store.bare import BARE
from services.verification.casework.store.cases import COLUMNS, KEPT_FROM, as_case, own
from shared.access import Operator
from shared.db import Connection
from shared.values.counting import MOST

Due = Literal["today", "late"]
Step = Literal["call", "check", "review", "word"]

# As the indexes have it (verification_0016 and _0063).
_RANK = "(CASE WHEN urgent THEN 0 ELSE 1 END)"
# Urgent first, then what is due first, so that the overdue stand before the rest.
_PRESSING = f"{_RANK}, next_due_at, case_id"
_NEWEST = "case_id DESC"
_BY_AGE = f"ORDER BY {_NEWEST}"
_FOUND = f"SELECT case_id, urgent, next_due_at FROM cases WHERE NOT {KEPT_FROM}"  # noqa: S608
_BY_UNIT = f"""
    FROM units u CROSS JOIN LATERAL (
        {_FOUND} AND unit_code = u.unit_code AND {{wanted}} {{order}} LIMIT {{most}}
    ) AS found
    WHERE u.path @> ARRAY[$1::text]
"""
# Everything is below the root; that it is theirs to see, row-level security says as everywhere.
_OF_ALL = f"""
    FROM ({_FOUND} AND $1::text IS NOT NULL AND {{wanted}} {{order}} LIMIT {{most}}) AS found
    WHERE true
"""
_PAGE = f"""
    SELECT {COLUMNS} FROM cases
    WHERE case_id IN (SELECT case_id {{found}} {{units}} {{order}} LIMIT {{most}}) {{order}}
"""  # noqa: S608
# Asked before every list and count, and until the transaction ends they are read in the order of
# an index and no further than needed: PostgreSQL takes row-level security to leave next to nothing,
# and would sort all that lies open. It need not think anew for each operator either.
_AT_ROOT = """
    SELECT EXISTS (SELECT FROM places WHERE place_code = $1 AND parent_code IS NULL),
           set_config('enable_bitmapscan', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)
"""
_STEPS: dict[Step, str] = {
    "call": "callback_state = 'open'",
    "check": "state = 'open'",
    "review": "review_due_at IS NOT NULL",
    # A word that is owed within a day; that somebody has it, at once.
    "word": "(word_owed = 'acknowledgement' OR word_due_at <= mashang_now() + interval '1 day')",
}
_BY_TIME = f"{_RANK} IN (0, 1) AND next_due_at"
# What is overdue is due today as well, and what is due today is work: each counts on from there.
_COUNTS = """
    WITH late AS ({late}), today AS ({today}), work AS ({work})
    SELECT (SELECT n FROM work) AS work, (SELECT n FROM today) AS today,
           (SELECT n FROM late) AS late, ({urgent}) AS urgent, ({review}) AS review,
           ({newest}) AS newest
"""
# Of complaints, what was never done; what is done too late, the figures count (see `figures`).
_OVERDUE = f"""
    SELECT count(*) AS cases, count(*) FILTER (WHERE {{call}}) AS callback,
        count(*) FILTER (WHERE {{check}}) AS verification,
        count(*) FILTER (WHERE review_due_at < mashang_now()) AS review,
        count(*) FILTER (WHERE {{call}} AND kind = 'complaint' AND reached_at IS NULL) AS uncalled,
        count(*) FILTER (WHERE {{check}} AND kind = 'complaint' AND handed_at IS NULL)
            AS unverified
    FROM cases WHERE {_BY_TIME} < mashang_now()
""".format(  # noqa: S608
    call="callback_state = 'open' AND callback_due_at < mashang_now()",
    check="state = 'open' AND verification_due_at < mashang_now()",
)
_COUNTED = {
    "late": (f"{_BY_TIME} < $4", ""),
    "today": (f"{_BY_TIME} >= $4 AND next_due_at <= $3", "late"),
    "work": (f"{_BY_TIME} > $3", "today"),
    "urgent": (f"{_RANK} = 0 AND next_due_at IS NOT NULL", ""),
    "review": ("review_due_at IS NOT NULL", ""),
}


def _found(wanted: str, order: str, most: object, *, whole: bool) -> str:
    return (_OF_ALL if whole else _BY_UNIT).format(wanted=wanted, order=order, most=most)


def _count(wanted: str, beyond: str, *, whole: bool, most: int) -> str:
    """How many there are beyond what another count has found; both together at the most `most`."""
    left = f"(SELECT {most} - n FROM {beyond})" if beyond else most  # noqa: S608
    before = f" + (SELECT n FROM {beyond})" if beyond else ""  # noqa: S608
    found = _found(wanted, "", most, whole=whole)
    return f"SELECT count(*){before} AS n FROM (SELECT {found} LIMIT {left}) AS counted"  # noqa: S608


@cache
def _counts(*, whole: bool, most: int) -> str:
    parts = {
        name: _count(wanted, beyond, whole=whole, most=most)
        for name, (wanted, beyond) in _COUNTED.items()
    }
    found = _found("true", _BY_AGE, 1, whole=whole)
    parts["newest"] = f"SELECT case_id {found} {_BY_AGE} LIMIT 1"
    return _COUNTS.format(**parts)


@dataclass(frozen=True)
class Cursor:
    """The last case of the page before."""

    case_id: UUID
    urgent: bool
    next_due_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which cases a list is to hold.

    `until` keeps those due by then, `units` those of these, `lead` those that somebody leads ("" is
    nobody); `bare` are low ratings with nothing else; `ids` keeps these, if there are any.
    """

    state: State | None = None
    until: datetime | None = None
    units: Sequence[str] | None = None
    category: str | None = None
    step: Step | None = None
    lead: str | None = None
    urgent: bool = False
    bare: bool = False
    ids: Collection[UUID] = ()


@dataclass(frozen=True)
class Counts:
    """Cases with a duty, due by the end of today, overdue, urgent, waiting for a second look.

    `newest` is the newest that there is; the ids are in the order of opening.
    """

    work: int = 0
    today: int = 0
    late: int = 0
    urgent: int = 0
    review: int = 0
    newest: UUID | None = None


class _Asked:
    """Conditions, and the values of their parameters; `$1` and `$2` are the operator's."""

    def __init__(self, operator: Operator, wanted: Wanted) -> None:
        self.operator = operator
        self.values: list[Any] = [*own(operator)]
        self.units = self._equal("AND u.unit_code = ANY({})", wanted.units)
        self.conditions = [
            self._equal("state = {}", wanted.state),
            "review_due_at IS NOT NULL" if wanted.state == "in_review" else "",
            self._equal("{} = ANY(categories)", wanted.category),
            _STEPS[wanted.step] if wanted.step else "",
            "lead IS NULL" if wanted.lead == "" else self._equal("lead = {}", wanted.lead),
            f"{_RANK} = 0" if wanted.urgent else "",
            BARE if wanted.bare else "",
            self._equal("case_id = ANY({}::uuid[])", list(wanted.ids) or None),
        ]

    def _equal(self, condition: str, value: Any) -> str:
        return "" if value is None else condition.format(self.value(value))

    def value(self, value: Any) -> str:
        """The parameter that stands for a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    async def page(self, conn: Connection, order: str, limit: int) -> list[Case]:
        """The first cases that meet all conditions."""
        wanted = " AND ".join(filter(None, self.conditions)) or "true"
        order, whole = f"ORDER BY {order}", not self.units and await _sees_all(conn, self.operator)
        found = _found(wanted, order, limit, whole=whole)
        sql = _PAGE.format(found=found, units=self.units, order=order, most=limit)
        return [as_case(row) for row in await conn.fetch(sql, *self.values)]


async def _sees_all(conn: Connection, operator: Operator) -> bool:
    """Whether an operator's place is the root of the tree."""
    return bool(await conn.fetchval(_AT_ROOT, operator.scope))


async def list_due(
    conn: Connection, operator: Operator, wanted: Wanted, after: Cursor | None, limit: int
) -> list[Case]:
    """Cases with an unmet duty, the most pressing first."""
    asked = _Asked(operator, wanted)
    asked.conditions.append("next_due_at IS NOT NULL")
    if wanted.until:
        asked.conditions.append(f"{_RANK} IN (0, 1) AND next_due_at <= {asked.value(wanted.until)}")
    if after:
        place = (0 if after.urgent else 1, after.next_due_at, after.case_id)
        asked.conditions.append(f"({_PRESSING}) > ({', '.join(map(asked.value, place))})")
    return await asked.page(conn, _PRESSING, limit)


async def list_newest(
    conn: Connection, operator: Operator, wanted: Wanted, after: Cursor | None, limit: int
) -> list[Case]:
    """Cases with or without a duty, the newest first."""
    asked = _Asked(operator, wanted)
    if after:
        asked.conditions.append(f"case_id < {asked.value(after.case_id)}")
    return await asked.page(conn, _NEWEST, limit)


async def count_due(
    conn: Connection, operator: Operator, end_of_today: datetime, now: datetime
) -> Counts:
    """The figures above the inbox; MOST stands for that many or more."""
    sql = _counts(whole=await _sees_all(conn, operator), most=MOST)
    row = await conn.fetchrow(sql, *own(operator), end_of_today, now)
    return Counts(**dict(row)) if row else Counts()


async def count_newer(conn: Connection, operator: Operator, since: UUID) -> int:
    """Cases that were opened after this one and wait for something; MOST stands for more."""
    whole = await _sees_all(conn, operator)
    wanted = "case_id > $3 AND next_due_at IS NOT NULL"
    sql = _count(wanted, "", whole=whole, most=MOST)
    return int(await conn.fetchval(sql, *own(operator), since))


@dataclass(frozen=True)
class Overdue:
    """Cases with a late duty, and with each; complaints not called back, or verified, yet."""

    cases: int
    callback: int
    verification: int
    review: int
    uncalled: int
    unverified: int


async def count_overdue(conn: Connection) -> Overdue:
    """All of them, for the gauges."""
    row = await conn.fetchrow(_OVERDUE)
    return Overdue(**dict(row)) if row else Overdue(0, 0, 0, 0, 0, 0)
