"""Answers written once: kept by the city, filled with what is of the case."""

import re
from collections.abc import AsyncIterator

import pytest

from services.verification.casework.rules import templates
from shared.db import Database
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
PAGE = "/desk/templates"
SORRY = (("title", "致歉"), ("category", "inefficiency"), ("version", "0"),
         ("body", "您反映的{单位}{窗口}的事，{事项}我们查了。{ 编号 }"))  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def kept(bureau: Office, *fields: tuple[str, str]) -> Tab:
    """The city's browser after it has saved a template."""
    city = await tab(bureau, "city")
    assert 200 == await city.get(PAGE)
    assert 303 == await city.send(PAGE, *fields)
    assert 200 == await city.get(f"{PAGE}?done=kept")
    return city


async def test_a_template_is_filled_below_what_is_written(bureau: Office) -> None:
    """What has no value stays to be filled in; nothing of the answer is lost, nothing submitted."""
    await kept(bureau, *SORRY)
    case_id = await bureau.case(counter=2)
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    found = re.search(r'<option value="([0-9a-f-]{36})">致歉', desk.text)
    assert found
    fields = (
        ("revision", "0"),
        ("verdicts-answer", "您好。"),
        ("template", found[1]),
        ("use", "1"),
    )
    assert 303 == await desk.send(f"/desk/cases/{case_id}", *fields)
    await desk.get(f"/desk/cases/{case_id}?done=filled")
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    whole = f"您反映的寒冻派出所户籍室2 号窗口的事，{{事项}}我们查了。{case.json['number']}"
    said = f"您好。\n\n{whole}"
    assert f">\n{said}</textarea>" in desk.text
    assert 0 == case.json["revision"]


async def test_only_what_fits_and_is_in_use_is_offered(bureau: Office) -> None:
    """Not another category's, nor one out of use; where none fits, none is asked for."""
    city = await kept(bureau, *SORRY)
    case_id, other = await bureau.case(), await bureau.case(categories=("other",))
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{other}")
    assert 'name="template"' not in desk.text
    own = re.search(r"change=([0-9a-f-]{36})", city.text)
    assert own
    await city.get(f"{PAGE}?change={own[1]}")
    assert ">\n您反映的{单位}" in city.text
    retired = (*SORRY[:2], ("version", "1"), ("template_id", own[1]), SORRY[3], ("retired", "1"))
    assert 303 == await city.send(PAGE, *retired)
    await desk.get(f"/desk/cases/{case_id}")
    assert 'name="template"' not in desk.text


async def test_a_template_that_changed_meanwhile_is_not_overwritten(bureau: Office) -> None:
    """Who comes second reads the new one first, and keeps what they typed."""
    city = await kept(bureau, *SORRY)
    own = re.search(r"change=([0-9a-f-]{36})", city.text)
    assert own
    fields = (*SORRY[:2], ("version", "1"), ("template_id", own[1]))
    for text, status in (("第一个人的话", 303), ("第二个人的话", 409)):
        await city.get(f"{PAGE}?change={own[1]}")
        assert status == await city.send(PAGE, *fields, ("body", text))
    assert ">\n第二个人的话</textarea>" in city.text


@pytest.mark.parametrize(
    ("changed", "field"),
    [(("title", " "), "title"), (("body", "{姓名}"), "body"), (("category", "x"), "category")],
)
async def test_what_is_wrong_is_named(bureau: Office, changed: tuple[str, str], field: str) -> None:
    """A variable that nobody knows would be sent to a citizen as it is."""
    city = await tab(bureau, "city")
    await city.get(PAGE)
    sent = dict(SORRY) | dict([changed])
    assert 422 == await city.send(PAGE, *sent.items())
    assert f'href="#{field}"' in city.text


async def test_others_read_them(bureau: Office) -> None:
    """A unit sees all templates and no form; what it sends all the same is refused."""
    await kept(bureau, *SORRY)
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{await bureau.case()}")
    assert 403 == await desk.send(PAGE, *SORRY)
    assert 200 == await desk.get(PAGE)
    assert ("致歉" in desk.text, "<textarea" in desk.text) == (True, False)


def test_a_variable_is_written_in_either_language() -> None:
    """And what is none is found."""
    values = {"unit": "户籍室", "today": ""}
    assert "户籍室户籍室{today}{x}" == templates.fill("{单位}{unit}{today}{x}", values)
    assert ["x", ""] == templates.unknown("{单位} {x} {}")
