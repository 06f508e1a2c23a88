"""What scoring shows to a signed-in supervisor, against the recount."""

from collections import Counter, defaultdict
from uuid import UUID

from tests.chaos import recount
from tests.chaos.callers import Callers
from tests.chaos.compare import Comparison, Lines


async def compare(callers: Callers, found: Comparison) -> Lines:
    """Each unit's balance, and each officer's strikes in force."""
    points = recount.points(found.cases, found.rule)
    units = sorted({case.unit_code for case in found.cases})
    strikes = incidents_of(recount.strikes(found.cases))
    badges = sorted({badge for case in found.cases for badge in case.officers} | set(strikes))
    return {
        "points shown differ": [
            (unit, shown, points.get(unit, 0))
            for unit in units
            if (shown := await _lost(callers, unit)) != points.get(unit, 0)
        ],
        "strikes shown differ": [
            (badge, held, strikes[badge])
            for badge in badges
            if (held := await _strikes(callers, badge)) != strikes[badge]
        ],
    }


def incidents_of(marks: set[tuple[str, UUID, UUID]]) -> defaultdict[str, Counter[str]]:
    """Each officer's incidents, and how many cases each has."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter[str])
    for badge, _, incident_id in marks:
        found[badge][str(incident_id)] += 1
    return found


async def _lost(callers: Callers, unit: str) -> int:
    shown = await callers.shown("scoring", f"/api/v1/units/{unit}/score")
    return -int(shown["balance_centipoints"])


async def _strikes(callers: Callers, badge: str) -> Counter[str]:
    shown = await callers.shown("scoring", f"/api/v1/officers/{badge}/strikes")
    return Counter({one["incident_id"]: len(one["case_ids"]) for one in shown["strikes"]})
