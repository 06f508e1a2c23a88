"""What happened to accounts: told to their owners, and to whoever watches their keepers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from services.verification import jobs
from services.verification.directory import commands as directory
from services.verification.directory import saving
from services.verification.directory.saving import By
from services.verification.directory.store import operators
from services.verification.signin.attempts import Caller
from services.verification.signin.store import events
from services.verification.signin.store.events import NEWEST, AccountEvent
from shared import policy
from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import PASSWORD, Office
from tests.integration.verification_sign_in import ADA, with_ada
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
LOG = "/desk/accounts-log"
FIREFOX = "Mozilla/5.0 Firefox/140.0"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with with_ada(database) as opened:
        yield opened


async def told(bureau: Office, username: str = "ada") -> list[AccountEvent]:
    """What happened to an account, oldest first."""
    async with bureau.database.acquire() as conn:
        found = await events.list_events(conn, NEWEST, 100, username=username)
    return [one for one in found[::-1] if one.kind != "added"]


async def kinds(bureau: Office, username: str = "ada") -> list[str]:
    """The same in words."""
    return [one.kind for one in await told(bureau, username)]


async def sign_in(bureau: Office, password: str, username: str = "ada") -> Tab:
    """By the form, as a browser does."""
    headers = {"Origin": bureau.origin, "User-Agent": FIREFOX, "Accept": "text/html"}
    form = {"username": username, "password": password}
    async with bureau.client.post(
        "/desk/sign-in", data=form, headers=headers, allow_redirects=False
    ) as response:
        found = response.cookies.get("mashang")
        return Tab(bureau, found.value if found else "")


async def test_signing_in_and_out_is_told(bureau: Office) -> None:
    """A wrong password, the right one, and the end; from which network, in which browser."""
    await sign_in(bureau, "not the password")
    opened = await sign_in(bureau, PASSWORD)
    await opened.get("/desk/sign-out")
    assert 303 == await opened.send("/desk/sign-out")
    assert ["refused", "signed_in", "signed_out"] == await kinds(bureau)
    first = (await told(bureau))[0]
    assert ("", FIREFOX, "127.0.0.0/24") == (first.done_by, first.agent, first.network)


async def test_a_name_that_nobody_has_is_not_told(bureau: Office) -> None:
    """Somebody may have typed their password into that field."""
    await sign_in(bureau, PASSWORD, PASSWORD)
    async with bureau.database.acquire() as conn:
        assert [] == await events.list_events(conn, NEWEST, 9, kind="refused")


async def test_what_one_does_to_ones_own_account_is_told_there(bureau: Office) -> None:
    """A password once more, a wrong one, a new one; the owner reads it on their own page."""
    opened = await sign_in(bureau, PASSWORD)
    await opened.get("/desk/confirm")
    assert 422 == await opened.send("/desk/confirm", ("password", "wrong password!"))
    assert 303 == await opened.send("/desk/confirm", ("password", PASSWORD))
    changing = [("old", PASSWORD), ("new", "battery staple correct")]
    await opened.get("/desk/account")
    assert 303 == await opened.send("/desk/account/password", *changing)
    await opened.get("/desk/account")
    assert 303 == await opened.send("/desk/account/sessions", ("place", ""))
    done = ["signed_in", "confirm_refused", "confirmed", "password_changed", "ended"]
    assert done == await kinds(bureau)
    await opened.get("/desk/account")
    for said in ("改了密码", "确认本人时密码不对", "127.0.0.0/24"):
        assert said in opened.text, said


async def test_what_a_keeper_does_is_told_with_their_name(bureau: Office) -> None:
    """Both to the owner and to audit."""
    keeper = await tab(bureau, "security")
    for act in ("factor", "sessions"):
        await keeper.get("/desk/accounts/ada")
        assert 303 == await keeper.send(f"/desk/accounts/ada/{act}")
    assert [("factor_reset", "security"), ("ended", "security")] == [
        (one.kind, one.done_by) for one in await told(bureau)
    ]
    owner, watcher = await tab(bureau, "ada"), await tab(bureau, "audit")
    await owner.get("/desk/account")
    await watcher.get(f"{LOG}?username=ada")
    for seen in (owner.text, watcher.text):
        assert ("第二因素被取消" in seen, "security" in seen) == (True, True)


async def test_what_the_directory_changes_is_told(bureau: Office) -> None:
    """Role and place, being disabled and enabled, a password by the command line; a name is not."""
    async with bureau.database.transaction() as conn:
        was = await operators.get_operator(conn, "ada")
        assert was is not None
        called = replace(was, name="阿大", version=was.version + 1)
        await saving.save_operator(conn, was, replace(was, name="阿大"), By("security"))
        moved = replace(called, role="county_supervisor", scope="ZY")
        await saving.save_operator(conn, called, moved, By("security"))
        assert await directory.disable_operator(conn, "ada")
        assert await directory.set_operator(conn, ADA, PASSWORD) is None
    assert [
        ("changed", "security"), ("disabled", "#"), ("enabled", "#"), ("changed", "#"),
        ("password_set", "#"),
    ] == [(one.kind, one.done_by) for one in await told(bureau)]  # fmt: skip
    page = await bureau.browse("audit", f"{LOG}?username=ada")
    assert ("账号停用" in page.text, "命令行" in page.text) == (True, True)


async def test_only_audit_reads_everybodys(bureau: Office) -> None:
    """Neither the keepers themselves nor anybody above; the page of accounts leads there."""
    for who in ("security", "admin", "city", "auditor", "inspector", "desk"):
        assert 403 == (await bureau.browse(who, LOG)).status, who
    assert 200 == (await bureau.browse("audit", LOG)).status
    linked = [
        LOG in (await bureau.browse(who, "/desk/accounts")).text for who in ("audit", "security")
    ]
    assert [True, False] == linked
    assert "没有这样的记录" in (await bureau.browse("audit", f"{LOG}?kind=recovered")).text


async def test_the_log_is_leafed_through_and_narrowed(bureau: Office) -> None:
    """Fifty a page, the newest first; of an account or a kind; what is none is told."""
    async with bureau.database.transaction() as conn:
        for n in range(60):
            await events.add(conn, "ada", "signed_in", Caller("10.1.2.3", agent=f"browser {n:02}"))
        await events.add(conn, "desk", "recovered", Caller("2001:db8:1:2::/64"))
    first = await bureau.browse("audit", LOG)
    assert (True, True, False) == (
        "2001:db8:1::/48" in first.text, "browser 59" in first.text, "browser 10" in first.text
    )  # fmt: skip
    before = (await told(bureau))[11].event_id
    second = await bureau.browse("audit", f"{LOG}?before={before}")
    assert (True, False) == ("browser 10" in second.text, "browser 11" in second.text)
    narrow = await bureau.browse("audit", f"{LOG}?kind=recovered")
    assert (True, False) == ("值班员" in narrow.text, "browser" in narrow.text)
    for nowhere in ("before=-1", "before=x", f"before={'9' * 40}", "kind=x"):
        assert 422 == (await bureau.browse("audit", f"{LOG}?{nowhere}")).status, nowhere


async def test_what_is_old_is_forgotten_and_nothing_else(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """After the policy's time; before half a year is over not even the owner of the table may."""
    policies = policy.load(bureau.settings.policy_file)
    kept = policies.at(clock.now()).privacy.account_days
    async with bureau.database.acquire() as conn:
        await events.add(conn, "ada", "signed_in")
        told = await conn.fetchval("SELECT count(*) FROM account_events")
    gone = []
    for days in (kept - 1, kept + 1):
        await owner.execute("UPDATE simulation_clock SET moved = $1", timedelta(days=days))
        gone.append(await jobs.forget_account_events(bureau.database, policies))
    assert [0, told] == gone
    async with bureau.database.acquire() as conn:
        await events.add(conn, "ada", "signed_in")
    for refused in ("DELETE FROM account_events", "UPDATE account_events SET done_by = 'ada'"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner.execute(refused)
