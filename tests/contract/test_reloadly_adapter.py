"""Reloadly's token, codes, statuses and signature, each against a scripted HTTP server."""

import hmac
from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from services.rewards.providers.protocol import NotAStatement
from services.rewards.providers.reloadly import Reloadly, Settings
from services.rewards.providers.reloadly_answers import LATER
from services.rewards.providers.reloadly_codes import ERRORS
from services.rewards.rules.numbers import Belongs, Word
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

PHONE, DAY = "+8613800000088", date(2026, 3, 3)
ORDER = Order("a" * 32, "reloadly", "444", 2000, ref="7")
TOKEN = 200, {"access_token": "t1", "expires_in": 3600}
MEANINGS = {
    "final": Rejected, "retry": Rejected, "later": TryLater, "recharged": TryLater, "held": Held,
}  # fmt: skip


def transaction(**changes: Any) -> dict[str, Any]:
    """A row of the report."""
    return {
        "transactionId": 7, "customIdentifier": "a" * 32, "operatorId": 444, "requestedAmount": 20,
        "requestedAmountCurrencyCode": "CNY", "status": "SUCCESSFUL",
    } | changes  # fmt: skip


@pytest.fixture
def script() -> Scripted:
    """A Reloadly where everything goes well."""
    return Scripted(
        {"/oauth/token": TOKEN, "/topups-async": (200, {"transactionId": 7}),
         "/status": (200, {"status": "PROCESSING"}), "/transactions": (200, {"content": []})}
    )  # fmt: skip


@pytest.fixture
async def vendor(script: Scripted) -> AsyncIterator[Reloadly]:
    """The adapter before it."""
    async with TestServer(script.app) as server:
        url = str(server.make_url("/"))
        settings = Settings.model_validate(
            {"url": url, "auth_url": url, "client_id": "i", "client_secret": "s",
             "webhook_secret": "w", "products": "20.00=444", "report_secret": "r" * 16}
        )  # fmt: skip
        async with Reloadly(settings, Terms(20, "http://127.0.0.1:9")) as opened:
            yield opened


async def test_a_token_is_fetched_once(vendor: Reloadly, script: Scripted) -> None:
    """And kept for the next order."""
    for _ in range(2):
        assert Accepted("7", "accepted") == await vendor.send(ORDER, PHONE)
    assert ["token", "topups-async", "topups-async"] == script.paths


@pytest.mark.parametrize("code", ["TOKEN_EXPIRED", "INVALID_TOKEN"])
async def test_a_refused_token_is_fetched_again(
    vendor: Reloadly, script: Scripted, code: str
) -> None:
    """The order was not taken: later, with a new one; the same holds for a question."""
    script.answers["/topups-async"] = 401, {"errorCode": code}
    assert isinstance(await vendor.send(ORDER, PHONE), TryLater)
    script.answers["/topups-async"] = 200, {"transactionId": 7}
    assert isinstance(await vendor.send(ORDER, PHONE), Accepted)
    assert 2 == script.paths.count("token")


async def test_a_token_near_its_end_is_not_used(vendor: Reloadly, script: Scripted) -> None:
    """Half of a short life is its margin."""
    script.answers["/oauth/token"] = 200, {"access_token": "t", "expires_in": 1e-6}
    for _ in range(2):
        await vendor.send(ORDER, PHONE)
    assert 2 == script.paths.count("token")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [((401, {}), Held), ((403, b""), Held), ((400, b""), Held), ((500, b""), TryLater),
     ((200, b"{"), TryLater), ((200, {"access_token": "", "expires_in": 1}), TryLater)],
)  # fmt: skip
async def test_without_a_token_nothing_is_ordered(
    vendor: Reloadly, script: Scripted, answer: tuple[int, Any], kind: type[Outcome]
) -> None:
    """Refused is for a person, anything else for later; of a question it says nothing."""
    script.answers["/oauth/token"] = answer
    assert kind is type(await vendor.send(ORDER, PHONE))
    assert isinstance(await vendor.ask(ORDER), Unknown | TryLater)
    assert {"token"} == set(script.paths)


@pytest.mark.parametrize("code", [*ERRORS, "SOMETHING_NEW"])
@pytest.mark.parametrize("status", [400, 404, 500])
async def test_the_code_decides_and_not_the_status(
    vendor: Reloadly, script: Scripted, code: str, status: int
) -> None:
    """An unlisted code is unknown and kept raw."""
    script.answers["/topups-async"] = status, {"errorCode": code}
    outcome = await vendor.send(ORDER, PHONE)
    assert MEANINGS.get(ERRORS.get(code, "unknown"), Unknown) is type(outcome)
    assert code == outcome.code


def test_what_the_sharpest_codes_do_to_the_money() -> None:
    """Said once more beside the table."""
    sharp = ("INSUFFICIENT_BALANCE", "CUSTOM_IDENTIFIER_ALREADY_USED", "INVALID_RECIPIENT_PHONE")
    assert ["held", "unknown", "final"] == [ERRORS[code] for code in sharp]


@pytest.mark.parametrize(
    ("status", "paid", "kind"),
    [("SUCCESSFUL", False, Done), ("PROCESSING", False, Accepted), ("FAILED", False, Rejected),
     ("REFUNDED", False, Rejected), ("REFUNDED", True, Reversed), ("NEW", False, Unknown)],
)  # fmt: skip
async def test_the_status_decides(
    vendor: Reloadly, script: Scripted, status: str, paid: bool, kind: type[Outcome]
) -> None:
    """By its id flat, by ours as a row of the report."""
    script.answers["/status"] = 200, {"status": status}
    script.answers["/transactions"] = 200, {"content": [transaction(status=status)]}
    for ref in ("7", None):
        asked = Order("a" * 32, "reloadly", "444", 2000, ref=ref, paid=paid)
        assert kind is type(await vendor.ask(asked))


@pytest.mark.parametrize(
    "changes",
    [{"customIdentifier": "b"}, {"operatorId": 1}, {"requestedAmount": 50},
     {"requestedAmountCurrencyCode": "USD"}],
)  # fmt: skip
async def test_another_order_is_not_ours(
    vendor: Reloadly, script: Scripted, changes: dict[str, Any]
) -> None:
    """In either answer."""
    found = transaction(**changes)
    script.answers["/status"] = 200, {"status": "SUCCESSFUL", "transaction": found}
    script.answers["/transactions"] = 200, {"content": [found]}
    assert Unknown("another_order") == await vendor.ask(ORDER)
    assert Unknown("another_order") == await vendor.ask(Order("a" * 32, "x", "444", 2000))


async def test_an_empty_report_is_absence(vendor: Reloadly) -> None:
    """Not a failure."""
    assert NotFound() == await vendor.ask(Order("a" * 32, "reloadly", "444", 2000))


async def test_a_webhook_is_signed(vendor: Reloadly) -> None:
    """By its own secret over body and time; changed or repeated at another time it is not."""
    signed = hmac.new(b"w", b"{}:1", sha256).hexdigest()
    head = {"X-Reloadly-Signature": signed, "X-Reloadly-Request-Timestamp": "1"}
    assert vendor.has_signed(b"{}", head)
    assert not vendor.has_signed(b"{ }", head)
    assert not vendor.has_signed(b"{}", head | {"X-Reloadly-Request-Timestamp": "2"})
    assert not vendor.has_signed(b"{}", {})


def test_a_webhook_of_the_secret_of_before_counts() -> None:
    """While one follows another; of a third it does not."""
    here = "http://127.0.0.1:9"
    settings = Settings.model_validate(
        {"url": here, "client_id": "i", "client_secret": "s", "webhook_secret": "new,old",
         "products": "20.00=444", "report_secret": "r" * 16}
    )  # fmt: skip
    vendor = Reloadly(settings, Terms(20, here))
    for key, signed in (("new", True), ("old", True), ("new,old", False)):
        sign = hmac.new(key.encode(), b"{}:1", sha256).hexdigest()
        head = {"X-Reloadly-Signature": sign, "X-Reloadly-Request-Timestamp": "1"}
        assert signed == vendor.has_signed(b"{}", head), key


def told(number: int, status: str, delivered: float | None = 20, **changes: Any) -> dict[str, Any]:
    """A row of the report of 3 March."""
    return transaction(
        transactionId=number, status=status, transactionDate="2026-03-03 10:00:00",
        deliveredAmount=delivered, deliveredAmountCurrencyCode="CNY", **changes,
    )  # fmt: skip


async def test_a_days_report_is_its_statement(vendor: Reloadly, script: Scripted) -> None:
    """Paid; delivered and given back; what failed, is under way or never arrived is no line."""
    rows = [told(1, "SUCCESSFUL"), told(2, "REFUNDED"), told(3, "REFUNDED", None),
            told(4, "REFUNDED", 0), told(5, "FAILED"), told(6, "PROCESSING", None)]  # fmt: skip
    script.answers["/transactions"] = 200, {"content": rows, "last": True}
    raw = await vendor.fetch_statement(DAY)
    assert raw is not None
    found = Reloadly.read_statement(raw, DAY)
    assert [("1", "paid"), ("2", "paid"), ("2", "reversed")] == [
        (row.vendor_ref, row.outcome) for row in found.rows
    ]
    assert (None, None) == (found.opening_fen, found.closing_fen)


@pytest.mark.parametrize("answer", [(500, {}), (200, b"{"), (200, {}), (200, {"content": [7]})])
async def test_what_is_no_report_is_no_statement(
    vendor: Reloadly, script: Scripted, answer: tuple[int, Any]
) -> None:
    """Not there, or it cannot be read; never a day on which nothing was paid."""
    script.answers["/transactions"] = answer
    if raw := await vendor.fetch_statement(DAY):
        with pytest.raises(NotAStatement):
            Reloadly.read_statement(raw, DAY)
    else:
        assert 500 == answer[0]


async def test_a_row_without_our_id_is_named(vendor: Reloadly, script: Scripted) -> None:
    """By its number, and nothing of the report is taken."""
    rows = [told(1, "SUCCESSFUL"), told(2, "SUCCESSFUL", customIdentifier=None)]
    script.answers["/transactions"] = 200, {"content": rows, "last": True}
    raw = await vendor.fetch_statement(DAY)
    assert raw is not None
    with pytest.raises(NotAStatement, match="line 2: Custom Identifier: not an id"):
        Reloadly.read_statement(raw, DAY)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"operatorId": 442, "name": "China Unicom"}, Belongs("442")),
        (200, {"name": "China Unicom"}, Unknown("http_200_unreadable")),
        (403, {"errorCode": "INACTIVE_ACCOUNT"}, Held("INACTIVE_ACCOUNT")),
        (404, {"errorCode": "COULD_NOT_AUTO_DETECT_OPERATOR"},
         Rejected("COULD_NOT_AUTO_DETECT_OPERATOR", retriable=False)),
        (400, {"errorCode": "INVALID_PHONE_NUMBER"}, Rejected("INVALID_PHONE_NUMBER", False)),
        (401, {"errorCode": "TOKEN_EXPIRED"}, TryLater("TOKEN_EXPIRED", LATER)),
        (404, {"errorCode": "SOMETHING_NEW"}, Unknown("SOMETHING_NEW")),
        (500, b"<html>", TryLater("http_500", LATER)),
    ],
)  # fmt: skip
async def test_the_operator_of_a_number(
    vendor: Reloadly, script: Scripted, status: int, body: Any, expected: Word
) -> None:
    """By their own look-up, under the number's country."""
    script.answers["/countries/CN"] = status, body
    assert expected == await vendor.check(PHONE)
    assert script.asked[-1][0].endswith(f"/operators/auto-detect/phone/{PHONE}/countries/CN")


async def test_a_number_of_no_country_is_not_asked_about(vendor: Reloadly) -> None:
    """Nor does it get airtime."""
    assert Rejected("no_country", retriable=False) == await vendor.check("+999")
