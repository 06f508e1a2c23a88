"""The names on a case's page."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.rules import verdicts
from services.verification.casework.store import cases
from services.verification.casework.views import Detail
from services.verification.directory.store import officers, operators
from shared.access import Operator
from shared.db import Connection


class Roster(BaseModel):
    """Names for a case's page: the unit's officers now and then, badges on it, who did what.

    `cases` are the numbers of the cases named on it, as far as the reader may see them.
    """

    active: Mapping[str, str]
    named: Mapping[str, str]
    people: Mapping[str, str]
    cases: Mapping[str, str]


async def load_roster(conn: Connection, operator: Operator, detail: Detail) -> Roster:
    """Names for a case's page."""
    named = [badge for v in detail.verdicts for badge in v.officers]
    named += filter(None, [detail.officer_badge, *detail.officers, *detail.recused])
    named += filter(None, [one.officer_badge for one in detail.additions])
    active = await officers.list_roster(conn, detail.unit_code, detail.received_at)
    return Roster(
        active=active,
        named={**_as_typed(detail, active), **await officers.list_officer_names(conn, named)},
        people=await operators.list_names(conn, _people(detail)),
        cases={str(i): number for i, number in (await _cases(conn, operator, detail)).items()},
    )


def _as_typed(detail: Detail, active: Mapping[str, str]) -> Mapping[str, str]:
    """The citizen writes a badge in a spelling of their own."""
    typed = detail.officer_badge or ""
    [meant] = verdicts.spelt([typed], active)
    return {typed: active[meant]} if meant in active else {}


async def _cases(conn: Connection, operator: Operator, detail: Detail) -> Mapping[UUID, str]:
    joined = {v.joins for v in detail.verdicts if v.joins}
    told = [a.details.get(name) for a in detail.actions for name in ("joins", "unlike")]
    joined |= {UUID(one) for one in told if one}
    return await cases.list_numbers(conn, operator, joined) if joined else {}


def _people(detail: Detail) -> list[str]:
    asked = [a.details.get(name) for a in detail.actions for name in ("lead", "helper")]
    kept_from = [who.removeprefix("@") for who in detail.recused if who.startswith("@")]
    authors = [v.username for v in detail.verdicts]
    return [*(a.actor for a in detail.actions), *filter(None, asked), *authors, *kept_from]
