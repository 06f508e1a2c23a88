"""The API of taking in: submissions; keys and figures for anybody."""

from dataclasses import dataclass
from functools import partial

from services.intake.accept import views
from services.intake.accept.acceptance import Acceptance, Receipt
from services.intake.accept.adding import Adding
from services.intake.accept.addition import Addition
from services.intake.accept.receipts import base64url
from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Stored
from services.intake.accept.submission import Draft
from services.intake.proof.keyring import Keyring
from shared.db import Database
from shared.values import phone
from shared.web.endpoints import PUBLIC, Call, Endpoint, Link, statistics
from shared.web.replies import Reply
from shared.web.texts import texts

# 2,000 characters with each of them escaped (`\ud83d\ude00`) are 24 kB.
LIMIT = 32 * 1024
RECEIPT = "/api/v1/receipts/{receipt}"

_CODE = {"receipt": "/receipt/code"}
_SAID = (
    "additions", "ratings", "followups", "withdrawals", "reports", "phone-codes", "phone", "data",
)  # fmt: skip
# What a receipt is good for.
LINKS = (
    *(Link(f"{RECEIPT}{place}", _CODE) for place in ("", "/proof", "/data")),
    *(Link(f"{RECEIPT}/{place}", _CODE, "POST") for place in _SAID),
)


@dataclass(frozen=True)
class Api:
    """The handlers."""

    acceptance: Acceptance
    adding: Adding
    database: Database
    keyring: Keyring
    public_url: str

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        post = partial(Endpoint, "POST", who=PUBLIC, repeat="header", limit=LIMIT)
        return [
            post(
                "/api/v1/submissions", self.submit,
                "Hand in a rating, complaint or request; a repetition gets the first receipt",
                body=Draft, answers={201: views.Accepted, 200: views.Accepted},
                seconds=0, links=LINKS,
            ),
            post(
                f"{RECEIPT}/additions", self.add,
                "Add words, reasons or an officer to what a receipt is for; never changes it",
                params={"receipt": str}, body=Addition, answers={201: views.Added},
            ),
            Endpoint(
                "GET", "/api/v1/receipt-keys", self.receipt_keys,
                "The public keys with which anybody checks a receipt's signature", PUBLIC,
                answers={200: views.ReceiptKeys},
            ),
            statistics(
                self.figures, "How many submissions of each kind were received", views.Figures
            ),
        ]  # fmt: skip

    async def submit(self, call: Call[Draft, None]) -> Reply:
        """201 with the receipt; 200 with the very same receipt for a repetition."""
        receipt = await self.acceptance.accept(
            call.body, call.repeat_key, self.acceptance.gate.sender(call)
        )
        file = receipt.file or await self.keyring.file(receipt.stored, receipt.statement)
        answer = _accepted(receipt, file, self.public_url, self._phone(call, receipt.stored))
        return Reply(answer, 201 if receipt.fresh else 200)

    def _phone(self, call: Call[Draft, None], stored: Stored) -> views.PhoneUse | None:
        """What the phone is good for, by the policy of the day of receipt; most leave none."""
        left = call.body.phone
        if left is None:
            return None
        rewarded = bool(self.acceptance.policy_of(stored).reward.verdicts)
        return views.phone_use(phone.use(left), call.body.kind, texts(call.language), rewarded)

    async def add(self, call: Call[Addition, None]) -> views.Added:
        """A repetition gets the same answer."""
        added = await self.adding.add(call, call.body, call.repeat_key, "open")
        return views.Added(addition_id=added.id, number=added.number, added_at=added.added_at)

    async def receipt_keys(self, _: Call[None, None]) -> views.ReceiptKeys:
        """One signs at a time; those before it stay."""
        keys = [
            views.ReceiptKey(
                key_id=key.key_id,
                name=key.name,
                public_key=base64url(key.raw),
                verifier_key=str(key),
            )
            for key in await self.keyring.all()
        ]
        return views.ReceiptKeys(keys=keys)

    async def figures(self, _: Call[None, None]) -> views.Figures:
        """As of this moment (rule 16)."""
        async with self.database.acquire() as conn:
            counts = await submissions.count_by_kind(conn)
        return views.Figures(received=sum(counts), **counts._asdict())


def _accepted(
    receipt: Receipt, file: str, public_url: str, phone_use: views.PhoneUse | None
) -> views.Accepted:
    stored = receipt.stored
    return views.Accepted(
        submission_id=stored.id,
        kind=stored.kind,
        received_at=stored.received_at,
        phone=phone_use,
        receipt=views.SignedReceipt(
            code=receipt.code,
            url=f"{public_url}/r/{receipt.code}",
            proof=views.Proof(statement=receipt.statement, file=file),
        ),
    )
