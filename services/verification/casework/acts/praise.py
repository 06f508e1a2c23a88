"""Praise that names nobody from the window's list: somebody who knows says whom it means."""

from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.bodies import AttributionBody
from services.verification.casework.store import commendations
from services.verification.casework.store.commendations import Attribution, Commendation
from services.verification.directory.store import officers, units
from shared.access import Operator, identities
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Conflict, Invalid, NotFound, Wrong
from shared.events import CommendationAttributed
from shared.observe import log
from shared.values import clock


class Attributed(BaseModel):
    """Whom it means from now on, if anybody."""

    badge: str | None


async def attribute(
    conn: Connection, operator: Operator, commendation_id: UUID, body: AttributionBody
) -> Attributed:
    """Say whom it means, or take that back. NotFound, Conflict, Invalid."""
    said = await commendations.claim(conn, commendation_id)
    if said is None or not await is_theirs(conn, said):
        raise NotFound("refused.no_commendation")
    badge = body.badge or None
    await _check(conn, operator, said, badge)
    if badge != said.attributed_badge:
        await _save(conn, said, Attribution(badge, operator.username, clock.now()))
    return Attributed(badge=badge)


async def is_theirs(conn: Connection, said: Commendation) -> bool:
    """Whether its unit lies below whoever acts: an officer who has moved only reads."""
    return bool(await units.list_names(conn, [said.unit_code]))


async def _check(
    conn: Connection, operator: Operator, said: Commendation, badge: str | None
) -> None:
    """The citizen's own choice stands, and nobody praises themselves."""
    if said.officer_badge:
        raise Conflict("refused.praise_names")
    if badge and badge not in await officers.list_roster(conn, said.unit_code):
        raise Invalid(Wrong("badge", "wrong.praise_officer"))
    if badge and badge in identities(operator):
        raise Invalid(Wrong("badge", "wrong.praise_own"))


async def _save(conn: Connection, said: Commendation, word: Attribution) -> None:
    number = await commendations.attribute(conn, said.commendation_id, word)
    event = CommendationAttributed.of(
        said, number=number, officer_badge=word.badge, attributed_at=word.attributed_at
    )
    await publish(conn, event)
    log.get().info("commendation attributed", submission_id=str(said.submission_id), count=number)
