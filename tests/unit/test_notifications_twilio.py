"""Twilio's dialect: the signature, the codes, the list in which a lost message is looked for."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode

import pytest

from services.notifications.providers import twilio, twilio_answers
from services.notifications.providers import twilio_signature as signature
from services.notifications.providers.twilio_answers import Message
from shared.vendors.client import Answer
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport, Terms
from tests.vendors import SMS

TOKEN, URL = "12345", "https://mycompany.com/myapp.php?foo=1&bar=2"
PUBLISHED = {
    "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "From": "+14158675309",
    "Digits": "1234", "To": "+18005551212",
}  # fmt: skip
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
SECRET = "r" * 16
BASE = "https://office.example"


def made(**changes: str) -> twilio.Twilio:
    """The adapter; not opened."""
    settings = {"account_sid": "AC1", "auth_token": TOKEN, "sender": "+15005550006"}
    settings |= {"url": "http://127.0.0.1:9", "report_secret": SECRET}
    told = settings | {"templates": SMS.values["templates"]} | changes
    return twilio.Twilio(twilio.Settings.model_validate(told), Terms(1, BASE))


def test_the_published_signature() -> None:
    """Ours of the vendor's own example is the one that it publishes, and a changed field is not."""
    wanted = {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    assert wanted["X-Twilio-Signature"] == signature.sign(TOKEN, URL, PUBLISHED)
    body = urlencode(PUBLISHED).encode()
    assert signature.is_signed(TOKEN, URL, body, wanted)
    assert not signature.is_signed(TOKEN, URL, body + b"&More=1", wanted)
    assert not signature.is_signed(TOKEN, URL + "3", body, wanted)
    assert not signature.is_signed("54321", URL, body, wanted)
    assert not signature.is_signed(TOKEN, URL, body, {})


@pytest.mark.parametrize("path", ["", "/inbound"])
def test_what_it_brings_is_signed_for_its_own_address(path: str) -> None:
    """A signed report is no reply and a signed reply no report, whatever proxy stands between."""
    fields = {"MessageSid": "SM1", "From": "+8613800000088", "Body": "３ "}
    told = signature.sign(TOKEN, f"{BASE}/reports/twilio/{SECRET}{path}", fields)
    body, headers, vendor = urlencode(fields).encode(), {"X-Twilio-Signature": told}, made()
    assert (path == "") == vendor.has_signed(body, headers)
    if path:
        [reply] = vendor.read_inbound(body, headers)
        assert ("SM1", "+8613800000088", "３ ") == (reply.ref, reply.phone, reply.text)
    else:
        with pytest.raises(NotAReport):
            vendor.read_inbound(body, headers)


@pytest.mark.parametrize(
    ("token", "secret", "signed"),
    [("new", "n", True), ("old", "n", True), ("new", "o", True), ("old", "o", True),
     ("third", "n", False), ("new", "x", False)],
)  # fmt: skip
def test_the_token_and_the_address_of_before_count(token: str, secret: str, signed: bool) -> None:
    """While one follows another: a report signs the address that its message named."""
    vendor = made(auth_token="new,old", report_secret=f"{'n' * 16},{'o' * 16}")
    address = f"{BASE}/reports/twilio/{secret * 16}"
    head = {signature.HEADER: signature.sign(token, address, {"MessageSid": "SM1"})}
    assert signed == vendor.has_signed(b"MessageSid=SM1", head)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, {"sid": "SM1", "status": "queued"}, Accepted("SM1", "queued")),
        (201, {"sid": "SM1", "status": "delivered"}, Done("SM1", "delivered")),
        (201, {"sid": "SM1", "status": "failed", "error_code": 30003}, Rejected("30003", False)),
        (429, {"code": 20429}, TryLater("20429", timedelta(seconds=5))),
        (401, {"code": 20003}, Held("20003")),
        (400, {"code": 21211}, Rejected("21211", False)),
        (400, {"code": 21610}, Rejected("21610", False)),
        (400, {"code": 99999}, Held("99999")),
        (400, {}, Unknown("garbage")),
        (302, {}, Unknown("garbage")),
        (201, {"sid": "../x", "status": "queued"}, Unknown("garbage")),
        (500, {"code": 21211}, Unknown("http_500")),
        (503, {"sid": "SM1", "status": "queued"}, Unknown("http_503")),
    ],
)
def test_answers_are_read_by_their_code(
    status: int, body: dict[str, object], outcome: Outcome
) -> None:
    """The table decides; a code that is not in it is held, and a 5xx says nothing."""
    answer = Answer(status, json.dumps(body).encode())
    assert outcome == twilio_answers.classify(answer)
    asked = twilio_answers.read_message(answer)
    sure = status < 300 or isinstance(outcome, TryLater | Held)
    assert (outcome if sure else Unknown) == (asked if sure else type(asked))


def test_a_message_that_is_gone_is_not_found() -> None:
    """Which is no failure."""
    assert NotFound() == twilio_answers.read_message(Answer(404, b"<html>"))


def listed(sid: str, seconds: int, text: str = "a", status: str = "queued") -> Message:
    """A message as the list has it, so many seconds after our call."""
    noted = format_datetime(AT + timedelta(seconds=seconds))
    return Message.model_validate(
        {"sid": sid, "status": status, "body": text, "date_created": noted}
    )


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], None),
        ([listed("A", 1)], "A"),
        ([listed("A", -59)], "A"),
        ([listed("A", 61)], None),
        ([listed("A", -61)], None),
        ([listed("A", 1, "b")], None),
        ([listed("A", 90), listed("B", 2)], "B"),
        ([listed("A", 1, status="failed"), listed("B", 2)], "B"),
        ([listed("A", 1), listed("B", 2, status="delivered")], "B"),
    ],
)
def test_a_lost_message_is_the_one_with_our_words_at_our_time(
    messages: list[Message], expected: str | None
) -> None:
    """Within a minute of the call; of several, the best news counts."""
    found = twilio_answers.pick(messages, "a", AT)
    assert expected == (found.sid if found else None)


@pytest.mark.parametrize("body", [b"", b"\xff", b"MessageSid=", b"a=b", b"[]", b"&" * 300])
def test_what_is_no_report(body: bytes) -> None:
    """A form with the vendor's id, or nothing."""
    with pytest.raises(NotAReport):
        made().read_report(body)
