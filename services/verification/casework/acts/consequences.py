"""What will happen once a verdict is submitted, as it is typed so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from services.verification.casework.acts import judging
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import consequences, verdicts
from services.verification.casework.rules.cases import Case, phone_use
from services.verification.casework.rules.consequences import About, Told
from services.verification.casework.rules.verdicts import Ruling
from services.verification.casework.store import strikes
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.events import Attribution, Verdict
from shared.policy import Policy
from shared.values import clock
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
    chosen, rule, now = _ruling(typed, case), desk.policy(case), clock.now()
    rulings = [chosen] if chosen else [_on(case, one) for one in consequences.CHOICES]
    struck = await _strikes(conn, operator, case, rule, chosen.officers if chosen else ())
    past = await judging.past_of(conn, case.case_id)
    joins = bool(typed.one("incident").strip())
    use = phone_use(case, desk.seal)
    outcomes = []
    for one in rulings:
        waits = verdicts.must_wait(one.verdict, operator.role, past, rule.verification, joins=joins)
        about = About(
            case.kind, struck, waits, sms=bool(use and use.sms), airtime=bool(use and use.airtime)
        )
        outcomes.append(Outcome(one, list(consequences.of(one, about, rule, now))))
    return outcomes


async def _strikes(
    conn: Connection, operator: Operator, case: Case, rule: Policy, officers: tuple[str, ...]
) -> Mapping[str, int]:
    if not officers:
        return {}
    since, until = consequences.window(case.received_at, rule)
    async with as_itself(conn, operator):
        return await strikes.count(conn, officers, since, until, case.incident_id)


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
