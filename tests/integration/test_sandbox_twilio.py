"""The Twilio dialect, against a real sandbox process."""

from urllib.parse import parse_qsl

import pytest

from deploy.sandbox.customer import Client
from deploy.sandbox.dialects.twilio import customer
from deploy.sandbox.dialects.twilio.customer import TOKEN
from deploy.sandbox.dialects.twilio.signature import signature
from deploy.sandbox.testing import Inbox

PHONE = "+8613800000088"


def test_the_published_vector() -> None:
    """The server's signature equals the one that the vendor publishes for its example."""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "From": "+14158675309"}
    fields |= {"Digits": "1234", "To": "+18005551212"}
    made = signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields)
    assert "RSOYDt4T1cUTdK1PDd93/VVr8B8=" == made


async def test_the_same_message_twice_is_two(client: Client) -> None:
    """Nothing of the customer's tells them apart."""
    answers = [await customer.sms(client, PHONE) for _ in range(2)]
    assert [201, 201] == [status for status, _ in answers]
    assert 2 == len({message["sid"] for _, message in answers})
    assert 2 == (await client.book())["sms"]["sent_count"]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"To": "13800000088"}, (400, 21211)),
        ({"To": "+8613800000002"}, (400, 21211)),
        ({"To": "+8613800000004"}, (429, 20429)),
        ({"To": "+8613800000005"}, (429, 63038)),
        ({"To": "+8613800000006"}, (400, 21610)),
        ({"From": "+15005550007"}, (400, 21606)),
        ({"Body": ""}, (400, 21602)),
        ({"StatusCallback": "nowhere"}, (400, 21602)),
    ],
)
async def test_what_is_sent_is_checked(
    client: Client, fields: dict[str, str], wanted: tuple[int, int]
) -> None:
    """By its code and the status that goes with it; nothing was sent."""
    status, body = await customer.sms(client, PHONE, **fields)
    assert wanted == (status, body["code"])
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_a_wrong_log_in_does_nothing(client: Client) -> None:
    """Neither sending nor asking."""
    status, body = await customer.call(client, "POST", token="wrong", data={"To": PHONE})
    assert (401, 20003) == (status, body["code"])
    status, body = await customer.call(client, "GET", f".json?To={PHONE}", token="wrong")
    assert (401, 20003) == (status, body["code"])


async def test_the_list_goes_on_page_by_page(client: Client) -> None:
    """Newest first, until there is no next one; each message is there once, and by its id."""
    sent = [(await customer.sms(client, PHONE))[1]["sid"] for _ in range(5)]
    found, rest = [], ".json?To=%2B8613800000088&PageSize=2"
    while rest:
        _, page = await customer.call(client, "GET", rest)
        found += [message["sid"] for message in page["messages"]]
        rest = (page["next_page_uri"] or "").partition("Messages")[2]
    assert sent[::-1] == found
    status, message = await customer.call(client, "GET", f"/{sent[0]}.json")
    assert (200, sent[0], PHONE) == (status, message["sid"], message["to"])
    status, body = await customer.call(client, "GET", "/SMnone.json")
    assert (404, 20404) == (status, body["code"])


async def test_a_report_is_signed_for_its_address(client: Client) -> None:
    """A form, whose header holds; it goes where the message said."""
    async with Inbox() as inbox:
        _, sent = await customer.sms(client, "+8613800000003", StatusCallback=inbox.url)
        posted = await inbox.next_posted()
    fields = dict(parse_qsl(posted.body.decode()))
    assert (sent["sid"], "undelivered", "30008") == (
        fields["MessageSid"], fields["MessageStatus"], fields["ErrorCode"]
    )  # fmt: skip
    assert signature(TOKEN, inbox.url, fields) == posted.headers["X-Twilio-Signature"]
