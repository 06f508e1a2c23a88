"""The API of photos and recordings: first they are sent, then the submission that names them."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from services.intake.accept.acceptance import Acceptance
from services.intake.photos.taking import UPLOADS, Taking
from shared.errors import Invalid, Wrong
from shared.web.endpoints import PUBLIC, Call, Endpoint


class Taken(BaseModel):
    """What has come under this repeat key so far: the `attachments` of a submission."""

    attachments: tuple[str, ...] = Field(examples=[["photo/01930000-0000-5000-8000-000000000001"]])


@dataclass(frozen=True)
class Api:
    """The handlers."""

    acceptance: Acceptance
    taking: Taking

    def endpoints(self) -> list[Endpoint]:
        """The one that there is."""
        return [
            Endpoint(
                "POST", "/api/v1/attachments", self.take,
                "Send up to three photos and one recording (multipart/form-data, `photos` and"
                " `voice`) before the submission with the same Idempotency-Key",
                PUBLIC, answers={201: Taken}, repeat="header", uploads=UPLOADS,
            ),
        ]  # fmt: skip

    async def take(self, call: Call[None, None]) -> Taken:
        """The names of all that this key has by now; the same file again changes nothing."""
        if not call.files:
            raise Invalid(Wrong("photos", "wrong.no_file"))
        receipt_hash = self.acceptance.receipt_hash(call.repeat_key)
        return Taken(attachments=await self.taking.take(receipt_hash, call.files))
