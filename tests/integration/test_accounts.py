"""The page of accounts: who may sign in, for the two administrators whose trade that is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest

from services.verification.signin.factors import Factors
from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import Office, import_all, office
from tests.integration.verification_tab import tab
from tests.support import at

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
    assert (True, False) == ("甲49<" in first.text, "甲50<" in first.text)
    second = await bureau.browse("security", "/desk/accounts?q=more&after=more049")
    assert (False, True, False) == (
        "甲49<" in second.text, "甲59<" in second.text, 'rel="next"' in second.text
    )  # fmt: skip


async def test_a_lost_factor_is_taken_away_by_security(bureau: Office) -> None:
    """Whoever had it is out at once; who only watches changes nothing, nor anybody their own."""
    token = await bureau.token("desk")
    async with bureau.database.transaction() as conn:
        factors = Factors(bureau.seal)
        secret = await factors.shown(conn, "desk")
        assert secret is not None
        await factors.enrol(conn, "desk", pyotp.TOTP(secret).at(clock.now()))
    watcher, keeper = await tab(bureau, "audit"), await tab(bureau, "security")
    assert 200 == await watcher.get("/desk/accounts/desk")
    assert "解除第二步验证" not in watcher.text
    assert 403 == await watcher.send("/desk/accounts/desk/factor")
    assert 200 == await keeper.get("/desk/accounts/desk")
    assert "值班员会退出所有登录" in keeper.text.replace("只在值班员本人", "")
    assert 303 == await keeper.send("/desk/accounts/desk/factor")
    await keeper.get("/desk/accounts/desk")
    assert "未绑定" in keeper.text
    headers = {"Authorization": f"Bearer {token}"}
    async with bureau.client.get("/api/v1/me", headers=headers) as response:
        assert 401 == response.status
    assert 403 == await keeper.send("/desk/accounts/security/factor")
    assert 404 == await keeper.get("/desk/accounts/nobody")


async def test_an_open_screen_changes_nobodys_account(bureau: Office) -> None:
    """Whoever finds it does not know the password; the page says where it is typed first."""
    keeper = await tab(bureau, "security")
    await bureau.token("desk")
    with at(clock.now() + timedelta(minutes=6)):
        await keeper.get("/desk/accounts/desk")
        assert "先确认是本人" in keeper.text
        assert 403 == await keeper.send("/desk/accounts/desk/sessions")
        await keeper.get("/desk/accounts/desk")
        assert "1 处登录" in keeper.text


async def test_security_signs_somebody_out_everywhere(bureau: Office) -> None:
    """All their sessions end; the second factor stays."""
    token, keeper = await bureau.token("desk"), await tab(bureau, "security")
    await keeper.get("/desk/accounts/desk")
    assert 303 == await keeper.send("/desk/accounts/desk/sessions")
    headers = {"Authorization": f"Bearer {token}"}
    async with bureau.client.get("/api/v1/me", headers=headers) as response:
        assert 401 == response.status
