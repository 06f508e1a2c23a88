"""A request of an app becomes a submission like any other, by the same door."""

import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.intake.accept import codes
from services.intake.accept.acceptance import Acceptance, Receipt
from services.intake.accept.store import units
from services.intake.accept.submission import Draft
from services.intake.open311 import catalogue, keys, store
from services.intake.open311.models import Sent
from shared.db import Database
from shared.errors import Forbidden, Invalid, Wrong
from shared.policy import Policies
from shared.values import clock, text
from shared.web import problems
from shared.web.endpoints import Call
from shared.web.forms import Fields
from shared.web.texts import texts

# What a field of ours is called in what an app sends.
_NAMES = {
    "words": "description",
    "officer_badge": "attribute[officer]",
    "satisfaction": "attribute[satisfaction]",
    "urgent": "attribute[urgent]",
    "categories": "service_code",
    "code": "address_id",
}


@dataclass(frozen=True)
class Creating:
    """Takes them in. Windows' codes are signed here, since an app scans none."""

    acceptance: Acceptance
    database: Database
    policies: Policies
    code_keys: dict[str, bytes]
    clients: tuple[str, ...]

    async def create(self, call: Call[Sent, Any], key: str) -> Receipt:
        """The receipt. Forbidden without an app's key; Invalid, Unavailable and what else a
        submission may meet.
        """
        client = keys.client_of(self.code_keys, self.clients, key)
        if client is None:
            raise Forbidden("refused.open311_key")
        sent = call.body
        offered = catalogue.offered(self.policies.at(clock.now()))
        if sent.service_code not in (catalogue.REQUEST, *offered):
            raise Invalid(Wrong("service_code", "refused.open311_service"))
        unit = text.identifier(sent.address_id or call.fields.one("attribute[unit]"))
        if not await self._takes_in(unit):
            raise Invalid(Wrong("address_id", "wrong.open311_unit"))
        draft = self._draft(call, codes.sign(self.code_keys, unit))
        # Two apps that happen to use one key do not get each other's receipts.
        repeat = f"open311:{client}:{call.repeat_key or secrets.token_urlsafe(24)}"
        await self._note(repeat, client)
        try:
            return await self.acceptance.accept(draft, repeat, self.acceptance.gate.sender(call))
        except Invalid as invalid:
            raise _renamed(invalid) from None

    async def _takes_in(self, unit_code: str) -> bool:
        async with self.database.acquire() as conn:
            unit = await units.get(conn, unit_code)
        return unit is not None and unit.active

    async def _note(self, repeat: str, client: str) -> None:
        """Before anything is stored: then none can be stored that is not known as an app's."""
        async with self.database.transaction() as conn:
            await store.note(conn, self.acceptance.receipt_hash(repeat), client)

    def _draft(self, call: Call[Sent, Any], code: str) -> Draft:
        try:
            return Draft.model_validate(_said(call.body, call.fields) | {
                "code": code, "language": call.language, "channel": "open311",
            })  # fmt: skip
        except ValidationError as error:
            raise _renamed(Invalid(*problems.wrongs(error, texts(call.language)))) from None


def _said(sent: Sent, fields: Fields) -> dict[str, object]:
    said: dict[str, object] = {"words": sent.description, "phone": sent.phone}
    if sent.service_code == catalogue.REQUEST:
        urgent = fields.one("attribute[urgent]")
        return said | {"kind": "request", "urgent": urgent == "1"}
    level = fields.one("attribute[satisfaction]")
    return said | {
        "kind": "complaint",
        "categories": (sent.service_code,),
        "satisfaction": int(level) if level in catalogue.LEVELS else level or None,
        "officer_badge": fields.one("attribute[officer]"),
    }


def _renamed(invalid: Invalid) -> Invalid:
    return Invalid(
        *(Wrong(_NAMES.get(one.field, one.field), one.key, **one.values) for one in invalid.wrong)
    )
