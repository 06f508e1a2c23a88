"""The import of a file by its page: sent, looked at, and then taken as it was shown."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

from services.verification.directory import previewing
from services.verification.directory.acts import FILE_KEEPERS, Rules
from services.verification.directory.explaining import explain
from services.verification.directory.importing import Change, Imported
from services.verification.directory.previewing import Preview
from services.verification.directory.rules import sheets, telling
from services.verification.directory.rules.kinds import KINDS
from services.verification.directory.rules.sheets import Sheet
from services.verification.directory.rules.telling import Difference
from services.verification.directory.store import previews
from shared.db import Connection, Database
from shared.errors import Invalid, NotFound, Refused, Wrong
from shared.events import Language
from shared.policy import Policies
from shared.values import text
from shared.values.seal import Seal
from shared.values.sheet import BadSheet, RowError
from shared.web import repeats, uploads
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page, See
from shared.web.uploads import Uploads

ADDRESS = "/desk/directory/import"
ONE = f"{ADDRESS}/{{preview_id}}"
IMPORTERS = staff(tuple(dict.fromkeys(role for roles in FILE_KEEPERS.values() for role in roles)))
LARGEST = 2 * 1024 * 1024
# A city's whole directory is read and held against what is there.
SECONDS = 25.0
# More is not looked at one by one; the number tells.
_SHOWN, _FAULTS = 200, 100


class PreviewBody(BaseModel):
    """POST /desk/directory/import/{id}: exactly what was shown under this mark."""

    mark: str = Field(pattern=r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class ImportPages:
    """`/desk/directory/import`."""

    database: Database
    policies: Policies
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The form, what a file would change, and the "yes" to it."""
        one = {"preview_id": UUID}
        return [
            Endpoint("GET", ADDRESS, self.show, "Import a file of the directory", IMPORTERS),
            Endpoint(
                "POST", ADDRESS, self.send, "Look at what a file would change", IMPORTERS,
                form=True, again=self.again, csrf="token", repeat="form", seconds=SECONDS,
                uploads=Uploads({"file": 1}, LARGEST),
            ),
            Endpoint(
                "GET", ONE, self.look, "What a file would change", IMPORTERS, params=one,
                seconds=SECONDS,
            ),
            Endpoint(
                "POST", ONE, self.take, "Import a file as it was shown", IMPORTERS, params=one,
                body=PreviewBody, form=True, again=self.look_again, csrf="token", repeat="form",
                seconds=SECONDS, confirm=True,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The form, and what was just imported."""
        return self._form(call)

    async def send(self, call: Call[None, None]) -> See | Page:
        """On to what it would change; a file with faults is not kept."""
        raw = _content(call)
        try:
            sheet = await asyncio.to_thread(sheets.read, raw)
        except BadSheet as bad:
            return self._form(call, Invalid(), bad.errors)
        async with self.database.transaction(as_=call.operator) as conn:
            preview = await previewing.look(conn, self.rules, call.operator, sheet)
            if preview.errors:
                return self._form(call, Invalid(), preview.errors)
            doing = partial(self._keep, conn, call.operator.username, raw)
            own = await repeats.once(conn, call, UUID, doing)
        return See(f"{ADDRESS}/{own}")

    async def _keep(self, conn: Connection, username: str, raw: bytes) -> UUID:
        own = uuid7()
        sealed = self.seal.close_file(raw, _context(own))
        await previews.add_preview(conn, own, username, sealed)
        return own

    async def look(self, call: Call[None, None]) -> Page:
        """Row by row, with what was and what will be."""
        return await self._preview(call)

    async def take(self, call: Call[PreviewBody, None]) -> See:
        """All of it or nothing; the file is forgotten."""
        own = call.params["preview_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._take, conn, call)
            done = await repeats.once(conn, call, Imported, doing)
            await previews.remove_preview(conn, own)
        return See(f"{ADDRESS}?done={done.kind}&added={done.added}&changed={done.changed}")

    async def _take(self, conn: Connection, call: Call[PreviewBody, None]) -> Imported:
        sheet = await self._sheet(conn, call)
        return await previewing.take(conn, self.rules, call.operator, sheet, call.body.mark)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The form, and why the file was not taken."""
        return self._form(call, refused)

    async def look_again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """What the file would change by now."""
        if isinstance(refused, NotFound):
            return self._form(call, refused)
        return await self._preview(call, refused)

    @property
    def rules(self) -> Rules:
        """What a file is held against."""
        return Rules(self.policies.level_keys, self.seal)

    def _levels(self, language: Language) -> Mapping[str, str]:
        return {one.key: one.called(language) for one in self.policies.editions[-1].levels}

    async def _sheet(self, conn: Connection, call: Call[Any, Any]) -> Sheet:
        own = call.params["preview_id"]
        sealed = await previews.get_preview(conn, own, call.operator.username)
        if sealed is None:
            raise NotFound("refused.no_preview")
        return await asyncio.to_thread(sheets.read, self.seal.open_file(sealed, _context(own)))

    def _form(
        self,
        call: Call[Any, Any],
        refused: Refused | None = None,
        errors: tuple[RowError, ...] = (),
    ) -> Page:
        done = {name: text.number(call.asked(name), 10**9) or 0 for name in ("added", "changed")}
        values = {
            "kinds": [kind for kind in KINDS if call.operator.role in FILE_KEEPERS[kind.name]],
            "mib": LARGEST // 1024**2,
            "done": call.asked("done") in FILE_KEEPERS and not refused,
            **done,
            "errors": [(e, explain(e, call.language)) for e in errors[:_FAULTS]],
            "more": max(0, len(errors) - _FAULTS),
            "key": "",
        }
        return Page("directory_import.html", values, refused=refused)

    async def _preview(self, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            sheet = await self._sheet(conn, call)
            preview = await previewing.look(conn, self.rules, call.operator, sheet)
        if preview.errors:
            return self._form(call, refused or Invalid(), preview.errors)
        values = {
            "preview": preview,
            "kind": sheet.kind,
            "changes": [(one, _differences(preview, one)) for one in preview.changed[:_SHOWN]],
            "levels": self._levels(call.language),
            "shown": _SHOWN,
            "own": f"{ADDRESS}/{call.params['preview_id']}",
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("directory_preview.html", values, refused=refused)


def _differences(preview: Preview, one: Change) -> list[Difference]:
    """Field by field."""
    return telling.differences(preview.sheet.kind, asdict(cast(Any, one.was)), asdict(one.now))


def _content(call: Call[Any, Any]) -> bytes:
    """The file that was sent. Invalid."""
    too_large = Wrong("file", "wrong.list_too_large", kib=LARGEST // 1024)
    return uploads.content(call.files, Wrong("file", "import_no_file"), too_large)


def _context(preview_id: UUID) -> str:
    return f"note:import:{preview_id}"
