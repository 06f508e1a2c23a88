"""Photos and recordings, for those who may see the case; that they saw them is noted on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from uuid import UUID

from services.verification.casework.acts import attachments
from services.verification.casework.api import CASE, READERS
from services.verification.casework.pages.commendations import ADDRESS as PRAISE
from services.verification.casework.pages.work import ADDRESS
from shared.db import Database
from shared.errors import NotFound
from shared.observe import log
from shared.storage import Storage
from shared.values.seal import Seal, SealBroken
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Media

TYPES: Mapping[str, Literal["image/jpeg", "audio/ogg"]] = {
    "photo": "image/jpeg",
    "voice": "audio/ogg",
}


@dataclass(frozen=True)
class Attachments:
    """What came beside the words, opened: never what was sent, but what was made of it."""

    database: Database
    seal: Seal = field(repr=False)
    storage: Storage | None

    def endpoints(self) -> list[Endpoint]:
        """Of cases for pages and for programs, of praise for its page."""
        of_case = partial(
            Endpoint, "GET", handler=self.show, summary="A photo or a recording of a case",
            who=READERS, params={"case_id": UUID, "attachment_id": UUID}, raw=True,
        )  # fmt: skip
        return [
            *(of_case(path=f"{place}/attachments/{{attachment_id}}") for place in (ADDRESS, CASE)),
            Endpoint(
                "GET", f"{PRAISE}/{{commendation_id}}/attachments/{{attachment_id}}",
                self.show_praised, "A photo or a recording that came with praise", READERS,
                params={"commendation_id": UUID, "attachment_id": UUID}, raw=True,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Media:
        """NotFound also where it was erased, or the case is not theirs to see."""
        case_id, attachment_id = call.params["case_id"], call.params["attachment_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            name = await attachments.see(conn, call.operator, case_id, attachment_id)
        log.get().info("attachment asked for", case_id=str(case_id))
        return await self._opened(name)

    async def show_praised(self, call: Call[None, None]) -> Media:
        """The same where no case is."""
        own, attachment_id = call.params["commendation_id"], call.params["attachment_id"]
        async with self.database.reading(as_=call.operator) as conn:
            name = await attachments.see_praised(conn, own, attachment_id)
        return await self._opened(name)

    async def _opened(self, name: str) -> Media:
        if self.storage is None:
            raise NotFound("refused.no_file")
        kind, _, attachment_id = name.partition("/")
        sealed = await self.storage.get(name)
        try:
            content = self.seal.open_file(sealed, f"photo:{attachment_id}")
        except SealBroken as broken:
            log.get().error("attachment does not open", error=str(broken))
            raise NotFound("refused.no_file") from None
        return Media(content, TYPES[kind])
