"""What is stored behind a receipt, read together."""

from dataclasses import dataclass, field
from datetime import datetime

from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Stored
from services.intake.follow import standing, story
from services.intake.follow.standing import Standing
from services.intake.follow.store import contacts, holds, timeline
from services.intake.follow.store.contacts import Contact
from services.intake.follow.story import Entry, Waits
from shared.db import Connection
from shared.policy import Policies
from shared.values import phone
from shared.values.seal import Seal


@dataclass(frozen=True)
class Told:
    """A submission, what happened to it, and the phone that counts: the bound one before the other.

    `left` is sealed, and is the one that came with the submission.
    """

    facts: Stored
    entries: list[Entry]
    left: str | None = field(repr=False)
    contact: Contact | None
    waits: Waits | None = None

    @property
    def phone_sealed(self) -> str | None:
        """The phone that counts, sealed as `phone:<submission_id>`."""
        return self.contact.phone_sealed if self.contact else self.left

    @property
    def phone_index(self) -> str | None:
        """Its blind index."""
        return self.contact.phone_index if self.contact else self.facts.phone_index

    def use(self, seal: Seal) -> phone.Use | None:
        """What it is good for, also by the vendors' word; None where there is none."""
        if not (sealed := self.phone_sealed):
            return None
        use = phone.use_sealed(seal, sealed, self.facts.id)
        refused = use.airtime and story.phone_refused(self.entries)
        return phone.USES["refused"] if refused else use

    def standing(self, seal: Seal, policies: Policies, now: datetime) -> Standing:
        """How it stands for its citizen."""
        use = self.use(seal)
        known = standing.Phone(known=use is not None, airtime=use is not None and use.airtime)
        policy = policies.at(self.facts.received_at)
        return Standing(self.facts.kind, self.entries, policy, now, known)


async def load(conn: Connection, facts: Stored) -> Told:
    """Everything that belongs to a submission."""
    return Told(
        facts,
        await timeline.list_of(conn, facts.id),
        await submissions.get_phone(conn, facts.id) if facts.phone_index else None,
        await contacts.get(conn, facts.id),
        await holds.waits(conn, facts.id) if facts.verification_due_at is None else None,
    )
