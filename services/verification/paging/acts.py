"""Urgent requests page by the clock; a place says which phone is paged."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from uuid_utils.compat import uuid7

from services.verification.paging import rules, store
from services.verification.paging.rules import GOOD_FOR, MONEY_TOLD_WITHIN, DutyPage
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection, Database
from shared.errors import Invalid, Wrong
from shared.events import DeadlineNeared, DutyNoticed, DutyPaged
from shared.observe import log
from shared.policy import Policies
from shared.values import phone, text
from shared.values.seal import Seal

_AT_ONCE = 200
_Typed = Annotated[str, AfterValidator(text.lines), StringConstraints(max_length=60)]


class DutyPhoneBody(BaseModel):
    """Which phone is on duty; `nobody` where no phone is to be paged any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone: _Typed = ""
    nobody: bool = False


async def page(database: Database, policies: Policies) -> int:
    """Page for every urgent request that nobody has acknowledged and that is due; how many."""
    async with database.transaction() as conn:
        ringing = await store.claim_ringing(conn, _AT_ONCE)
        if not ringing:
            return 0
        phones = await store.list_phones(conn, {place for one in ringing for place in one.places})
        pages = [rules.page(one, policies.at(one.received_at).urgent, phones) for one in ringing]
        stored = await store.add(conn, pages)
        for one in pages:
            await _ring(conn, one, stored[one.case_id])
    log.get().warning("urgent requests paged", count=len(pages))
    return len(pages)


async def _ring(conn: Connection, one: DutyPage, page_id: UUID) -> None:
    if one.phone is None:
        return
    event = DutyPaged(
        page_id=page_id,
        phone_id=one.phone.phone_id,
        phone_sealed=one.phone.phone_sealed,
        paged_at=one.detected_at,
        expires_at=one.detected_at + GOOD_FOR,
    )
    await publish(conn, event)


async def on_deadline_neared(conn: Connection, event: DeadlineNeared) -> None:
    """Unpaid rewards are nearly late: the root's duty phone hears of it, if there is one."""
    duty = await store.get_root_phone(conn)
    if duty is None:
        log.get().error("no duty phone for money")
        return
    told = DutyNoticed.of(
        duty,
        told_id=event.alert_id,
        told_at=event.alerted_at,
        expires_at=event.alerted_at + MONEY_TOLD_WITHIN,
        about="money",
    )
    await publish(conn, told)


async def keep_phone(conn: Connection, seal: Seal, operator: Operator, body: DutyPhoneBody) -> str:
    """The phone that is paged at the operator's own place; masked. Invalid where it is none."""
    number = None if body.nobody else _number(body.phone)
    own = uuid7()
    sealed = seal.close(number, f"phone:{own}") if number else None
    await store.set_phone(conn, own, operator.scope, sealed, operator.username)
    log.get().info("duty phone kept", unit_code=operator.scope)
    return phone.mask(number) if number else ""


async def keep_first(conn: Connection, seal: Seal, phones: Mapping[str, str]) -> int:
    """By place in E.164, where nobody ever said which phone is paged; how many were new."""
    new = phones.keys() - await store.list_asked(conn, phones)
    for place in sorted(new):
        own = uuid7()
        await store.set_phone(conn, own, place, seal.close(phones[place], f"phone:{own}"), "")
    return len(new)


def masked(seal: Seal, one: store.Changed) -> str | None:
    """A place's phone as it is shown; None where nobody is paged."""
    clear = seal.opened(one.phone_sealed, f"phone:{one.phone_id}")
    return phone.mask(clear) if clear else None


def _number(typed: str) -> str:
    if not typed.strip():
        raise Invalid(Wrong("phone", "duty_phone_needed"))
    try:
        number = phone.parse(typed)
    except ValueError:
        raise Invalid(Wrong("phone", "duty_phone_wrong")) from None
    if not phone.use(number).sms:
        raise Invalid(Wrong("phone", "wrong.phone_no_sms"))
    return number
