"""Who works on a case: one lead, and others who help; all of them may see it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from services.verification.casework.rules.cases import Case
from shared import access
from shared.access import Operator
from shared.errors import Conflict, Forbidden, Invalid, Wrong

# The columns that a change of the team stores.
TEAM = ("lead", "helpers")


@dataclass(frozen=True)
class Team:
    """The lead and the helpers of a case, and who else may work on it."""

    lead: Operator | None
    helpers: Sequence[Operator]
    others: Sequence[Operator]

    def may_lead(self, username: str) -> bool:
        """Whether somebody may work on it and does not lead it."""
        return any(one.username == username for one in (*self.helpers, *self.others))

    def leads(self, operator: Operator) -> bool:
        """Whether it is theirs."""
        return self.lead is not None and self.lead.username == operator.username


def may_work(recused: frozenset[str], worker: Operator) -> bool:
    """Whether a case that is kept from these is not kept from somebody who works at its place."""
    own = access.identities(worker)
    if access.INSPECTION in own and access.OUTSIDERS not in recused:
        return False
    return recused.isdisjoint(own)


def team(case: Case, workers: Sequence[Operator]) -> Team:
    """The team of a case; `workers` are all who work at its unit's place or above.

    A lead or a helper who has left, or from whom the case is kept by now, is none any more.
    """
    able = [one for one in workers if may_work(case.recused, one)]
    lead = next((one for one in able if one.username == case.lead), None)
    rest = [one for one in able if one is not lead]
    return Team(
        lead,
        [one for one in rest if one.username in case.helpers],
        [one for one in rest if one.username not in case.helpers],
    )


def by_itself(case: Case, workers: Sequence[tuple[Operator, int]]) -> str | None:
    """Who of a unit gets a new case: whoever leads the fewest, and among equals by lot."""
    able = [(busy, _lot(case, one), one.username) for one, busy in workers
            if may_work(case.recused, one)]  # fmt: skip
    return min(able)[-1] if able else None


def by_themselves(
    cases: Sequence[Case], workers: Mapping[str, Sequence[tuple[Operator, int]]]
) -> dict[UUID, str]:
    """Who gets each of these, one after the other: what somebody gets, they lead from then on."""
    leads: dict[UUID, str] = {}
    more = Counter[str]()
    for case in cases:
        busy = [(one, leads_now + more[one.username])
                for one, leads_now in workers.get(case.unit_code, ())]  # fmt: skip
        if lead := by_itself(case, busy):
            leads[case.case_id] = lead
            more[lead] += 1
    return leads


def _lot(case: Case, worker: Operator) -> bytes:
    return sha256(case.case_id.bytes + worker.username.encode()).digest()


def may_assign(now: Team, operator: Operator, to: str, word: str) -> None:
    """Refused unless this operator may make `to` the lead.

    Who has none anybody takes; from above it is given to anybody, and taken from anybody; the lead
    hands it over. Whoever had it hears why.
    """
    if now.lead and now.lead.username == to:
        raise Conflict("refused.leads_already")
    if operator.role not in access.SUPERVISORS and not now.leads(operator):
        if now.lead:
            raise Forbidden("refused.has_lead")
        if to != operator.username:
            raise Forbidden("refused.assigned_from_above")
    if not now.may_lead(to):
        raise Invalid(Wrong("who", "who_cannot_work"))
    if now.lead and not word:
        raise Invalid(Wrong("word", "word_needed"))


def may_add_helper(now: Team, operator: Operator, who: str) -> None:
    """Refused unless this operator may ask somebody to help, or offer it."""
    own = who == operator.username
    if not own and operator.role not in access.SUPERVISORS and not now.leads(operator):
        raise Forbidden("refused.lead_asks")
    if who in {one.username for one in (*filter(None, [now.lead]), *now.helpers)}:
        raise Conflict("refused.works_already")
    if not now.may_lead(who):
        raise Invalid(Wrong("who", "who_cannot_work"))


def may_remove_helper(now: Team, operator: Operator, who: str) -> None:
    """Refused unless this operator may let a helper go."""
    if who not in {one.username for one in now.helpers}:
        raise Conflict("refused.no_helper")
    own = who == operator.username
    if not own and operator.role not in access.SUPERVISORS and not now.leads(operator):
        raise Forbidden("refused.lead_asks")
