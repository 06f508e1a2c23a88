"""A unit's windows: what each is called and what is done there."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.verification.directory.pages import history
from services.verification.directory.rules import telling
from services.verification.directory.rules.cells import MATTER_LENGTH, MATTERS, WINDOW_LENGTH
from services.verification.directory.rules.telling import Difference
from services.verification.directory.saving import By, save_window
from services.verification.directory.store import changes, operators, units, windows
from services.verification.directory.store.changes import Noted
from services.verification.directory.store.units import StoredUnit
from services.verification.directory.store.windows import StoredWindow, Window
from shared import access
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, NotFound, Refused, Wrong
from shared.observe import log
from shared.values import text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/directory/units/{unit_code}/windows"
READERS = staff((*access.CASE_READERS, "system_admin"))
KEEPERS = staff(("system_admin",))
LISTED = 20
_Lines = Annotated[str, AfterValidator(text.lines), StringConstraints(max_length=4000)]


class WindowBody(BaseModel):
    """POST /desk/directory/units/{code}/windows; `matters` stand one on a line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    counter: int = Field(ge=1, le=99)
    version: int = Field(default=0, ge=0, le=1_000_000)
    name: _Lines
    matters: _Lines = ""
    closed: bool = False


@dataclass(frozen=True)
class WindowPages:
    """`/desk/directory/units/{code}/windows`; `?change=<number>` fills the form with one."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The list, and its form."""
        unit = {"unit_code": str}
        return [
            Endpoint("GET", ADDRESS, self.show, "A unit's windows and what is done at each",
                     READERS, params=unit),
            Endpoint("POST", ADDRESS, self.keep, "Say what a window is called and what it does",
                     KEEPERS, params=unit, body=WindowBody, form=True, again=self.again,
                     csrf="token", repeat="form"),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """All of them, by number."""
        return await self._page(call)

    async def keep(self, call: Call[WindowBody, None]) -> See:
        """Back to the list."""
        unit_code = call.params["unit_code"]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(_keep, conn, unit_code, call.body, call.operator.username)
            await repeats.once(conn, call, int, doing)
        return See(f"{_address(unit_code)}?done={call.body.counter}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was typed."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, Any], typed: Fields | None = None, refused: Refused | None = None
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            unit = await _unit(conn, call.params["unit_code"])
            found = await windows.list_windows(conn, unit.unit_code)
            changed = await changes.list_of_windows(conn, unit.unit_code, LISTED)
            people = await operators.list_names(conn, [one.changed_by for one in found.values()])
            people |= await history.names_of(conn, changed)
        change, done = (text.number(call.asked(name), 99) for name in ("change", "done"))
        may = call.operator.role in KEEPERS.roles
        values = {
            "unit": unit,
            "own": _address(unit.unit_code),
            "windows": found,
            "people": people,
            "changed": [(one, _differences(one)) for one in changed],
            "may": may,
            "typed": typed or _fields(change, found) if may else Fields({}),
            "key": repeats.key_again(call, refused) if refused else "",
            "done": done,
        }
        return Page("windows.html", values, refused=refused)


async def _unit(conn: Connection, unit_code: str) -> StoredUnit:
    unit = await units.get_unit(conn, unit_code)
    if unit is None:
        raise NotFound("refused.no_unit")
    return unit


async def _keep(conn: Connection, unit_code: str, body: WindowBody, by: str) -> int:
    unit = await _unit(conn, unit_code)
    name, matters = text.line(body.name), tuple(dict.fromkeys(_matters(body.matters)))
    wrongs = []
    if body.counter > unit.counters:
        wrongs.append(Wrong("counter", "duty_no_window", most=unit.counters))
    if not name or len(name) > WINDOW_LENGTH:
        wrongs.append(Wrong("name", "window_name", most=WINDOW_LENGTH))
    if len(matters) > MATTERS or any(len(one) > MATTER_LENGTH for one in matters):
        wrongs.append(Wrong("matters", "csv.matters", most=MATTERS, longest=MATTER_LENGTH))
    if wrongs:
        raise Invalid(*wrongs)
    there = (await windows.list_windows(conn, unit_code)).get(body.counter)
    now = Window(body.counter, name, matters, not body.closed, body.version)
    if not await save_window(conn, unit_code, there.window if there else None, now, By(by)):
        raise Conflict("refused.window_changed")
    log.get().info("window kept", unit_code=unit_code, counter=body.counter)
    return body.counter


def _differences(noted: Noted) -> list[Difference]:
    return telling.differences("windows", noted.was, noted.now) if noted.was else []


def _matters(typed: str) -> list[str]:
    return [line for one in typed.splitlines() if (line := text.line(one))]


def _fields(counter: int | None, found: dict[int, StoredWindow]) -> Fields:
    """The form as it stands for a window; empty for one that nobody has named."""
    if not counter:
        return Fields({})
    one = found.get(counter)
    told = {"counter": str(counter), "version": "0"}
    if one:
        window = one.window
        closed = "" if window.active else "1"
        told |= {"name": window.name, "version": str(window.version), "closed": closed}
        told["matters"] = "\n".join(window.matters)
    return Fields({name: (value,) for name, value in told.items()})


def _address(unit_code: str) -> str:
    return f"/desk/directory/units/{quote(unit_code, safe='')}/windows"
