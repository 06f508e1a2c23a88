"""Sanctions are proposed by the rules; a named person signs or declines, and answers for it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.scoring.announcing import tell
from services.scoring.rules.provisional import firm_at
from services.scoring.rules.sanctions import Sanction, counted, may_decide
from services.scoring.rules.strikes import year_of
from services.scoring.rules.values import Scope
from services.scoring.store import appeals, demands, papers, sanctions, verdicts
from services.scoring.store.papers import Addressed
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.errors import Invalid, NotFound, Wrong
from shared.observe import log
from shared.policy import Policies
from shared.values import clock, text

Reason = Annotated[
    str, AfterValidator(text.lines), StringConstraints(strip_whitespace=True, max_length=500)
]


class SignatureBody(BaseModel):
    """POST /sanctions/{id}/signature; who declines says why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["sign", "decline"]
    reason: Reason = ""


class Decided(BaseModel):
    """Which document it became; none where it was declined."""

    number: int | None = None


async def decide(
    conn: Connection, policies: Policies, who: Operator, sanction_id: UUID, body: SignatureBody
) -> Decided:
    """Sign, which issues the document, or decline. NotFound, Conflict, Forbidden, Invalid."""
    await demands.lock_verdicts(conn)
    sanction = await sanctions.get(conn, sanction_id)
    if sanction is None:
        raise NotFound("refused.no_sanction")
    async with as_itself(conn, who):
        sanction = await standing(conn, policies, sanction)
        verified_by = await sanctions.list_verifiers(conn, sanction.case_ids)
        firm = await firm_of(conn, policies, sanction)
    now = clock.now()
    may_decide(sanction, who, verified_by, provisional=firm is not None and now < firm)
    if body.decision == "decline" and not body.reason:
        raise Invalid(Wrong("reason", "reason_needed"))
    outcome = "signed" if body.decision == "sign" else "declined"
    reason = body.reason or None
    await sanctions.decide(conn, sanction_id, outcome, reason, who.username, now)
    log.get().info("sanction decided", outcome=outcome, code=sanction.rule)
    if outcome == "declined":
        return Decided()
    year = year_of(now, policies.at(now))
    # Numbers are counted over everything, whatever the signer may see.
    async with as_itself(conn, who):
        number = await papers.add_signed(conn, sanction, year, who.username, now)
        issued = Addressed(sanction.rule, year, number, sanction.unit_code, sanction.badge)
        await tell(conn, [issued], "issued", now)
    return Decided(number=number)


async def standing(conn: Connection, policies: Policies, sanction: Sanction) -> Sanction:
    """With the cases that carry it now, as one for which it was proposed may have fallen since.

    What is decided or withdrawn keeps those for which it was.
    """
    if sanction.state != "proposed":
        return sanction
    held = await verdicts.list_of_demand(conn, sanction.demand, policies)
    return replace(sanction, case_ids=counted(sanction.demand, held, policies))


async def firm_of(conn: Connection, policies: Policies, sanction: Sanction) -> datetime | None:
    """When the strikes of a sanction are no longer provisional; None if it counts none."""
    if sanction.badge is None:
        return None
    held = await verdicts.list_facts(conn, [Scope("case", str(one)) for one in sanction.case_ids])
    appealed = await appeals.list_of(conn, sanction.badge)
    return firm_at([one for one in held if sanction.badge in one.marked], appealed, policies)
