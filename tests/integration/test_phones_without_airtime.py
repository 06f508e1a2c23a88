"""A phone that gets no airtime or SMS: said before anything is promised, and then kept to."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.intake_site import Site, site

SERVICE = "intake"
KEY = "typed-0123456789abcdef"
HTML = {"Accept": "text/html"}
LEFT = [
    ("0396-2912345", "landline", "固定电话"),
    ("0396-2912345转802", "landline", "分机"),
    ("17012345678", "virtual", "虚拟运营商"),
    ("13491234567", "satellite", "卫星电话"),
    ("+852 9123 4567", "foreign", "其他国家或地区"),
]


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake."""
    async with site(database) as running:
        yield running


@pytest.mark.parametrize(("typed", "kind", "word"), LEFT)
async def test_the_answer_says_what_cannot_arrive(
    intake: Site, typed: str, kind: str, word: str
) -> None:
    """In the API's answer, in the account and on the receipt's page, in the caller's language."""
    answer = await (await intake.submit(KEY, phone=typed)).json()
    assert (kind, False, True) == tuple(answer["phone"][n] for n in ("kind", "airtime", "callback"))
    assert word in answer["phone"]["note"]
    assert answer == await (await intake.submit(KEY, phone=typed)).json()
    receipt = answer["receipt"]["code"]
    account = await (await intake.client.get(f"/api/v1/receipts/{receipt}")).json()
    assert answer["phone"] == account["phone"]
    page = await (await intake.client.get(f"/r/{receipt}?new=1", headers=HTML)).text()
    assert answer["phone"]["note"] in page


@pytest.mark.parametrize(
    "changed",
    [{}, {"phone": None}, {"phone": "0396-2912345", "kind": "request", "categories": None}],
    ids=["a mobile", "none", "a request, which earns nothing"],
)
async def test_nothing_is_said_where_nothing_is_missing(
    intake: Site, changed: dict[str, object]
) -> None:
    """Who gets all that was promised is not told of other people's phones."""
    answer = await (await intake.submit(KEY, satisfaction=None, **changed)).json()
    assert not (answer["phone"] or {}).get("note")
    page = await intake.client.get(f"/r/{answer['receipt']['code']}", headers=HTML)
    assert "phone-note" not in await page.text()


async def test_the_form_says_which_phones_get_the_reward(intake: Site) -> None:
    """Before anything is typed."""
    form = await intake.form(step="tap", satisfaction="1", key=KEY)
    page = await form.text()
    assert all(word in page for word in ("固定电话", "虚拟运营商", "境外", "卫星"))


@pytest.mark.parametrize(
    ("typed", "detail"),
    [
        ("400-123-4567", "400"),
        ("14012345678", "物联网卡"),
        ("2912345", "区号"),
        ("12345", "不完整"),
    ],
)
async def test_a_number_that_reaches_nobody_is_refused_with_its_reason(
    intake: Site, typed: str, detail: str
) -> None:
    """422 on the field, with what kind of number it is, and nothing stored."""
    problem = await (await intake.submit(KEY, phone=typed)).json()
    (error,) = problem["errors"]
    assert "phone" == error["field"]
    assert detail in error["detail"]
    assert [] == await intake.fetch("SELECT FROM submissions")
