"""Taking in what citizens write back: an answer, a wish for no more SMS, or nothing to guess at."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from services.notifications import metrics
from services.notifications.providers.protocol import Inbound
from services.notifications.rules import replies as rules
from services.notifications.rules.replies import ANSWERS, Effect, Question, Said
from services.notifications.store import messages
from services.notifications.store import replies as store
from services.notifications.store.replies import Reply, StopChange
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import AnswerReplied
from shared.observe import log, trace
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal

BY_SMS = StopChange("", stopped=True, changed_by="", reason="sms")


@dataclass(frozen=True)
class Hearing:
    """What is heard is matched by the number's hash; the words themselves are not kept."""

    seal: Seal
    policies: Policies

    async def take(self, conn: Connection, vendor: str, told: list[Inbound]) -> None:
        """All of one delivery. By number, so that two deliveries of the same cannot wait in a ring.

        What one number wrote stays in its order.
        """
        numbered = [(self.seal.index(one.phone), one) for one in told]
        for number, one in sorted(numbered, key=lambda pair: pair[0]):
            await self._hear(conn, vendor, number, one)

    async def _hear(self, conn: Connection, vendor: str, number: str, one: Inbound) -> None:
        within = timedelta(hours=self.policies.at(clock.now()).messages.reply_hours)
        reply = Reply(uuid7(), vendor, one.ref, number, rules.read(one.text))
        await store.lock(conn, number)
        heard = await store.hear(conn, number, within)
        if not await store.add(conn, reply):
            return
        metrics.REPLIES.labels(vendor, reply.said).inc()
        log.get().info(f"reply heard: {reply.said}", vendor=vendor)
        effect = rules.effect(reply.said, heard)
        await self._follow(conn, reply, effect)
        if effect.explain:
            await self._explain(conn, one.phone, within, effect.explain)

    async def _follow(self, conn: Connection, reply: Reply, effect: Effect) -> None:
        if effect.question:
            await _answer(conn, reply.reply_id, reply.said, effect.question)
        if effect.stop is not None:
            change = BY_SMS._replace(phone_hash=reply.phone_hash, stopped=effect.stop)
            await store.set_stopped(conn, change)

    async def _explain(
        self, conn: Connection, phone: str, within: timedelta, language: str
    ) -> None:
        own, now = uuid7(), clock.now()
        sealed, number = self.seal.close(phone, f"phone:{own}"), self.seal.index(phone)
        howto = messages.Passing(
            own, own, "howto", sealed, None, now, now + within, language, number
        )
        await messages.add_passing(conn, howto, trace.current())


async def _answer(conn: Connection, reply_id: UUID, said: Said, question: Question) -> None:
    """The next answer to a question: it goes to where all of them go."""
    await store.set_question(conn, reply_id, question.message_id)
    number = await store.count_answers(conn, question.message_id)
    answers = ANSWERS[said]
    event = AnswerReplied.of(
        question, reply_id=reply_id, number=number, solved=answers.solved,
        satisfied=answers.satisfied, replied_at=clock.now(),
    )  # fmt: skip
    await publish(conn, event)
