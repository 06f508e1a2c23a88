"""Copy, correction, deletion: what citizens may ask of their data with their receipt.

Whoever finds the paper holds the receipt too, so one thing more is asked that only its owner knows:
the phone, or how the words begin.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from services.intake.accept.finding import Finding
from services.intake.accept.store import attachments
from services.intake.accept.store.submissions import Stored
from services.intake.privacy import store, views
from services.intake.privacy.store import Held
from services.intake.privacy.views import Answer, Copy, Overview, Wish
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.errors import Invalid, TooMany, Unavailable, Wrong
from shared.events import SubmissionAdded
from shared.observe import log
from shared.policy import Policies
from shared.storage import Storage
from shared.values import clock, phone, text
from shared.values.phone import NotAPhone
from shared.values.seal import Seal
from shared.web.endpoints import Call

FAILURES = 5
A_DAY = timedelta(days=1)
BEGINNING = 4
LOW = 2


class Own(NamedTuple):
    """A submission with all that is held of it."""

    facts: Stored
    held: Held
    phone: str | None
    phone_indexes: frozenset[str]
    words: str | None
    added: list[views.Later]
    kept: list[attachments.Attachment]

    @property
    def secret(self) -> bool:
        """Whether there is anything that its owner could know."""
        return bool(self.phone_indexes or self.words or self.added)


@dataclass(frozen=True)
class Asking:
    """Answers wishes."""

    database: Database
    seal: Seal = field(repr=False)
    policies: Policies
    storage: Storage | None
    finding: Finding

    async def overview(self, call: Call[Any, Any]) -> Overview:
        """What lies here of the submission of the call's receipt. NotFound, TooMany."""
        async with self.database.acquire() as conn:
            own = await self._own(conn, await self.finding.find(conn, call))
            asked = await store.list_requests(conn, own.facts.id)
            owed = await store.is_owed(conn, own.facts.id, clock.now())
        days = self.policies.at(clock.now()).privacy.kept_days
        return Overview(
            words=bool(own.words or own.added),
            phone=own.phone is not None,
            attachments=len(own.kept),
            kept_until=own.facts.received_at + timedelta(days=days),
            owed=owed,
            deletion_asked_at=next((one.asked_at for one in asked if one.kind == "deletion"), None),
            erased_at=own.held.erased_at,
        )

    async def ask(self, call: Call[Any, Any], wish: Wish, key: str, note: str) -> Answer:
        """Do what is wished, once for each key. NotFound, Invalid, TooMany, Unavailable.

        `note` stands before a correction, where the desk reads it.
        """
        async with self.database.acquire() as conn:
            facts = await self.finding.find(conn, call)
        async with self.database.transaction() as conn:
            own = await self._own(conn, facts)
            proven = await self._prove(conn, own, wish.known)
        if not proven:
            raise Invalid(Wrong("known", "wrong.not_known"))
        match wish.kind:
            case "copy":
                return await self._copy(own)
            case "correction":
                return await self._correct(own, wish, key, note)
            case "deletion":
                return await self._delete(own, key)

    async def _own(self, conn: Connection, facts: Stored) -> Own:
        held = await store.get_held(conn, facts.id)
        bound, bound_index = await store.get_bound(conn, facts.id)
        kept = await attachments.list_of_submission(conn, facts.id)
        sealed = bound or held.phone_sealed
        indexes = frozenset(filter(None, (held.phone_index, bound_index)))
        return Own(
            facts,
            held,
            self.seal.opened(sealed, f"phone:{facts.id}"),
            indexes,
            self.seal.opened(held.words_sealed, f"words:{facts.id}"),
            [
                views.Later(at=at, words=self.seal.open(words, context))
                for at, context, words in await store.list_added(conn, facts.id)
            ],
            [one for one in kept if one.erased_at is None],
        )

    async def _prove(self, conn: Connection, own: Own, known: str) -> bool:
        """Failures are counted, and committed."""
        if not own.secret:
            return True
        if await store.count_failures(conn, own.facts.id) >= FAILURES:
            raise TooMany("refused.data_tries", A_DAY)
        if self._knows(own, known):
            return True
        await store.add_failure(conn, own.facts.id)
        return False

    def _knows(self, own: Own, known: str) -> bool:
        begin = text.keyword(known)
        written = [own.words or "", *(later.words for later in own.added)]
        if len(begin) >= BEGINNING and any(text.keyword(w).startswith(begin) for w in written):
            return True
        try:
            return self.seal.index(phone.parse(known)) in own.phone_indexes
        except NotAPhone:
            return False

    async def _copy(self, own: Own) -> Answer:
        facts, held = own.facts, own.held
        kept = own.kept if own.secret else []
        copy = Copy(
            submission_id=facts.id,
            kind=facts.kind,
            unit_code=facts.unit_code,
            counter=facts.counter,
            received_at=facts.received_at,
            satisfaction=held.satisfaction,
            categories=held.categories,
            words=own.words,
            phone=own.phone,
            officer_badge=held.officer_badge,
            further={k: v for k, v in (held.details or {}).items() if not k.endswith("_sealed")},
            added=own.added,
            attachments=[await self._opened(one) for one in kept],
            erased_at=held.erased_at,
        )
        log.get().info("data copied", submission_id=str(facts.id))
        return Answer(kind="copy", outcome="shown", data=copy)

    async def _opened(self, one: attachments.Attachment) -> views.Attachment:
        if self.storage is None:
            raise Unavailable()
        sealed = await self.storage.get(one.name)
        content = self.seal.open_file(sealed, f"photo:{one.attachment_id}")
        return views.Attachment(
            kind=one.kind,
            media_type="image/jpeg" if one.kind == "photo" else "audio/ogg",
            content=b64encode(content).decode(),
        )

    async def _correct(self, own: Own, wish: Wish, key: str, note: str) -> Answer:
        words = text.lines(wish.words).strip()
        if not words:
            raise Invalid(Wrong("words", "wrong.words_missing"))
        # Praise is nobody's case: a correction of it is no further praise.
        reaches = own.facts.kind != "rating" or (own.held.satisfaction or 0) <= LOW
        request_id = uuid5(own.facts.id, f"correction {key}")
        sealed = self.seal.close(f"{note}{words}", f"words:{request_id}")
        async with self.database.transaction() as conn:
            fresh = await store.add_request(conn, request_id, own.facts.id, wish.kind, sealed)
            if fresh and reaches:
                number = await store.count_said(conn, own.facts.id)
                await publish(conn, _added(own, request_id, number, sealed))
        log.get().info("data asked for", submission_id=str(own.facts.id), outcome=wish.kind)
        return Answer(kind="correction", outcome="added" if reaches else "noted")

    async def _delete(self, own: Own, key: str) -> Answer:
        request_id = uuid5(own.facts.id, f"deletion {key}")
        async with self.database.transaction() as conn:
            await store.add_request(conn, request_id, own.facts.id, "deletion", None)
            owed = await store.is_owed(conn, own.facts.id, clock.now())
        log.get().info("data asked for", submission_id=str(own.facts.id), outcome="deletion")
        return Answer(kind="deletion", outcome="later" if owed else "soon")


def _added(own: Own, addition_id: UUID, number: int, words_sealed: str) -> SubmissionAdded:
    """For the desk a correction is what was added to the case."""
    return SubmissionAdded(
        addition_id=addition_id,
        submission_id=own.facts.id,
        number=number,
        unit_code=own.facts.unit_code,
        kind=own.facts.kind,
        satisfaction=own.held.satisfaction,
        words_sealed=words_sealed,
        added_at=clock.now(),
        why="open",
    )
