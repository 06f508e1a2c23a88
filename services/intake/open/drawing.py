"""A draw: whom of those a window served we ask, and the codes that go to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from services.intake.accept import codes
from services.intake.accept.store import invitations, phones, units
from services.intake.accept.store.invitations import Draw, How
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
    """A visit that was drawn, with its code: to hand out, sent to `phone` (masked), or left out."""

    visit: str
    code: str
    how: How = "code"
    phone: str = ""


@dataclass(frozen=True)
class Drawn:
    """A recorded draw, and whom it invited; `again` where it had been made from this list."""

    draw: Draw
    invited: Sequence[Invited]
    again: bool = False

    def went(self, how: How) -> int:
        """How many went out in this way, or were left out."""
        return sum(one.how == how for one in self.invited)


@dataclass(frozen=True)
class Sending:
    """How invitations go out: the seal for phones, where links lead, and whether by `sms`.

    Without it each is handed out, or sent by somebody else; whom to leave out is the same.
    """

    seal: Seal
    base: str
    sms: bool = True

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
    sending: Sending,
    *,
    size: int,
    by: str,
    day: date,
) -> Drawn:
    """Draw and record it; the same list again gives the same codes, and sends nothing.

    A phone that was asked lately, or that is to be asked no more, is left out. Misconfigured says
    what is wrong with unit, list, size or name.
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
    invited = [
        Invited(visit, _code(keys, unit_code, done.seed, visit), phone=_masked(visits, visit))
        for visit in sample
    ]
    invite = _invite if fresh else _recall
    return Drawn(done, await invite(conn, done, invited, visits, sending), again=not fresh)


def _masked(visits: Visits, visit: str) -> str:
    number = lists.reachable(visits.get(visit, ""))
    return phone.mask(number) if number else ""


async def _recall(
    conn: Connection, drawn: Draw, invited: Sequence[Invited], _: Visits, __: Sending
) -> list[Invited]:
    """As it went the first time: nobody gets at the code of an SMS by drawing again."""
    ways = await invitations.list_ways(conn, drawn.number, [one.code for one in invited])
    return [replace(one, how=how) for one, how in zip(invited, ways, strict=True)]


async def _invite(
    conn: Connection, drawn: Draw, invited: Sequence[Invited], visits: Visits, sending: Sending
) -> list[Invited]:
    """Record each invitation, and send it where it goes by SMS."""
    done = []
    for one in invited:
        number = lists.reachable(visits.get(one.visit, ""))
        how = await _way(conn, sending, one.code, number) if number else "code"
        if number and how == "sms":
            await publish(conn, sending.event(drawn.unit_code, one, number))
        await invitations.add_invited(conn, drawn.number, one.code, how)
        done.append(replace(one, how=how))
    return done


async def _way(conn: Connection, sending: Sending, code: str, number: str) -> How:
    """How an invitation goes to whoever left a phone, or why it does not."""
    index, now = sending.seal.index(number), clock.now()
    if await phones.declines(conn, index):
        return "declined"
    if not await phones.take(conn, index, code, now, now - PERIOD):
        return "recent"
    return "sms" if sending.sms else "code"


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
