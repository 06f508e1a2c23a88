"""Africa's Talking's words, statuses and ids, each against a scripted HTTP server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from services.rewards.providers.africastalking import AfricasTalking, Settings
from services.rewards.providers.africastalking_codes import MESSAGES
from services.rewards.providers.protocol import UNASKABLE, Listed
from services.rewards.rules.orders import Order
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import Terms
from tests.scripted import Scripted

PHONE = "+8613800000088"
ORDER = Order("a" * 32, "africastalking", "CNY 20.00", 2000)
SENT = {"status": "Sent", "requestId": "ATQid_7", "amount": "CNY 20.0000", "errorMessage": "None"}
FOUND = {"requestId": "ATQid_7", "status": "Success", "amount": "CNY 20.0000"}
MEANINGS = {"final": Rejected, "retry": Rejected, "later": TryLater, "held": Held}


@pytest.fixture
def script() -> Scripted:
    """A vendor where everything goes well."""
    return Scripted(
        {"/send": (201, {"errorMessage": "None", "responses": [SENT]}),
         "/find": (200, {"data": FOUND})}
    )  # fmt: skip


@pytest.fixture
async def vendor(script: Scripted) -> AsyncIterator[AfricasTalking]:
    """The adapter before it."""
    async with TestServer(script.app) as server:
        settings = Settings.model_validate(
            {"url": str(server.make_url("/")), "username": "u", "api_key": "k",
             "products": "20.00=CNY 20.00", "report_secret": "r" * 16}
        )  # fmt: skip
        async with AfricasTalking(settings, Terms(20, "http://127.0.0.1:9")) as opened:
            yield opened


@pytest.mark.parametrize("message", [*MESSAGES, "something new"])
async def test_words_decide(vendor: AfricasTalking, script: Scripted, message: str) -> None:
    """Of the whole call or of the recipient; what is not in the table is unknown and kept raw."""
    kind = MEANINGS.get(MESSAGES.get(message, "unknown"), Unknown)
    failed = SENT | {"status": "Failed", "requestId": "None", "errorMessage": message.title()}
    for body in ({"errorMessage": message, "responses": []}, {"responses": [failed]}):
        script.answers["/send"] = 201, body
        outcome = await vendor.send(ORDER, PHONE)
        assert (kind, message) == (type(outcome), outcome.code.lower())


def test_what_the_sharpest_words_do_to_the_money() -> None:
    """Said once more beside the table."""
    sharp = ("a duplicate request was received within the last 5 minutes", "insufficient balance")
    assert ["unknown", "held"] == [MESSAGES[words] for words in sharp]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (201, {"responses": [SENT]}, Accepted),
        (201, {"responses": [SENT | {"status": "Success"}]}, Done),
        (201, {"responses": [SENT | {"status": "NotSupported"}]}, Rejected),
        (201, {"responses": [SENT | {"status": "New"}]}, Unknown),
        (201, {"responses": [SENT | {"amount": "CNY 50.0000"}]}, Unknown),
        (201, {"responses": [SENT, SENT]}, Unknown),
        (201, {"responses": []}, Unknown),
        (500, {"responses": [SENT]}, Unknown),
        (401, b"The supplied authentication is invalid", Held),
        (401, b"Go away", Unknown),
        (201, b"{", Unknown),
    ],
)
async def test_only_one_recipient_of_our_amount_is_concluded_from(
    vendor: AfricasTalking, script: Scripted, status: int, body: Any, kind: type[Outcome]
) -> None:
    """Anything else may have been carried out."""
    script.answers["/send"] = status, body
    assert kind is type(await vendor.send(ORDER, PHONE))


async def test_without_their_id_they_cannot_be_asked(
    vendor: AfricasTalking, script: Scripted
) -> None:
    """That is no answer of theirs, least of all that they do not have it; nobody is called."""
    assert (UNASKABLE, []) == (await vendor.ask(ORDER), script.asked)
    assert not vendor.refuses_repeats


@pytest.mark.parametrize(
    ("body", "paid", "kind"),
    [
        ({"data": FOUND}, False, Done),
        ({"transactionData": FOUND}, False, Done),
        ({"data": FOUND | {"status": "Queued"}}, False, Accepted),
        ({"data": FOUND | {"status": "Failed"}}, False, Rejected),
        ({"data": FOUND | {"status": "Failed"}}, True, Reversed),
        ({"data": FOUND | {"status": "New"}}, False, Unknown),
        ({"data": FOUND | {"requestId": "other"}}, False, Unknown),
        ({"data": FOUND | {"amount": "KES 20.0000"}}, False, Unknown),
        ({"errorMessage": "Transaction not found"}, False, NotFound),
        ({"errorMessage": "Something new"}, False, Unknown),
        (b"", False, Unknown),
    ],
)
async def test_what_is_found_decides(
    vendor: AfricasTalking, script: Scripted, body: Any, paid: bool, kind: type[Outcome]
) -> None:
    """Only our own request, of our amount."""
    script.answers["/find"] = 200, body
    asked = Order("a" * 32, "africastalking", "CNY 20.00", 2000, ref="ATQid_7", paid=paid)
    assert kind is type(await vendor.ask(asked))


@pytest.mark.parametrize(
    ("product", "fen"),
    [("CNY 20.00", 2000), ("CNY 20", 2000), ("KES 20.00", None), ("20.00", None), ("", None),
     ("CNY NaN", None), ("CNY 20.001", None)],
)  # fmt: skip
async def test_a_product_says_how_much_it_is(
    vendor: AfricasTalking, product: str, fen: int | None
) -> None:
    """In the account's currency, to the hundredth."""
    listed = await vendor.look_up(product)
    assert isinstance(listed, Listed)
    assert fen == listed.amount_fen
