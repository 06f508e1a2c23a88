"""The city's templates of answers: everybody who works on cases reads them, the city keeps them."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.verification.casework import bodies
from services.verification.casework.acts import templates as acts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import READERS
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.rules.templates import VARIABLES
from services.verification.casework.store import templates
from services.verification.directory.store import operators
from shared.db import Database
from shared.errors import Refused
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/templates"
KEEPERS = staff(("city_supervisor",))


@dataclass(frozen=True)
class TemplatePages:
    """`/desk/templates`; `?change=<id>` fills the form with one of them."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list, and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Templates of answers", READERS),
            Endpoint("POST", ADDRESS, self.keep, "Add a template of an answer, or change one",
                     KEEPERS, body=bodies.TemplateBody, form=True, again=self.again, csrf="token",
                     repeat="form", limit=VERDICT_LIMIT),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """All of them."""
        return await self._page(call)

    async def keep(self, call: Call[bodies.TemplateBody, None]) -> See:
        """Back to the list."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.keep, conn, self.desk, call.operator, call.body)
            await repeats.once(conn, call, UUID, doing)
        return See(f"{ADDRESS}?done=kept")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was typed."""
        return await self._page(call, call.fields, refused, repeats.key_again(call, refused))

    async def _page(
        self,
        call: Call[Any, Any],
        typed: Fields | None = None,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            found = await templates.list_all(conn)
            people = await operators.list_names(conn, [one.changed_by for one in found])
        change = call.asked("change")
        chosen = next((one for one in found if str(one.template_id) == change), None)
        values = {
            "templates": found,
            "people": people,
            "typed": typed or _fields(chosen),
            "may_keep": call.operator.role in KEEPERS.roles,
            "variables": _variables(call.language),
            "categories": self.desk.policies.at(clock.now()).categories,
            "key": key,
            "done": call.asked("done") == "kept",
        }
        return Page("templates.html", values, refused=refused)


def _variables(language: str) -> str:
    """How they are written in this language."""
    ours = (name for name, own in VARIABLES.items() if (name == own) == (language != "zh"))
    return " ".join(f"{{{name}}}" for name in ours)


def _fields(one: templates.Template | None) -> Fields:
    """The form as it stands for a template; empty for a new one."""
    if one is None:
        return Fields({"version": ("0",)})
    told = {
        "template_id": str(one.template_id),
        "version": str(one.version),
        "title": one.title,
        "category": one.category or "",
        "body": one.body,
        "retired": "" if one.active else "1",
    }
    return Fields({name: (value,) for name, value in told.items()})
