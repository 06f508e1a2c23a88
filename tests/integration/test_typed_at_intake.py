"""What people type at the window, stored as what they meant: through the API and the form."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.db import Database
from tests.integration.intake_site import UNIT, Site, code, settings, site

SERVICE = "intake"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with its unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def told(intake: Site) -> list[dict[str, Any]]:
    """The data of what intake told the other services, in order."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = 'submission.received.v1'")
    return [json.loads(row["body"])["data"] for row in rows]


def opened(event: dict[str, Any], what: str) -> str:
    """A sealed field of an event."""
    return settings().seal.open(event[f"{what}_sealed"], f"{what}:{event['submission_id']}")


async def test_a_phone_in_mixed_digits_is_the_same_phone(intake: Site) -> None:
    """One number and one index for caps and holds, whatever digits; a vendor can read it."""
    spellings = ["13977770100", "139７７７７0100", "１３９７７７７０１００", "+86 139-7777-٠١٠٠"]
    for number, typed in enumerate(spellings):
        assert 201 == (await intake.submit(f"mixed-digits-{number:08}", phone=typed)).status
    events = await told(intake)
    assert ["+8613977770100"] * 4 == [opened(event, "phone") for event in events]
    assert 1 == len({event["phone_index"] for event in events})


async def test_a_badge_in_every_spelling_names_the_same_officer(intake: Site) -> None:
    """What the others are told is the form by which badges are compared."""
    spellings = [
        "170004",
        "170-004",
        "0170004",
        "警号：１７０００４",
        "170004－",
        "No. 170 004",
        "170004号",
    ]
    for number, typed in enumerate(spellings):
        answer = await intake.submit(f"spelt-badges-{number:08}", officer_badge=typed)
        assert 201 == answer.status
    assert {"170004"} == {event["officer_badge"] for event in await told(intake)}


@pytest.mark.parametrize("typed", ["170004/170005", "张三", "170004和170005"])
async def test_more_or_other_than_one_badge_is_told(intake: Site, typed: str) -> None:
    """Refused on its field with where else it can be written; never made into another number."""
    answer = await intake.submit("not-one-badge-0001", officer_badge=typed)
    (error,) = (await answer.json())["errors"]
    assert (422, "officer_badge") == (answer.status, error["field"])
    assert "经过" in error["detail"]


async def test_control_characters_in_a_form_are_line_breaks_or_nothing(intake: Site) -> None:
    """Pasted from Word or a PDF: taken in, no advice to shorten it."""
    sent = await intake.client.post(
        f"/w/{code()}/complaint",
        data={"words": "第一行\x0b第二行\x0c三\r四\x00\x08\x1b\u202e五", "kind": "complaint"},
        headers=HTML,
        allow_redirects=False,
    )
    assert 303 == sent.status
    (event,) = await told(intake)
    assert "第一行\n第二行\n三\n四五" == opened(event, "words")


@pytest.mark.parametrize("words", ["身份证 丢了，明天 考试", "身份証丟了", "明\u200b天\n考　試"])
async def test_urgent_words_page_the_duty_operator_in_any_spelling(
    intake: Site, words: str
) -> None:
    """Spaces, line breaks and traditional characters hide nothing."""
    sent = await intake.submit(
        "urgent-words-0001", kind="request", words=words, categories=None, satisfaction=None
    )
    assert (201, [True]) == (sent.status, [event["urgent"] for event in await told(intake)])


async def test_a_pasted_link_is_a_code(intake: Site) -> None:
    """A program that hands on what it was given need not take the code out of it."""
    pasted = f"【驻马店公安】请评价 HTTPS://X.EXAMPLE/W/{code(counter=3)}。谢谢您"
    assert 201 == (await intake.submit("pasted-links-0001", code=pasted)).status
    assert [(UNIT, 3)] == [(e["unit_code"], e["counter"]) for e in await told(intake)]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("ru-RU,ru;q=0.9,en-GB;q=0.8,zh;q=0.1", "en"), ("fr-FR,fr;q=0.9,en;q=0.8", "en"),
     ("zh-TW,zh;q=0.9", "zh-CN"), ("en;q=0,*", "zh-CN"), ("zh;q=0,*", "en"), (";;q=", "zh-CN")],
)  # fmt: skip
async def test_the_page_speaks_what_the_browser_wants_most(
    intake: Site, accepted: str, language: str
) -> None:
    """By weight, not by the first two letters."""
    page = await intake.client.get(f"/w/{code()}", headers=HTML | {"Accept-Language": accepted})
    assert language == page.headers["Content-Language"]
