"""Sending and asking: calls to the vendor, on claimed rows, outside any transaction."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from services.notifications import metrics
from services.notifications.providers.protocol import Call, Provider, Sms
from services.notifications.rules.messages import (
    FINAL,
    TOLD,
    Limits,
    Next,
    after_query,
    after_send,
    is_dead,
    sent_nothing,
)
from services.notifications.rules.shares import Tried, after_refusal, end_of
from services.notifications.rules.sparing import STOPPED, Terms, Thrift, Why, waits
from services.notifications.store import claiming, forgetting, messages, overview, shares, spending
from services.notifications.store.messages import Message
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.events import MessageSettled, QuestionAsked
from shared.observe import log
from shared.values import clock
from shared.values.money import yuan
from shared.values.seal import Seal, SealBroken
from shared.vendors.errand import Errand, NotCalled
from shared.vendors.outcomes import Held, Outcome, Rejected

BATCH = 20
MOVES = 10_000


@dataclass(frozen=True)
class Deliveries:
    """The jobs of notifications. Each returns how many rows it found to work on.

    `takers` are all vendors that take new SMS, where this is one of several.
    """

    database: Database
    vendor: Provider
    seal: Seal
    limits: Limits
    thrift: Thrift
    takers: frozenset[str] = frozenset()

    @property
    def sending(self) -> Errand[Message]:
        """Send what is queued and due. The claim is committed before a byte leaves.

        A held message is often about one template, so it holds up nothing but itself: no pause.
        """
        return Errand(
            name="send",
            vendor=self.vendor.name,
            database=self.database,
            calls=metrics.CALLS,
            claim=self._claim_queued,
            call=self._send,
            settle=self._settle_sent,
            lease=messages.LEASE / 2,
            at_once=BATCH,
        )

    @property
    def asking(self) -> Errand[Message]:
        """Ask the vendor about what is accepted or unknown."""
        return replace(
            self.sending,
            name="query",
            claim=self._claim_asked,
            call=self._ask,
            settle=self._settle_asked,
        )

    async def send_queued(self) -> int:
        """How many messages were sent."""
        return await self.sending.run()

    async def query_due(self) -> int:
        """How many messages were asked about."""
        return await self.asking.run()

    async def expire_leases(self) -> int:
        """A message whose sender vanished is unknown, never queued."""
        return await self._mark_all(messages.mark_expired, "message lease expired")

    async def forget_dead(self) -> int:
        """A code or a link that nobody mended in time is never sent."""
        return await self._mark_all(messages.mark_dead, "dead message forgotten")

    async def _mark_all(self, mark: Callable[[Connection], Awaitable[list[UUID]]], say: str) -> int:
        async with self.database.transaction() as conn:
            marked = await mark(conn)
        for message_id in marked:
            log.get().warning(say, message_id=message_id)
        return len(marked)

    async def forget_phones(self) -> int:
        """Of what nobody may send again any more; the policy says how long that is."""
        rule = self.terms.sparing.rule
        kept, heard = timedelta(days=rule.resend_days), timedelta(hours=rule.reply_hours)
        async with self.database.transaction() as conn:
            return await forgetting.forget_phones(conn, kept, heard)

    async def observe(self) -> None:
        """Set the gauges; say once a day that a purse is empty."""
        async with self.database.transaction() as conn:
            await overview.add_up(conn, MOVES)
            counts = await overview.get_counts(conn)
            await self._observe_day(conn)
        metrics.MESSAGES.clear()
        for (purpose, state), count in counts.items():
            metrics.MESSAGES.labels(purpose, state).set(count)

    async def _observe_day(self, conn: Connection) -> None:
        terms = self.terms
        spent, due = await spending.get(conn, terms.day), await overview.count_due(conn)
        rule = terms.sparing.rule
        for purse, fen, most in (("day", spent.day_fen, rule.day_fen),
                                 ("reserve", spent.reserve_fen, rule.reserve_fen)):  # fmt: skip
            metrics.SPENT.labels(purse).set(fen)
            metrics.MOST.labels(purse).set(most)
        held = Counter[Why]()
        for purpose, count in due.items():
            if why := waits(terms.sparing, spent, terms.fen, purpose):
                held[why] += count
        for reason in get_args(Why):
            metrics.WAITING.labels(reason).set(held[reason])
        gone: tuple[tuple[Why, bool], ...] = (("over_cap", False), ("reserve_gone", True))
        for reason, reserve in gone:
            if held[reason] and await spending.mark_told(conn, terms.day, reserve=reserve):
                log.get().error("no money for SMS left today", reason=reason, count=held[reason])

    async def _claim_queued(self, conn: Connection, most: int) -> list[Message]:
        terms = replace(self.terms, only=len(self.takers) < 2)
        return await claiming.claim_queued(conn, most, terms)

    async def _claim_asked(self, conn: Connection, most: int) -> list[Message]:
        return await messages.claim_queries(conn, most, self.vendor.name)

    @property
    def terms(self) -> Terms:
        """By what is sent at this moment."""
        return self.thrift.terms(self.vendor.name, clock.now())

    async def _send(self, message: Message) -> Outcome:
        if is_dead(message.age, message.life):
            raise NotCalled(Rejected("expired", retriable=False))
        if message.stopped and message.purpose in STOPPED:
            raise NotCalled(Rejected("stopped", retriable=False))
        return await self.vendor.send(self._open(message))

    async def _ask(self, message: Message) -> Outcome:
        call = Call(message.called_at, message.ref)
        return await self.vendor.ask(self._open(message), call)

    def _open(self, message: Message) -> Sms:
        try:
            phone = self.seal.open(message.phone_sealed, f"phone:{message.submission_id}")
            values = self._values(message)
            return Sms(message.message_id, message.purpose, phone, values, message.language)
        except SealBroken:
            raise NotCalled(Held("seal_broken")) from None

    def _values(self, message: Message) -> dict[str, str]:
        if message.code_sealed:
            name = "code" if message.purpose == "code" else "link"
            return {name: self.seal.open(message.code_sealed, f"code:{message.message_id}")}
        return {} if message.amount_fen is None else {"amount": yuan(message.amount_fen)}

    async def _settle_sent(self, conn: Connection, message: Message, outcome: Outcome) -> None:
        if sent_nothing(outcome):
            await spending.give_back(conn, message.message_id)
        await self._note_end(conn, message, outcome, asked=False)
        to = after_send(outcome, message.standing, self.limits)
        tried = await shares.get_tried(conn, message) if len(self.takers) > 1 else Tried()
        refused = (outcome, to, message.attempt, self.vendor.name, tried, self.takers)
        if (elsewhere := after_refusal(*refused)) is None:
            await self._move(conn, message, to)
        elif await self._move(conn, message, elsewhere[0]):
            await shares.mark_tried(conn, message, elsewhere[1])
            log.get().error("vendor refused an SMS", vendor=self.vendor.name, code=outcome.code)

    async def _settle_asked(self, conn: Connection, message: Message, outcome: Outcome) -> None:
        await self._note_end(conn, message, outcome, asked=True)
        await self._move(conn, message, after_query(outcome, message.standing, self.limits))

    async def _note_end(
        self, conn: Connection, message: Message, outcome: Outcome, *, asked: bool
    ) -> None:
        if how := end_of(outcome, asked=asked):
            await shares.add_end(conn, message, how)

    async def _move(self, conn: Connection, message: Message, to: Next) -> bool:
        if to.state == message.state:
            await messages.postpone(conn, message, to)
            return False
        moved, settled_at = await messages.mark(conn, message, to)
        if to.repeat:
            await spending.give_back(conn, message.message_id)
        if moved and settled_at:
            await _tell_others(conn, message, FINAL[to.state], settled_at)
        self._tell(message, to, moved)
        return moved

    def _tell(self, message: Message, to: Next, moved: bool) -> None:
        say = log.get().error if to.state == "held" else log.get().info
        say(
            f"{message.purpose} message {to.state}" if moved else "message was moved by another",
            message_id=message.message_id,
            case_id=message.case_id,
            attempt=message.attempt,
            state=to.state,
            code=to.code,
            vendor=self.vendor.name,
        )


async def _tell_others(
    conn: Connection, message: Message, outcome: str, settled_at: datetime
) -> None:
    """Whoever shows it, or counts who was asked."""
    if message.purpose in TOLD:
        await publish(conn, MessageSettled.of(message, outcome=outcome, settled_at=settled_at))
    if message.purpose == "question" and outcome == "delivered":
        asked = QuestionAsked.of(message, revision=message.occasion, asked_at=settled_at)
        await publish(conn, asked)
