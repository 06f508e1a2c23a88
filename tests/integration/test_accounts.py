"""The page of accounts: who may sign in, for the two administrators whose trade that is."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.verification_office import Office, import_all, office

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The bureau, open for business."""
    async with office(database) as opened:
        yield opened


async def test_who_keeps_accounts_lands_on_them(bureau: Office) -> None:
    """Security and audit see every account and where it is used; nobody else opens the page."""
    await bureau.token("desk")
    for who in ("security", "audit"):
        page = await bureau.browse(who, "/")
        assert (303, "/desk/accounts") == (page.status, page.json)
        shown = await bureau.browse(who, "/desk/accounts")
        assert 200 == shown.status
        for said in ("值班员", "窗口操作员", "寒冻派出所户籍室", "1 处登录", "未设密码"):
            assert said in shown.text, said
    for who in ("city", "auditor", "admin", "inspector"):
        assert 403 == (await bureau.browse(who, "/desk/accounts")).status


async def test_an_account_is_found_by_name_or_username(bureau: Office) -> None:
    """A part of either will do; where nothing fits, the page says so."""
    for said in ("neighb", "邻所"):
        page = await bureau.browse("security", f"/desk/accounts?q={said}")
        assert (True, False) == ("邻所" in page.text, "值班员" in page.text)
    page = await bureau.browse("security", "/desk/accounts?q=nobody")
    assert "没有符合条件的账号" in page.text


async def test_more_accounts_than_a_page_holds(bureau: Office) -> None:
    """The next page begins where this one ends."""
    rows = "".join(f"more{n:03},甲{n},auditor,ZMD,\n" for n in range(60))
    await import_all(bureau.database, f"username,name,role,scope,badge\n{rows}")
    first = await bureau.browse("security", "/desk/accounts?q=more")
    assert (True, False) == ("more049" in first.text, "more050" in first.text)
    second = await bureau.browse("security", "/desk/accounts?q=more&after=more049")
    assert (False, True, False) == (
        "more049" in second.text, "more059" in second.text, 'rel="next"' in second.text
    )  # fmt: skip
