"""Sanctions are proposed by the rules; a named person signs or declines, and answers for it."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.scoring.rules.sanctions import may_decide
from services.scoring.rules.strikes import year_of
from services.scoring.store import demands, papers, sanctions
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
        verified_by = await sanctions.list_verifiers(conn, sanction.case_ids)
        found = await papers.list_cases(conn, sanction.case_ids)
    may_decide(sanction, who, verified_by)
    if body.decision == "decline" and not body.reason:
        raise Invalid(Wrong("reason", "reason_needed"))
    now, outcome = clock.now(), "signed" if body.decision == "sign" else "declined"
    reason = body.reason or None
    await sanctions.decide(conn, sanction_id, outcome, reason, who.username, now)
    log.get().info("sanction decided", outcome=outcome, code=sanction.rule)
    if outcome == "declined":
        return Decided()
    year = year_of(now, policies.at(now))
    # Numbers are counted over everything, whatever the signer may see.
    async with as_itself(conn, who):
        signed = replace(sanction, case_ids=tuple(one.case_id for one in found if one.counts))
        number = await papers.add_signed(conn, signed, year, who.username, now)
    return Decided(number=number)
