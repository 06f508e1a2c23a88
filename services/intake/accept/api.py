"""The JSON interface under `/api/v1/`."""

import re

from aiohttp import web

from services.intake.accept import receipts
from services.intake.accept.acceptance import Acceptance, DoesNotFit, Receipt
from services.intake.accept.codes import WrongCode
from services.intake.accept.receipts import Signer, base64url
from services.intake.accept.store import submissions
from services.intake.accept.submission import Draft
from services.intake.follow.status import Status
from shared.db import Database
from shared.errors import FieldError, Invalid, Malformed
from shared.web.edge import json_response, read_json
from shared.web.pages import Pages, language

_KEY = re.compile(r"[\x21-\x7e]{16,128}")
_KEY_HELP = (
    "Send an Idempotency-Key header: 16 to 128 visible ASCII characters, random, new for every"
    " submission and the same for its repetitions."
)


class Api:
    """Submissions in; receipts, keys and figures out."""

    def __init__(
        self,
        acceptance: Acceptance,
        status: Status,
        database: Database,
        signer: Signer,
        pages: Pages,
        public_url: str,
    ) -> None:
        self._acceptance, self._status, self._db = acceptance, status, database
        self._signer, self._pages, self._public_url = signer, pages, public_url.rstrip("/")

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.post("/api/v1/submissions", self.submit),
            web.get("/api/v1/receipts/{receipt}", self.receipt),
            web.get("/api/v1/receipt-keys", self.receipt_keys),
            web.get("/api/v1/figures", self.figures),
        ]

    async def submit(self, request: web.Request) -> web.Response:
        """201 with the receipt; 200 with the very same receipt for a repetition."""
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise Malformed(_KEY_HELP)
        draft = await read_json(request, Draft)
        try:
            receipt = await self._acceptance.accept(draft, key)
        except WrongCode:
            raise Invalid("", FieldError("code", self._text("wrong_code"))) from None
        except DoesNotFit as error:
            fields = (FieldError(w.field, self._text(w.text)) for w in error.wrong)
            raise Invalid("", *fields) from None
        return json_response(self._as_json(receipt), status=201 if receipt.fresh else 200)

    def _text(self, key: str) -> str:
        return self._pages.text("en", key)

    def _as_json(self, receipt: Receipt) -> dict[str, object]:
        stored = receipt.stored
        return {
            "submission_id": str(stored.id),
            "kind": stored.kind,
            "received_at": stored.received_at.isoformat(),
            "receipt": {
                "code": receipt.code,
                "url": f"{self._public_url}/r/{receipt.code}",
                "key_id": stored.key_id,
                "signed": receipt.signed,
                "signature": base64url(stored.signature),
            },
        }

    async def receipt(self, request: web.Request) -> web.Response:
        """The story behind a receipt, in the caller's language, with its signed statement."""
        told = await self._status.of(request.match_info["receipt"], language(request))
        response = json_response(
            {
                "submission_id": str(told.facts.id),
                "kind": told.facts.kind,
                "unit": {
                    "code": told.facts.unit_code,
                    "name": told.unit_name,
                    "counter": told.facts.counter,
                },
                "received_at": told.facts.received_at.isoformat(),
                "verdict": told.verdict,
                "answer": told.answer,
                "timeline": [
                    {
                        "at": line.at.isoformat(),
                        "step": line.step,
                        "text": line.text,
                        "waiting": line.waiting,
                        "late": line.late,
                    }
                    for line in told.lines
                ],
                "proof": {
                    "key_id": told.facts.key_id,
                    "signed": receipts.statement(told.facts),
                    "signature": base64url(told.facts.signature),
                },
            }
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def receipt_keys(self, _: web.Request) -> web.Response:
        """The public key with which anybody checks a receipt's signature."""
        return json_response(
            {
                "keys": [
                    {
                        "key_id": self._signer.key_id,
                        "algorithm": "Ed25519",
                        "public_key": base64url(self._signer.public_key),
                    }
                ]
            }
        )

    async def figures(self, _: web.Request) -> web.Response:
        """How many submissions of each kind were received (rule 16)."""
        async with self._db.acquire() as conn:
            counts = await submissions.count_by_kind(conn)
        return json_response(
            {
                "received": sum(counts.values()),
                "complaints": counts.get("complaint", 0),
                "requests": counts.get("request", 0),
                "ratings": counts.get("rating", 0),
            }
        )
