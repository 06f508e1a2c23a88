"""What will happen once a verdict is submitted, as it is typed so far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from services.verification.casework.acts import judging
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import consequences
from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.consequences import About, Told
from services.verification.casework.rules.verdicts import Ruling
from services.verification.casework.store import strikes
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.events import Attribution, Verdict
from shared.values import clock, phone
from shared.web.forms import Fields


@dataclass(frozen=True)
class Outcome:
    """What one verdict leads to."""

    ruling: Ruling
    told: Sequence[Told]


async def load(
    conn: Connection, desk: Desk, operator: Operator, case: Case, typed: Fields
) -> list[Outcome]:
    """Of the verdict that is chosen; of each that may be, where none is."""
    chosen = _ruling(typed, case)
    rulings = [chosen] if chosen else [_on(case, one) for one in consequences.CHOICES]
    return [await _outcome(conn, desk, operator, case, one, typed) for one in rulings]


def _ruling(typed: Fields, case: Case) -> Ruling | None:
    verdict: Verdict | None = _one_of(Verdict, typed.one("verdict"))
    if verdict is None:
        return None
    blamed: Attribution = _one_of(Attribution, typed.one("attribution")) or "none"
    whole = Ruling(verdict, blamed, typed.all("officers"), typed.all("categories"))
    return whole.needed(case.categories)


def _one_of(kind: Any, said: str) -> Any:
    return said if said in get_args(kind) else None


def _on(case: Case, ruling: Ruling) -> Ruling:
    return replace(ruling, categories=case.categories)


async def _outcome(
    conn: Connection, desk: Desk, operator: Operator, case: Case, ruling: Ruling, typed: Fields
) -> Outcome:
    rule = desk.policy(case)
    since, until = consequences.window(case.received_at, rule)
    async with as_itself(conn, operator):
        struck = await strikes.count(conn, ruling.officers, since, until, case.incident_id)
    joins = bool(typed.one("incident").strip())
    waits = await judging.must_wait(conn, desk, case, ruling.verdict, operator.role, joins=joins)
    use = case.phone_sealed and phone.use_sealed(desk.seal, case.phone_sealed, case.submission_id)
    about = About(
        case.kind, struck, waits, sms=bool(use and use.sms), airtime=bool(use and use.airtime)
    )
    return Outcome(ruling, list(consequences.of(ruling, about, rule, clock.now())))
