"""Binding a phone: a one-time code by SMS shows whose it is, before or after the verdict.

Whether a phone is known to us nobody learns here: the answer is the same for each, and so is the
work. What is over a limit of the phone is stored like any other code, and not sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from uuid_utils.compat import uuid7

from services.intake.abuse import store as counts
from services.intake.abuse.limits import Counted, Limit
from services.intake.follow import otp
from services.intake.follow.answering import Answering, Moment
from services.intake.follow.bodies import CodeBody, PhoneBody
from services.intake.follow.otp import ATTEMPTS, LIFE
from services.intake.follow.store import contacts
from services.intake.follow.store.contacts import Contact, PhoneCode
from services.intake.follow.story import Entry
from services.intake.follow.views import Bound, CodeSent, Tried
from shared.bus.outbox import publish
from shared.db import Database
from shared.errors import Invalid, TooMany, Wrong
from shared.events import ContactBound, OtpRequested
from shared.observe import log
from shared.values import clock, phone
from shared.values.household import household
from shared.web.endpoints import Call

PAUSE, DAY = timedelta(minutes=1), timedelta(days=1)
OF_RECEIPT = (Limit("codes_of_receipt_pause", 1, PAUSE), Limit("codes_of_receipt", 5, DAY))
OF_PHONE = (Limit("codes_of_phone_pause", 1, PAUSE), Limit("codes_of_phone", 5, DAY))
OF_NETWORK = Limit("codes_of_network", 20, timedelta(hours=1))


@dataclass(frozen=True)
class Binding:
    """Asks for codes, and binds the phone of whoever has one; `a_day` caps the SMS of all."""

    answering: Answering
    a_day: int

    async def ask(self, call: Call[PhoneBody, Any]) -> CodeSent:
        """Send a code. Conflict, Invalid, TooMany."""
        network = self.answering.seal.index(f"network:{household(call.remote)}")

        async def do(moment: Moment, body: PhoneBody) -> CodeSent:
            return await self._ask(moment, body.phone, network)

        return await self.answering.act(call, CodeSent, do)

    async def bind(self, call: Call[CodeBody, Any]) -> Bound:
        """Bind the phone that the code went to.

        Invalid where the code is wrong or dead: that it was tried is stored all the same.
        """
        tried = await self.answering.act(call, Tried, self._try)
        if tried.bound is None:
            key = "wrong.code_wrong" if tried.left else "wrong.code_dead"
            raise Invalid(Wrong("code", key, n=tried.left))
        return tried.bound

    async def _ask(self, moment: Moment, to: str, network: str) -> CodeSent:
        moment.must("bind")
        if not phone.use(to).sms:
            raise Invalid(Wrong("phone", "wrong.phone_no_sms"))
        digits = otp.make()
        code, conn = self._code(moment, to, digits), moment.conn
        own = str(moment.id)
        told = [(OF_NETWORK, network), *((limit, own) for limit in OF_RECEIPT)]
        _within(await counts.count_all(conn, told))
        hidden = [(limit, code.phone_index) for limit in OF_PHONE]
        if any(counted.over for counted in await counts.count_all(conn, hidden)):
            code = replace(code, sent=False)
        else:
            _within([await counts.count(conn, Limit("codes", self.a_day, DAY), "")])
            await publish(conn, self._requested(moment, code, digits))
        await contacts.add_code(conn, code)
        log.get().info("code asked for", submission_id=own, outcome="sent" if code.sent else "not")
        return CodeSent(phone=phone.mask(to), expires_at=code.expires_at)

    def _code(self, moment: Moment, to: str, digits: str) -> PhoneCode:
        seal, own = self.answering.seal, uuid7()
        return PhoneCode(
            id=own,
            submission_id=moment.id,
            phone_sealed=seal.close(to, f"phone:{moment.id}"),
            phone_index=seal.index(to),
            code_hash=otp.hash_of(seal, own, digits),
            sent=True,
            requested_at=moment.now,
            expires_at=moment.now + LIFE,
        )

    def _requested(self, moment: Moment, code: PhoneCode, digits: str) -> OtpRequested:
        return OtpRequested(
            otp_id=code.id,
            submission_id=moment.id,
            phone_sealed=code.phone_sealed,
            code_sealed=self.answering.seal.close(digits, f"code:{code.id}"),
            language=moment.language,
            requested_at=code.requested_at,
            expires_at=code.expires_at,
        )

    async def _try(self, moment: Moment, body: CodeBody) -> Tried:
        moment.must("bind")
        seal, conn = self.answering.seal, moment.conn
        asked = await contacts.get_newest(conn, moment.id)
        judged = otp.judge(seal, asked, body.code, moment.now)
        if asked is None or judged == "dead":
            return Tried(left=0)
        await contacts.mark_attempt(conn, asked.id, moment.now if judged == "right" else None)
        if judged == "wrong":
            return Tried(left=ATTEMPTS - asked.attempts - 1)
        contact = Contact(asked.phone_sealed, asked.phone_index, moment.now)
        await contacts.put(conn, moment.id, contact)
        number = moment.standing.next("bound")
        await moment.tell(Entry("bound", moment.now, {"number": number}))
        event = ContactBound(
            submission_id=moment.id,
            phone_sealed=asked.phone_sealed,
            phone_index=asked.phone_index,
            bound_at=moment.now,
        )
        await publish(conn, event)
        clear = seal.open(asked.phone_sealed, f"phone:{moment.id}")
        return Tried(bound=Bound(phone=phone.mask(clear), airtime=phone.use(clear).airtime))


def _within(counted: Iterable[Counted]) -> None:
    """TooMany where one of them is over its limit, with the longest time to wait."""
    now = clock.now()
    if waits := [one.after(now) for one in counted if one.over]:
        raise TooMany("refused.codes_often", max(waits))


async def forget(database: Database) -> None:
    """Remove codes that nobody can use any more."""
    async with database.acquire() as conn:
        await contacts.remove_old(conn, otp.KEPT)
