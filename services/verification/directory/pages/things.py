"""A place, unit, officer or operator: what the directory has of it, its history, and its form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from services.verification.directory import acts
from services.verification.directory.acts import Edit, Rules
from services.verification.directory.pages import forms, history, passwords
from services.verification.directory.pages.forms import ADDRESS, FORMS, Form
from services.verification.directory.rules import telling
from services.verification.directory.rules.cells import ROLES, UNIT_KINDS
from services.verification.directory.saving import Thing
from services.verification.directory.store import (
    changes,
    officers,
    operators,
    places,
    postings,
    units,
)
from services.verification.directory.store.changes import Kind
from shared import access
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, NotFound, Refused, Wrong
from shared.events import Language
from shared.policy import Policies
from shared.values import clock, text
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

_GET = {
    "places": places.get_place,
    "units": units.get_unit,
    "officers": officers.get_officer,
    "operators": operators.get_below,
}
_MOST_CHOICES = 1000
_CHANGED = "refused.directory_changed"


@dataclass(frozen=True)
class ThingPages:
    """`/desk/directory/<kind>/<code>`, and `/desk/directory/new/<kind>`."""

    database: Database
    policies: Policies
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """A page and its form for each kind, and one for what is new."""
        return [one for kind in FORMS for one in self._of(kind)]

    def _of(self, kind: Kind) -> list[Endpoint]:
        form = FORMS[kind]
        param = _PARAMETERS[kind]
        path, new = f"{ADDRESS}/{kind}/{{{param}}}", f"{ADDRESS}/new/{form.name}"
        keepers, summary = staff(form.keepers), f"Change a {form.name}"
        sent = partial(
            Endpoint,
            form=True,
            csrf="token",
            repeat="form",
            again=partial(self.again, kind),
            confirm=kind == "operators",
        )
        named = {param: str}
        return [
            Endpoint("GET", path, partial(self.show, kind), f"A {form.name} of the directory",
                     staff(form.readers), params=named),
            sent("POST", path, partial(self.change, kind), summary, keepers, params=named),
            Endpoint("GET", new, partial(self.show, kind), f"A new {form.name}", keepers),
            sent("POST", new, partial(self.add, kind), f"Add a {form.name}", keepers),
        ]  # fmt: skip

    async def show(self, kind: Kind, call: Call[None, None]) -> Page:
        """What there is, or the empty form of a new one."""
        return await self._page(kind, call)

    async def change(self, kind: Kind, call: Call[None, None]) -> See:
        """Kept as the next version, and back to the page."""
        form, code = FORMS[kind], _code(kind, call)
        edit = self._edit(form, call, code, text.number(call.fields.one("version"), 10**9) or -1)
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.put, conn, self.rules, call.operator, edit)
            await repeats.once(conn, call, int, doing)
        return See(f"{form.address(code)}?done=changed")

    async def add(self, kind: Kind, call: Call[None, None]) -> See | Page:
        """There, and on to its page; a new operator's password is shown now, or never."""
        form = FORMS[kind]
        row = form.parse(call.fields, call.fields.one(form.key))
        code = str(getattr(row, form.key))
        password = acts.temporary_password() if kind == "operators" else None
        edit = Edit(kind, code, row, 0, first_password=password)
        async with self.database.transaction(as_=call.operator) as conn:
            shown = await repeats.once(conn, call, str, partial(self._added, conn, call, edit))
        if kind == "operators":
            return Page("directory_password.html", passwords.told(code, shown))
        return See(f"{form.address(code)}?done=added")

    async def _added(self, conn: Connection, call: Call[None, None], edit: Edit) -> str:
        await acts.put(conn, self.rules, call.operator, edit)
        return edit.first_password or ""

    async def again(self, kind: Kind, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed, and what others have changed meanwhile."""
        return await self._page(kind, call, refused)

    @property
    def rules(self) -> Rules:
        """What a change is held against."""
        return Rules(self.policies.level_keys, self.seal)

    def _edit(self, form: Form, call: Call[Any, Any], code: str, seen: int) -> Edit:
        row = form.parse(call.fields, code)
        if form.kind != "officers":
            return Edit(form.kind, code, row, seen)
        kept = not call.fields.one("phone").strip() and not call.fields.one("no_phone")
        return Edit(form.kind, code, row, seen, self._since(call.fields.one("since")), kept)

    def _since(self, typed: str) -> datetime | None:
        """The begin of the day that was typed; of today, nothing: that is now."""
        zone = self.policies.editions[-1].zone
        today = clock.service_day(clock.now(), zone)
        try:
            day = date.fromisoformat(typed.strip()) if typed.strip() else today
        except ValueError:
            raise Invalid(Wrong("since", "directory_since")) from None
        if day > today:
            raise Invalid(Wrong("since", "directory_since"))
        return clock.end_of_day(day - timedelta(days=1), zone) if day < today else None

    async def _page(self, kind: Kind, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        form = FORMS[kind]
        code = _code(kind, call) if call.params else ""
        levels = self._levels(call.language)
        async with self.database.reading(as_=call.operator) as conn:
            thing = await _GET[kind](conn, code) if code else None
            if code and thing is None:
                raise NotFound
            values = {
                "form": form,
                "code": code,
                "thing": thing,
                "facts": telling.facts(kind, asdict(thing)) if thing else {},
                "may": call.operator.role in form.keepers and code != call.operator.username,
                "typed": _typed(form, call, thing, refused),
                "wrongs": forms.told(refused.wrong, levels) if refused else (),
                "key": repeats.key_again(call, refused) if refused else "",
                "levels": levels,
                "place_levels": list(levels.items())[:-1],
                "keeps": [k for k, one in FORMS.items() if call.operator.role in one.keepers],
                "sees_accounts": call.operator.role in access.ACCOUNT_READERS,
                "kinds": UNIT_KINDS,
                "roles": ROLES,
                "done": call.asked("done") if call.asked("done") in _DONE else "",
                **await self._around(conn, form, thing),
                **await self._past(conn, call, form, code, thing, refused),
            }
        return Page("directory_thing.html", values, refused=refused)

    async def _past(
        self, conn: Connection, call: Call[Any, Any], form: Form, code: str, thing: Thing | None,
        refused: Refused | None,
    ) -> Mapping[str, object]:  # fmt: skip
        """The history, and what came between if somebody was faster."""
        if thing is None:
            return {"history": None, "between": ()}
        before = text.number(call.asked("before"), 10**9)
        seen = text.number(call.fields.one("version"), 10**9) or 0
        told = await history.load(conn, call.operator, form, code, thing.version, before)
        raced = isinstance(refused, Conflict) and refused.key == _CHANGED
        newer = await changes.list_changes(conn, form.kind, code, history.SHOWN) if raced else []
        names = await history.names_of(conn, newer)
        between = [
            (one, names.get(one.changed_by or "", ""), history.differences(one))
            for one in newer
            if one.version > seen
        ]
        return {"history": told, "between": between}

    async def _around(
        self, conn: Connection, form: Form, thing: Thing | None
    ) -> Mapping[str, object]:
        """Who and what lies in it, where it was, and what can be chosen."""
        code = thing.unit_code if isinstance(thing, units.StoredUnit) else ""
        badge = thing.badge if isinstance(thing, officers.StoredOfficer) else ""
        choices = await units.list_all_names(conn)
        return {
            "officers": await officers.list_of_unit(conn, code) if code else (),
            "operators": await operators.list_at(conn, code) if code else (),
            "postings": await postings.list_postings(conn, badge) if badge else (),
            "places": await places.list_below(conn),
            "units": choices if len(choices) <= _MOST_CHOICES else {},
        }

    def _levels(self, language: Language) -> dict[str, str]:
        return {one.key: one.called(language) for one in self.policies.editions[-1].levels}


_DONE = ("changed", "added", "undone")
_PARAMETERS: Mapping[Kind, str] = {
    "places": "place_code", "units": "unit_code", "officers": "badge", "operators": "username",
}  # fmt: skip


def _code(kind: Kind, call: Call[Any, Any]) -> str:
    return str(call.params[_PARAMETERS[kind]])


def _typed(
    form: Form, call: Call[Any, Any], thing: Thing | None, refused: Refused | None
) -> Fields:
    """What stands in the form: as typed, or as it is; a new thing begins where one came from."""
    if refused:
        # Whoever was too slow has been told what is new, and sends it again knowing that.
        seen = thing.version if thing else 0
        return call.fields.having("version", str(seen)) if thing else call.fields
    if thing is None:
        return Fields({form.lies: (call.asked("at"),)}) if call.asked("at") else NONE
    row = asdict(thing)
    told = {name: row.get(name) for name in form.fields} | {
        "version": thing.version,
        "parent": row.get("parent_code"),
        "matters": "\n".join(row.get("matters", ())),
        "active": "yes" if row.get("active") else "no",
    }
    return Fields({name: ("" if v is None else str(v),) for name, v in told.items()})
