"""Rows of the inbox: what a case is about, who works on it, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.verification.casework import views
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import assigning, callbacks, nexts
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.nexts import Next
from services.verification.casework.store import actions, workers
from services.verification.directory.store import operators, units
from shared.access import Operator
from shared.db import Connection
from shared.policy.naming import Category
from shared.values import clock
from shared.values.seal import SealBroken

# A row shows one line on a wide screen, two on a phone.
_FIRST = 80


@dataclass(frozen=True)
class Row:
    """A case in the inbox; `who` leads it, or else did the last thing to it, if anybody has."""

    case: Case
    unit: str
    words: str
    phone: str | None
    categories: Sequence[Category]
    next: Next
    who: str


async def load(
    conn: Connection, desk: Desk, operator: Operator, found: Sequence[Case], now: datetime
) -> list[Row]:
    """A page's rows, with one question for each kind of thing on them."""
    ids = [case.case_id for case in found]
    names = await units.list_names(conn, [case.unit_code for case in found])
    calls = await actions.list_all_attempts(conn, ids)
    actors = await actions.list_last_actors(conn, ids)
    people = await operators.list_names(conn, list(actors.values()))
    leads = await workers.list_leads(conn, ids)
    rows, calling = [], callbacks.may_call(operator)
    for case in found:
        policy = desk.policy(case)
        named = {one.key: one for one in policy.categories}
        called = calls.get(case.case_id, [])
        rows.append(
            Row(
                case,
                names.get(case.unit_code, case.unit_code),
                _first_words(desk, case),
                views.masked(case, desk.seal),
                [named[key] for key in case.categories if key in named],
                nexts.next_act(case, called, policy.callback, now, calling=calling),
                _who(case, leads.get(case.case_id), people.get(actors.get(case.case_id, ""), "")),
            )
        )
    return rows


def _who(case: Case, lead: Operator | None, last: str) -> str:
    return lead.name if lead and assigning.may_work(case.recused, lead) else last


def _first_words(desk: Desk, case: Case) -> str:
    try:
        words = desk.seal.opened(case.words_sealed, f"words:{case.submission_id}")
    except SealBroken:
        return ""
    return " ".join((words or "")[:_FIRST].split())


def hour(at: datetime) -> str:
    """When, of a moment within the hour."""
    return f"{at.astimezone(clock.home()):%H:%M}"
