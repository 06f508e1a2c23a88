"""Rows of the inbox: each says what its case is about, who works on it, and what comes next."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest

from shared.db import Database
from tests.integration.verification_office import UNIT, Office, office
from tests.support import at

SERVICE = "verification"
MORNING = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


def cells(page: str, case_id: UUID) -> dict[str, str]:
    """What a case's row says, by column."""
    row = re.search(rf'<tr data-case="{case_id}">.*?</tr>', page, re.DOTALL)
    assert row
    shown = re.sub(r"<span[^>]* hidden>.*?</td>", "</td>", row[0])
    found = re.findall(r'<td class="([\w-]+)">(.*?)</td>', shown, re.DOTALL)
    return {name: unescape(re.sub(r"<.*?>", "", told)).strip() for name, told in found}


async def row(bureau: Office, who: str, case_id: UUID, asked: str = "") -> dict[str, str]:
    """The same, as somebody sees it now."""
    return cells((await bureau.browse(who, f"/desk{asked}")).text, case_id)


async def test_a_row_says_what_it_is_about(bureau: Office) -> None:
    """First words on one line, category, masked phone, unit, what comes next, by whom."""
    with at(MORNING):
        case_id = await bureau.case(words="窗口没有人\n等了一小时" + "，还是没人来" * 40,
                                    categories=("nobody_at_window", "inefficiency"))  # fmt: skip
        told = await row(bureau, "county", case_id)
    assert "窗口没有人 等了一小时，还是没人来" == told["w"][:17]
    assert len(told["w"]) <= 80
    assert ("无人在岗", "138****8000", "寒冻派出所户籍室") == (
        told["cat"],
        told["tel"],
        told["unit"],
    )
    assert ("回访 第 1 次", "还没人办", "今天 24:00") == (
        told["next"],
        told["who-c"],
        told["due"],
    )


async def test_a_bare_rating_says_so(bureau: Office) -> None:
    """Without words, phone and category the rating itself is what there is to say."""
    case_id = await bureau.case(kind="rating", words=None, phone=None, categories=(),
                                satisfaction=2)  # fmt: skip
    told = await row(bureau, "county", case_id)
    assert ("评价 2 分", "（没有留言）", "未留电话", "核查") == (
        told["cat"], told["w"], told["tel"], told["next"],
    )  # fmt: skip


async def test_a_row_follows_what_is_done(bureau: Office) -> None:
    """After a call: by whom, and when the next one counts; then the check; then nothing."""
    with at(MORNING):
        case_id = await bureau.case()
        await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "busy"})
        told = await row(bureau, "county", case_id)
        assert ("回访 09:30 后", "县督导") == (told["next"], told["who-c"][-3:])
    with at(MORNING + timedelta(minutes=31)):
        assert "回访 第 2 次" == (await row(bureau, "county", case_id))["next"]
        assert "核查" == (await row(bureau, "desk", case_id))["next"]
        await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "reached"})
        assert "核查" == (await row(bureau, "county", case_id))["next"]
        await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
        told = await row(bureau, "county", case_id, "?step=review")
        assert ("复核", "值班员") == (told["next"], told["who-c"][-3:])


async def test_words_that_nobody_can_open_break_no_list(bureau: Office) -> None:
    """A row whose words lie under a lost key is empty; the others are there."""
    lost, other = await bureau.case(), await bureau.case(words="别的事")
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET words_sealed = 'k0.AAAA' WHERE case_id = $1", lost)
    assert "（没有留言）" == (await row(bureau, "county", lost))["w"]
    assert "别的事" == (await row(bureau, "county", other))["w"]


@pytest.mark.parametrize(
    ("asked", "title", "next_thing"),
    [
        ("", "手上的办件都办完了", "/desk?state=verified"),
        ("?due=late", "没有超期的办件。", "/desk?due=today"),
        ("?step=call", "没有符合条件的办件。", "/desk"),
        ("?number=26-000009", "您的辖区内没有这件办件。", "/desk"),
    ],
)
async def test_an_empty_list_names_the_next_thing(
    bureau: Office, asked: str, title: str, next_thing: str
) -> None:
    """Nothing here is said in words, with where to go on."""
    page = await bureau.browse("desk", f"/desk{asked}")
    assert f"<h2>{title}</h2>" in page.text
    assert f'class="btn second" href="{next_thing}"' in page.text


@pytest.mark.parametrize(
    ("asked", "current"),
    [
        ("", "/desk"), ("?due=late", "/desk?due=late"), ("?urgent=1", "/desk?urgent=1"),
        ("?step=review", "/desk?step=review"), ("?state=all", "/desk?state=all"),
        ("?due=late&step=call", None), (f"?unit={UNIT}", None), ("?number=26-000001", None),
    ],
)  # fmt: skip
async def test_the_rail_says_where_one_is(bureau: Office, asked: str, current: str | None) -> None:
    """The present view is marked; any other choice of cases is none of them."""
    page = await bureau.browse("county", f"/desk{asked}")
    marked = re.findall(r'<a href="([^"]+)"[^>]* aria-current="page">', page.text)
    assert [current] * bool(current) == marked


async def test_filters_stay_as_chosen(bureau: Office) -> None:
    """Category and step narrow the list, and stand in the form afterwards."""
    one = await bureau.case(categories=("cold_attitude",))
    other = await bureau.case(categories=("inefficiency",))
    page = await bureau.browse("county", "/desk?category=cold_attitude&step=check&urgent=")
    assert (True, False) == (
        f'data-case="{one}"' in page.text,
        f'data-case="{other}"' in page.text,
    )
    assert '<option value="cold_attitude" selected>' in page.text
    assert '<option value="check" selected>' in page.text


async def test_the_list_is_narrowed_to_who_works_on_it(bureau: Office) -> None:
    """My own, nobody's, a colleague's; the choice stands in the filter and may be saved."""
    own, free, theirs = [await bureau.case() for _ in range(3)]
    async with bureau.database.acquire() as conn:
        for case_id, lead in ((own, "county"), (theirs, "county2")):
            await conn.execute("UPDATE cases SET lead = $2 WHERE case_id = $1", case_id, lead)
    for who, wanted in (("@me", own), ("@nobody", free), ("county2", theirs), ("desk", None)):
        page = (await bureau.browse("county", f"/desk?who={who.replace('@', '%40')}")).text
        found = [f'data-case="{one}"' in page for one in (own, free, theirs)]
        assert [wanted == one for one in (own, free, theirs)] == found, who
        assert re.search(rf'<option[^>]*(?:value="{who}"| )[^>]*selected', page), who
        assert 'name="asked" value="who=' in page, who
    names = (await bureau.browse("county", f"/desk?unit={UNIT}")).text
    assert '<option value="desk">值班员</option>' in names


async def test_what_can_be_given_or_answered_can_be_ticked(bureau: Office) -> None:
    """A unit may answer together, those above also assign; who only reads has nothing to tick."""
    case_id = await bureau.case()
    pages = {who: (await bureau.browse(who, "/desk")).text for who in ("desk", "county", "auditor")}
    box = f'name="ids" value="{case_id}"'
    assert [True, True, False] == [box in pages[who] for who in pages]
    given = 'formaction="/desk/bulk/assign"'
    assert [False, True, False] == [given in pages[who] for who in pages]
    assert [True, True, False] == ['action="/desk/bulk/answer"' in pages[who] for who in pages]
    done = await bureau.judge("county", case_id, verdict="helped", attribution="none")
    assert 201 == done.status
    await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "reached"})
    assert box not in (await bureau.browse("county", "/desk?state=all")).text
