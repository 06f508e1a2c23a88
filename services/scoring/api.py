"""HTTP of scoring: the public figures, and for the staff every point and strike explained."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from aiohttp import web
from asyncpg import Record

from services.scoring.rules.strikes import strikes_of, year_of
from services.scoring.rules.values import Strike
from services.scoring.store import criticisms, directory, facts, points, strikes
from shared import access as identity
from shared.access import Operator
from shared.config import Key
from shared.db import Connection, Database
from shared.errors import FieldError, Invalid, NotFound
from shared.policy import Policies
from shared.values import clock, text
from shared.web.edge import json_response

READERS: tuple[identity.Role, ...] = (
    "unit_operator", "county_supervisor", "city_supervisor", "auditor", "administrator",
)  # fmt: skip
PAGE = 50
MOST = 200
LAST = 2**31 - 1
MONTHS = timedelta(days=365)


@dataclass(frozen=True)
class Api:
    """The handlers."""

    database: Database
    policies: Policies
    identity_public: Key

    def routes(self) -> list[web.RouteDef]:
        """All routes of scoring."""
        return [
            web.get("/api/v1/figures", self.figures),
            web.get("/api/v1/units/{code}/score", self.unit_score),
            web.get("/api/v1/units/{code}/satisfaction", self.unit_satisfaction),
            web.get("/api/v1/officers/{badge}/strikes", self.officer_strikes),
            web.get("/api/v1/criticisms", self.criticisms),
        ]

    async def figures(self, _: web.Request) -> web.Response:
        """Counts for the public table of rule 16."""
        async with self.database.acquire() as conn:
            return json_response(await facts.get_figures(conn, self._zone))

    async def unit_score(self, request: web.Request) -> web.Response:
        """Balance and entries, newest first; `?before=` the last entry_no shown, `?limit=`."""
        operator = self._reader(request)
        before, limit = (
            _number(request, "before", LAST, LAST),
            _number(request, "limit", PAGE, MOST),
        )
        async with self.database.acquire() as conn:
            unit = await _unit(conn, operator, request.match_info["code"])
            balance = await points.get_balance(conn, unit["unit_code"])
            entries = await points.list_entries(conn, unit["unit_code"], before, limit)
        more = len(entries) == limit and entries[-1]["entry_no"] > 1
        return json_response(
            {
                **unit,
                "balance_centipoints": balance,
                "entries": [_plain(entry) for entry in entries],
                "next_before": entries[-1]["entry_no"] if more else None,
            }
        )

    async def unit_satisfaction(self, request: web.Request) -> web.Response:
        """Ratings by level for each month of the last year."""
        operator = self._reader(request)
        since = (clock.service_day(clock.now()) - MONTHS).replace(day=1)
        async with self.database.acquire() as conn:
            unit = await _unit(conn, operator, request.match_info["code"])
            rows = await facts.list_satisfaction(conn, unit["unit_code"], since)
        return json_response({**unit, "months": months_of(rows)})

    async def officer_strikes(self, request: web.Request) -> web.Response:
        """Strikes in force, each with its cases, and the ledger that they follow from."""
        scope = self._reader(request).scope
        async with self.database.acquire() as conn:
            officer = await directory.get_officer(conn, request.match_info["badge"], scope)
            if officer is None:
                raise NotFound("No such officer in your part of the directory.")
            marks = await strikes.get_officers_marks(conn, [officer["badge"]])
            ledger = await strikes.list_ledger(conn, officer["badge"])
        return json_response(
            {
                **officer,
                "strikes": [
                    _strike(strike, self.policies) for strike in strikes_of(marks, self.policies)
                ],
                "ledger": [_plain(entry) for entry in ledger],
            }
        )

    async def criticisms(self, request: web.Request) -> web.Response:
        """A year's circulated criticisms by number; `?year=`, `?after=`, `?limit=`."""
        scope = self._reader(request).scope
        year = _number(request, "year", clock.service_day(clock.now()).year, date.max.year)
        after, limit = _number(request, "after", 0, LAST), _number(request, "limit", PAGE, MOST)
        async with self.database.acquire() as conn:
            rows = await criticisms.list_criticisms(conn, year, scope, after, limit)
        last = rows[-1]["number"] if len(rows) == limit else None
        return json_response(
            {"year": year, "criticisms": [_criticism(row) for row in rows], "next_after": last}
        )

    def _reader(self, request: web.Request) -> Operator:
        header = request.headers.get("Authorization")
        return identity.check(header, self.identity_public, *READERS)

    @property
    def _zone(self) -> str:
        return self.policies.editions[-1].timezone


async def _unit(conn: Connection, operator: Operator, code: str) -> Record:
    unit = await directory.get_unit(conn, code, operator.scope)
    if unit is None:
        raise NotFound("No such unit in your part of the directory.")
    return unit


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    typed = request.query.get(name)
    if typed is None:
        return default
    number = text.number(typed, most)
    if number is None:
        raise Invalid("", FieldError(name, f"Give a whole number from 0 to {most}."))
    return number


def _strike(strike: Strike, policies: Policies) -> dict[str, object]:
    first = strike.first
    return {
        "year": year_of(first.received_at, policies.at(first.received_at)),
        "number": strike.number,
        "incident_id": first.incident_id,
        "unit_code": first.unit_code,
        "received_at": first.received_at.isoformat(),
        "case_ids": strike.case_ids,
    }


def _criticism(row: Record) -> dict[str, object]:
    title = f"〔{row['year']}〕{row['number']}号"
    return _plain(row) | {"title": title, "in_force": row["withdrawn_at"] is None}


def _plain(row: Record) -> dict[str, object]:
    """Times in ISO 8601."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}


def months_of(rows: list[Record]) -> list[dict[str, object]]:
    """Rows of (month, satisfaction, count), sorted by month, as one object for each month."""
    return [
        {"month": f"{month:%Y-%m}", "levels": {row["satisfaction"]: row["count"] for row in group}}
        for month, group in groupby(rows, key=lambda row: row["month"])
    ]
