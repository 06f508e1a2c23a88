"""The page on which somebody speaks and an operator writes: a unit is found, then a form."""

from dataclasses import dataclass, replace
from typing import Any

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.store import units
from services.intake.accept.store.units import Unit
from services.intake.accept.submission import WORDS
from services.intake.filing import store
from services.intake.filing import typed as forms
from services.intake.filing.filing import Filing
from services.intake.pages.typed import shown_at
from services.intake.pages.windows import Window, Windows
from shared import access
from shared.db import Database
from shared.errors import Invalid, Refused, Wrong
from shared.policy import Policies
from shared.values import clock, phone, text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page
from shared.web.texts import LANGUAGES, texts

ADDRESS = "/filings"
FILERS, READERS = staff(access.CASE_WORKERS), staff(access.CASE_READERS)
LISTED, FOUND = 20, 20
SOUGHT = 60


@dataclass(frozen=True)
class FilingPages:
    """`/filings`."""

    database: Database
    policies: Policies
    acceptance: Acceptance
    windows: Windows
    filing: Filing

    def endpoints(self) -> list[Endpoint]:
        """The search with what one has filed, the form behind it, and sending it."""
        return [
            Endpoint("GET", ADDRESS, self.show, "File for a citizen: find the unit", READERS),
            Endpoint(
                "POST", ADDRESS, self.send, "File what a citizen says by phone or at a desk",
                FILERS, form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The form, once a unit is chosen that takes something in."""
        unit_code = text.identifier(call.asked("unit"))
        if unit_code and call.operator.role in access.CASE_WORKERS:
            async with self.database.acquire() as conn:
                unit = await units.get(conn, unit_code)
            if unit and unit.active:
                return await self._form(call, unit_code)
        return await self._search(call)

    async def send(self, call: Call[None, None]) -> Page:
        """What happens next; the receipt goes by SMS, and stands nowhere here."""
        unit = await self._unit(call.fields)
        now = clock.now()
        code = self.acceptance.code_of(unit.code, None)
        zone = self.policies.at(now).zone
        said = forms.read(call.fields, code, call.language, now, zone)
        stored = await self.filing.file(call, said)
        masked = phone.mask(said.draft.phone or "")
        return Page("filings_done.html", {"unit": unit, "stored": stored, "phone": masked})

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The form as it was filled in, with what to mend."""
        unit_code = text.identifier(call.fields.one("unit"))
        return await self._form(call, unit_code, call.fields, refused)

    async def _unit(self, fields: Fields) -> Unit:
        async with self.database.acquire() as conn:
            unit = await units.get(conn, text.identifier(fields.one("unit")))
        if unit is None or not unit.active:
            raise Invalid(Wrong("unit", "wrong.filing_unit"))
        return unit

    async def _search(self, call: Call[None, None]) -> Page:
        sought = text.line(call.asked("q"))[:SOUGHT]
        async with self.database.reading(as_=call.operator) as conn:
            found = await units.find(conn, sought.split(), call.operator.scope, FOUND + 1)
            filed = await store.list_newest(conn, LISTED)
        values = {
            "q": sought,
            "found": found[:FOUND],
            "more": len(found) > FOUND,
            "filed": filed,
            "may_file": call.operator.role in access.CASE_WORKERS,
        }
        return Page("filings.html", values)

    async def _form(
        self,
        call: Call[Any, Any],
        unit_code: str,
        fields: Fields = NONE,
        refused: Refused | None = None,
    ) -> Page:
        typed = forms.typed(fields)
        if refused:
            typed = replace(typed, key=repeats.key_again(call, refused))
        values = {
            "unit": unit_code,
            "window": await self._window(unit_code),
            "typed": typed,
            "way": fields.one("way"),
            "spoken": fields.one("language"),
            "tongues": [(code, texts(code).text("language_name")) for code in LANGUAGES],
            "wrongs": [shown_at(one) for one in refused.wrong] if refused else [],
            "policy": self.policies.at(clock.now()),
            "limit": WORDS,
        }
        return Page("filing.html", values, refused=refused)

    async def _window(self, unit_code: str) -> Window | None:
        """The unit as it was last seen, also while the database is away; None for what is none."""
        try:
            return await self.windows.of(unit_code, None)
        except ValueError:
            return None
