"""Another phone, bound because the vendors refuse the one before.

What has not left goes to it at once. While an order may still be carried out the phone waits: it is
paid after that order has certainly failed, and never beside it.
"""

from dataclasses import dataclass

from services.rewards import moves
from services.rewards.deciding import decide, near
from services.rewards.rules import entitlement
from services.rewards.rules.entitlement import Turn
from services.rewards.rules.payouts import Reward, move
from services.rewards.store import contacts, phones, rewards
from shared.db import Connection
from shared.events import ContactBound
from shared.observe import log
from shared.policy import Policies
from shared.values import phone
from shared.values.seal import Seal


@dataclass(frozen=True)
class Rebinding:
    """The work on another phone; the caller has locked decisions and the reward."""

    policies: Policies
    seal: Seal

    async def hear(self, conn: Connection, reward: Reward, contact: ContactBound) -> None:
        """A phone was bound: pay to it, or say that it waits its turn."""
        match await turn_of(conn, self.seal, reward, contact):
            case "now":
                await self._change(conn, reward, contact)
            case "later":
                await moves.note(conn, reward, "rebound", await rewards.get_now(conn))
            case _:
                log.get().info("reward unchanged", case_id=str(reward.case_id), state=reward.state)

    async def turn(self, conn: Connection, reward: Reward) -> bool:
        """An order has certainly failed: pay to the phone that waited for it, if one did."""
        contact = await contacts.get(conn, reward.submission_id)
        if contact is None or await turn_of(conn, self.seal, reward, contact) != "now":
            return False
        await self._change(conn, reward, contact)
        return True

    async def _change(self, conn: Connection, reward: Reward, contact: ContactBound) -> None:
        """What a person has stopped stays stopped."""
        received = await contacts.get_received(conn, reward.case_id) or reward.verified_at
        edition = self.policies.at(received)
        now, by_hand = await rewards.get_now(conn), entitlement.stopped_by_hand(reward)
        gone = move(reward, "refused", now, reason=entitlement.PHONE_CHANGED)
        await moves.save(conn, reward, gone, "refused", now)
        blocks, days = near(contact, self.seal), edition.reward.days
        eligible = entitlement.with_phone(
            move(gone, "entitled", now), contact, blocks, days, edition.zone
        )
        await moves.save(conn, gone, eligible, "entitled", now)
        await decide(conn, eligible, edition.reward, now, by_hand, reward.held_by)


async def turn_of(
    conn: Connection, seal: Seal, reward: Reward, contact: ContactBound
) -> Turn | None:
    """When the bound phone takes the place of the reward's own; None where it does not.

    Nothing is gained by the same one, or by another that is refused as well.
    """
    own, same = reward.submission_id, contact.phone_index == reward.phone_index
    if same or await phones.is_refused(conn, own, contact.phone_index):
        return None
    refused = await phones.is_refused(conn, own, reward.phone_index)
    use = phone.use_sealed(seal, contact.phone_sealed, contact.submission_id)
    return entitlement.turn_of_phone(reward, refused, use)
