"""The citizen's phone at the sandbox: what truly arrived, whatever vendor sent it, by itself."""

import pytest

from deploy.sandbox.customer import Client
from deploy.sandbox.phones import own
from tests.vendors import order, sms

PHONE, BARE = "+8613800000088", "13800000088"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (BARE, BARE),
        (PHONE, BARE),
        ("8613800000088", BARE),
        ("0086 138-0000-0088", BARE),
        ("１３８ ００００ ００８８", BARE),
        ("+254711082000", "+254711082000"),
        ("abc", ""),
    ],
)
def test_a_number_is_one_however_it_is_written(typed: str, expected: str) -> None:
    """By a person, in any width, or by a vendor, with or without the country's code."""
    assert expected == own(typed)


async def test_what_arrived_stands_there(client: Client) -> None:
    """The SMS and the top-up of one phone, the sum of it; another phone's page has none of it."""
    await sms(client, PHONE, "thanked")
    await order(client, "paid", PHONE)
    await client.settled("paid")
    status, page = await client.call("GET", f"/phone?number={BARE}")
    assert (200, True, True) == (status, "20.00 CNY" in page, "已到账" in page)
    (message,) = (await client.book())["sms"]["messages"]
    assert message["content"] in page
    _, other = await client.call("GET", "/phone?number=13900000001&lang=en")
    assert ("0.00" in other, "No messages yet." in other) == (True, True)
    _, home = await client.call("GET", "/phone")
    assert f"number={BARE}" in home


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "还没有手机收到短信或话费"),
        ("?lang=en", "No phone has received anything yet"),
        ("?number=12", "请输入完整的手机号"),
        ("?number=%3Cb%3E&lang=en", "Please type the whole number"),
    ],
)
async def test_nothing_and_nonsense_are_told(client: Client, query: str, expected: str) -> None:
    """An empty book, and a number that is none; what was typed is shown as text."""
    await client.reset()
    status, page = await client.call("GET", f"/phone{query}")
    assert (200, True, False) == (status, expected in page, "<b>" in page)
