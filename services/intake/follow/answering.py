"""What citizens say of the answer: two questions, the follow-up, pressure, and withdrawing.

Each act is four steps in one transaction, with the submission held: load, decide, save, publish.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from uuid_utils.compat import uuid7

from services.intake.abuse import store as counts
from services.intake.abuse.limits import Limit
from services.intake.accept.finding import Finding
from services.intake.follow import reading
from services.intake.follow.bodies import FollowupBody, PressureBody, RatingBody, WithdrawalBody
from services.intake.follow.reading import Told
from services.intake.follow.standing import Act, Standing
from services.intake.follow.store import said, timeline
from services.intake.follow.story import Entry
from services.intake.follow.views import Noted
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, TooMany, Wrong
from shared.events import (
    AnswerRated,
    FollowupReceived,
    Language,
    PressureReported,
    SubmissionWithdrawn,
)
from shared.observe import log
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal, SealBroken
from shared.web import repeats
from shared.web.endpoints import Call

B = TypeVar("B", bound=BaseModel)
A = TypeVar("A", bound=BaseModel)
# A person in distress may say more than once what happened; a program may not fill the desk.
A_DAY, REPORTS_A_DAY = timedelta(days=1), 10
# People change their minds, and each word is kept and told.
CHANGES = Limit("changes_of_receipt", 20, A_DAY)
Do = Callable[["Moment", B], Awaitable[A]]


@dataclass(frozen=True)
class Moment:
    """An act under way: on which connection, of which submission, how it stands, when."""

    conn: Connection
    told: Told
    standing: Standing
    now: datetime
    language: Language

    @property
    def id(self) -> UUID:
        """The submission's."""
        return self.told.facts.id

    def must(self, act: Act) -> None:
        """Conflict where it is too early, too late, or done."""
        if not self.standing.may(act):
            raise Conflict(f"refused.not_now_{act}")

    async def change(self) -> None:
        """Another word that takes the place of one before. TooMany where there were many today."""
        counted = await counts.count(self.conn, CHANGES, str(self.id))
        if counted.over:
            raise TooMany("refused.said_often", counted.after(clock.now()))

    async def tell(self, entry: Entry) -> None:
        """The next line of the story."""
        await timeline.add(self.conn, self.id, str(entry.details["number"]), entry)
        log.get().info(f"citizen's word taken in: {entry.step}", submission_id=str(self.id))


@dataclass(frozen=True)
class Answering:
    """Takes in what they say."""

    database: Database
    seal: Seal
    policies: Policies
    finding: Finding

    async def act(self, call: Call[B, Any], kind: type[A], do: Do[B, A]) -> A:
        """Do it once, for whoever has the code. NotFound, Conflict, Invalid, TooMany."""
        async with self.database.acquire() as conn:
            facts = await self.finding.find(conn, call)

        async def once(conn: Connection) -> A:
            await said.lock(conn, facts.id)
            told, now = await reading.load(conn, facts), clock.now()
            standing = told.standing(self.seal, self.policies, now)
            return await do(Moment(conn, told, standing, now, call.language), call.body)

        async with self.database.transaction() as conn:
            return await repeats.once(conn, call, kind, partial(once, conn))

    async def rate(self, moment: Moment, body: RatingBody) -> Noted:
        """Solved? Satisfied with the handling? The newest word counts, and each is kept."""
        if body.solved is None and body.satisfied is None:
            raise Invalid(Wrong("solved", "wrong.answer_one"))
        moment.must("rate")
        await moment.change()
        number = moment.standing.next("rated")
        told = body.model_dump() | {"revision": moment.standing.revision}
        await moment.tell(Entry("rated", moment.now, told | {"number": number}))
        facts = moment.told.facts
        event = AnswerRated(
            submission_id=moment.id, kind=facts.kind, unit_code=facts.unit_code, version=number,
            rated_at=moment.now, **told,
        )  # fmt: skip
        await publish(moment.conn, event)
        return Noted(at=moment.now)

    async def follow_up(self, moment: Moment, body: FollowupBody) -> Noted:
        """The level above looks again; once, within the policy's days."""
        moment.must("follow_up")
        own, number = uuid7(), moment.standing.next("followup")
        sealed, revision = self.seal.close(body.words, f"words:{own}"), moment.standing.revision
        await said.add_followup(moment.conn, own, moment.id, number, sealed, moment.now)
        told = {"number": number, "revision": revision}
        await moment.tell(Entry("followup", moment.now, told))
        event = FollowupReceived(
            followup_id=own, submission_id=moment.id, number=number, revision=revision,
            words_sealed=sealed, received_at=moment.now,
        )  # fmt: skip
        await publish(moment.conn, event)
        return Noted(at=moment.now)

    async def withdraw(self, moment: Moment, body: WithdrawalBody) -> Noted:
        """Withdraw, or take that back. Nothing is deleted; what is so already stays so."""
        if body.withdrawn == moment.standing.withdrawn:
            return Noted(at=moment.now)
        moment.must("withdraw" if body.withdrawn else "take_back")
        await moment.change()
        number = moment.standing.next("withdrawn")
        told = {"number": number, "withdrawn": body.withdrawn}
        await moment.tell(Entry("withdrawn", moment.now, told))
        event = SubmissionWithdrawn(
            submission_id=moment.id, version=number, withdrawn=body.withdrawn, changed_at=moment.now
        )
        await publish(moment.conn, event)
        return Noted(at=moment.now)

    async def report(self, moment: Moment, body: PressureBody) -> Noted:
        """Somebody presses the citizen: to the level above, and to nobody else.

        Not a line of it stands in the story: whoever looks at the receipt must not find out.
        """
        since = moment.now - A_DAY
        if await said.count_pressures(moment.conn, moment.id, since) >= REPORTS_A_DAY:
            raise TooMany("refused.reported_often", A_DAY)
        own, facts = uuid7(), moment.told.facts
        await said.add_pressure(moment.conn, own, moment.id, moment.now)
        phone = self._again(moment.told, own)
        event = PressureReported(
            pressure_id=own,
            submission_id=moment.id,
            unit_code=facts.unit_code,
            counter=facts.counter,
            words_sealed=self.seal.close(body.words, f"words:{own}") if body.words else None,
            phone_sealed=phone,
            phone_index=moment.told.phone_index if phone else None,
            language=moment.language,
            reported_at=moment.now,
        )
        await publish(moment.conn, event)
        return Noted(at=moment.now)

    def _again(self, told: Told, own: UUID) -> str | None:
        """The phone, sealed for a case of its own."""
        if told.phone_sealed is None:
            return None
        try:
            clear = self.seal.open(told.phone_sealed, f"phone:{told.facts.id}")
        except SealBroken:
            return None
        return self.seal.close(clear, f"phone:{own}")
