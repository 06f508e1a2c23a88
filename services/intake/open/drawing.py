"""A draw: whom of those a window served we ask, and the codes that go to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from services.intake.accept import codes
from services.intake.accept.store import invitations, units
from services.intake.accept.store.invitations import Draw
from services.intake.open.rules import drawing as rules
from services.intake.open.rules import visits as lists
from services.intake.open.rules.visits import Visits
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import Misconfigured
from shared.events import InvitationDrawn
from shared.values import clock, phone
from shared.values.seal import Seal

_NAME = 60
# So long a phone is not asked again, and so long may the SMS be on its way.
PERIOD, LIFE = timedelta(days=90), timedelta(days=3)


@dataclass(frozen=True)
class Invited:
    """A visit that was drawn, with its code: to hand out, sent to `phone`, or asked lately."""

    visit: str
    code: str
    how: Literal["code", "sms", "recent"] = "code"
    phone: str = ""


@dataclass(frozen=True)
class Drawn:
    """A recorded draw, and whom it invited; `again` where it had been made from this list."""

    draw: Draw
    invited: Sequence[Invited]
    again: bool = False


@dataclass(frozen=True)
class Sending:
    """What an invitation by SMS needs: the seal for its phone, and where its link leads."""

    seal: Seal
    base: str

    def event(self, unit_code: str, one: Invited, number: str) -> InvitationDrawn:
        """The errand; its id follows from the code, so that there is one."""
        own, now = UUID(bytes=sha256(one.code.encode()).digest()[:16]), clock.now()
        link = f"{self.base}/w/{one.code}"
        return InvitationDrawn(
            invitation_id=own,
            unit_code=unit_code,
            phone_sealed=self.seal.close(number, f"phone:{own}"),
            link_sealed=self.seal.close(link, f"code:{own}"),
            drawn_at=now,
            expires_at=now + LIFE,
        )


async def draw(
    conn: Connection,
    keys: Mapping[str, bytes],
    unit_code: str,
    visits: Visits,
    *,
    size: int,
    by: str,
    day: date,
    sending: Sending | None = None,
) -> Drawn:
    """Draw and record it; the same list again gives the same codes, and sends nothing.

    With `sending` an SMS goes to those who left a phone. Misconfigured says what is wrong with
    unit, list, size or name.
    """
    listed = rules.canonical(visits)
    await _check(conn, unit_code, listed, size, by)
    key, told = next(iter(keys.values())), rules.fingerprint(listed)
    seed = rules.seed_of(key, unit_code, told)
    row = (unit_code, day, seed, told, len(listed), size, by)
    done, fresh = await invitations.add_draw(conn, *row)
    if done.size != size:
        raise Misconfigured(
            f"{done.size} were drawn from this list on {done.day}; a list is drawn from once"
        )
    sample = rules.drawn(listed, done.seed, done.size)
    invited = [Invited(visit, _code(keys, unit_code, done.seed, visit)) for visit in sample]
    if fresh:
        invited = [
            await _invite(conn, done, one, visits.get(one.visit, ""), sending) for one in invited
        ]
    return Drawn(done, invited, again=not fresh)


async def _invite(
    conn: Connection, drawn: Draw, one: Invited, typed: str, sending: Sending | None
) -> Invited:
    """Record an invitation, and send it where it can be sent and the phone was not asked lately."""
    number = lists.reachable(typed) if sending else None
    if sending and number:
        free = await _take_phone(conn, sending.seal.index(number))
        one = replace(one, how="sms" if free else "recent", phone=phone.mask(number))
        if free:
            await publish(conn, sending.event(drawn.unit_code, one, number))
    await invitations.add_invited(conn, drawn.number, one.code, one.how)
    return one


async def _take_phone(conn: Connection, phone_index: str) -> bool:
    now = clock.now()
    return await invitations.take_phone(conn, phone_index, now, now - PERIOD)


async def _check(
    conn: Connection, unit_code: str, listed: Sequence[str], size: int, by: str
) -> None:
    unit = await units.get(conn, unit_code)
    if unit is None or not unit.active:
        raise Misconfigured(f"no unit {unit_code} takes anything in; see the directory")
    if not 1 <= size <= len(listed):
        raise Misconfigured(f"--size is 1 to {len(listed)}: so many visits are in the list")
    if not 1 <= len(by.strip()) <= _NAME:
        raise Misconfigured(f"--by is the name of whoever draws, at most {_NAME} characters")


def _code(keys: Mapping[str, bytes], unit_code: str, seed: str, visit: str) -> str:
    number = rules.number_of(next(iter(keys.values())), seed, visit)
    return codes.invite(keys, unit_code, number)
