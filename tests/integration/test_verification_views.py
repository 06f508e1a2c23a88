"""Saved views: a choice of cases that has a name, for whoever gave it."""

import re
from collections.abc import AsyncIterator

import pytest

from services.verification.casework.pages import saved
from shared.db import Database
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
ASKED = "step=call&category=inefficiency"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def save(browser: Tab, title: str, asked: str = ASKED) -> int:
    """Send the form of a list."""
    await browser.get(f"/desk?{asked}")
    return await browser.send("/desk/views", ("title", title), ("asked", asked))


async def rail(bureau: Office, who: str, asked: str = "") -> list[tuple[str, bool]]:
    """The saved views that somebody sees, and which is open."""
    page = await bureau.browse(who, f"/desk{asked}")
    own = page.text.partition("保存的视图")[2].partition("</nav>")[0]
    found = re.findall(r'<a href="[^"]+"([^>]*)>.*?</svg>(.*?)</a>', own)
    return [(title, "aria-current" in more) for more, title in found]


async def test_a_view_is_saved_found_again_and_forgotten(bureau: Office) -> None:
    """It stands beside the list, shows the same cases, and is nobody else's."""
    one, other = await bureau.case(), await bureau.case(categories=("cold_attitude",))
    county = await tab(bureau, "county")
    assert 303 == await save(county, "  午间 效率 ")
    assert [("午间 效率", True)] == await rail(bureau, "county", f"?{ASKED}")
    assert [("午间 效率", False)] == await rail(bureau, "county")
    assert [] == await rail(bureau, "county2")
    page = await bureau.browse("county", f"/desk?{ASKED}&done=view")
    assert ("已保存" in page.text, f'data-case="{one}"' in page.text) == (True, True)
    assert f'data-case="{other}"' not in page.text
    await county.get(f"/desk?{ASKED}")
    assert 303 == await county.send("/desk/views/removal", ("title", "午间 效率"))
    assert [] == await rail(bureau, "county")


async def test_a_title_is_given_anew(bureau: Office) -> None:
    """The newest choice counts."""
    county = await tab(bureau, "county")
    await save(county, "我的")
    await save(county, "我的", "due=late&step=check")
    assert [("我的", True)] == await rail(bureau, "county", "?due=late&step=check")


@pytest.mark.parametrize(
    ("title", "asked", "told"),
    [
        ("　", ASKED, "请给视图起个名字。"), ("长" * 41, ASKED, "长" * 41),
        ("空的", "", "这里没有选任何条件。"), ("乱的", "step=nonsense&x=1", "这里没有选任何条件。"),
    ],
)  # fmt: skip
async def test_what_cannot_be_saved_is_kept(
    bureau: Office, title: str, asked: str, told: str
) -> None:
    """Why is said above the form, in which the name still stands."""
    county = await tab(bureau, "county")
    await county.get("/desk")
    assert 422 == await county.send("/desk/views", ("title", title), ("asked", asked))
    assert ('role="alert"' in county.text, told in county.text) == (True, True)
    assert f'value="{title}"' in county.text
    assert [] == await rail(bureau, "county")


async def test_there_is_an_end_of_them(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the last place another title is refused, and one of these may be changed."""
    monkeypatch.setattr(saved, "MOST", 2)
    county = await tab(bureau, "county")
    assert [303, 303, 422, 303] == [await save(county, title) for title in "甲乙丙乙"]


async def test_who_only_looks_saves_nothing(bureau: Office) -> None:
    """An auditor sees the filtered list without the form."""
    page = await bureau.browse("auditor", f"/desk?{ASKED}")
    assert (200, False) == (page.status, "/desk/views" in page.text)
