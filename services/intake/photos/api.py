"""The API of photos and recordings: first they are sent, then what names them."""

from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel, Field

from services.intake.accept.acceptance import Acceptance
from services.intake.accept.adding import Adding
from services.intake.photos.taking import UPLOADS, Taking
from shared.errors import Invalid, Wrong
from shared.web.endpoints import PUBLIC, Call, Endpoint


class Taken(BaseModel):
    """What has come under this repeat key so far: `attachments` of a submission or an addition."""

    attachments: tuple[str, ...] = Field(examples=[["photo/01930000-0000-5000-8000-000000000001"]])


@dataclass(frozen=True)
class Api:
    """The handlers."""

    acceptance: Acceptance
    adding: Adding
    taking: Taking

    def endpoints(self) -> list[Endpoint]:
        """Before a submission, and before something is added to one."""
        take = partial(
            Endpoint, "POST", who=PUBLIC, answers={201: Taken}, repeat="header", uploads=UPLOADS
        )
        return [
            take(
                "/api/v1/attachments", self.take,
                "Send up to three photos and one recording (multipart/form-data, `photos` and"
                " `voice`) before the submission with the same Idempotency-Key",
            ),
            take(
                "/api/v1/receipts/{receipt}/attachments", self.take_more,
                "The same before something is added to what a receipt is for, with its"
                " Idempotency-Key",
                params={"receipt": str},
            ),
        ]  # fmt: skip

    async def take(self, call: Call[None, None]) -> Taken:
        """The names of all that this key has by now; the same file again changes nothing."""
        return await self._taken(call, self.acceptance.receipt_hash(call.repeat_key))

    async def take_more(self, call: Call[None, None]) -> Taken:
        """Only for who holds a receipt. NotFound, TooMany."""
        await self.adding.submission(call)
        return await self._taken(call, self.adding.key_hash(call.repeat_key))

    async def _taken(self, call: Call[None, None], key_hash: bytes) -> Taken:
        if not call.files:
            raise Invalid(Wrong("photos", "wrong.no_file"))
        return Taken(attachments=await self.taking.take(key_hash, call.files))
