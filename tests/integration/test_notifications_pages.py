"""The pages about SMS: what is shown of them, sending again by hand, and who wants no more."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer

from services.notifications.settings import Settings
from services.notifications.store import messages
from shared.db import Database
from shared.web.edge import make_app
from tests.integration.notifications_desk import SEED, add, make_service, make_settings
from tests.integration.notifications_parts import PHONE, rows
from tests.integration.staff_tab import Tab, somebody
from tests.vendors import SMS

SERVICE = "notifications"


@pytest.fixture
def settings() -> Settings:
    """As the environment would give them."""
    return make_settings()


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[TestClient[Any, Any]]:
    """The service as it is wired."""
    async with TestClient(TestServer(make_app(make_service(settings, database).house))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "empty", "state"),
    [("zh", "没有这样的短信", "没发成"), ("en", "No such SMS", "Failed")],
)
async def test_the_list_shows_states_and_masks_phones(
    client: TestClient[Any, Any], database: Database, settings: Settings, language: str,
    empty: str, state: str,
) -> None:  # fmt: skip
    """Empty it says so; then each with its state, and of its phone only the ends."""
    page = Tab(client, SEED, somebody("auditor"))
    await page.get(f"/messages?lang={language}")
    assert empty in page.text
    await add(database, settings, "failed")
    await page.get(f"/messages?state=failed&lang={language}")
    assert (True, True, False) == (
        state in page.text,
        "138****0088" in page.text,
        PHONE in page.text,
    )
    await page.get(f"/messages?state=held&lang={language}")
    assert empty in page.text


async def test_the_list_is_filtered_by_its_vendor(
    client: TestClient[Any, Any], database: Database, settings: Settings
) -> None:
    """Those in use can be chosen; what is chosen stays so, and another's SMS is not listed."""
    own = await add(database, settings, "failed")
    async with database.acquire() as conn:
        await conn.execute("INSERT INTO attempts VALUES ($1, 1, $2, now())", own, SMS.name)
        await conn.execute("UPDATE messages SET vendor = $2 WHERE message_id = $1", own, SMS.name)
    page = Tab(client, SEED, somebody("auditor"))
    assert 200 == await page.get(f"/messages?vendor={SMS.name}")
    shown = f'href="/messages/{own}"'
    assert (True, True) == (
        f'<option value="{SMS.name}" selected>' in page.text, shown in page.text
    )  # fmt: skip
    await page.get("/messages?vendor=elsewhere")
    assert shown not in page.text


async def test_pages_follow_one_another(
    client: TestClient[Any, Any], database: Database, settings: Settings
) -> None:
    """Sixty are two pages, each message on one of them, the newest first."""
    made = [await add(database, settings, "failed", minutes) for minutes in range(60)]
    page = Tab(client, SEED, somebody("auditor"))
    await page.get("/messages?state=failed")
    first = [str(one) for one in made if f'href="/messages/{one}"' in page.text]
    assert [str(one) for one in made[:50]] == first
    address = page.text.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    await page.get(address.replace("&amp;", "&"))
    assert 10 == sum(f'href="/messages/{one}"' in page.text for one in made[50:])


@pytest.mark.parametrize(
    ("state", "confirmed", "status"),
    [
        ("failed", False, 303), ("lost", False, 422), ("lost", True, 303),
        ("delivered", False, 422), ("delivered", True, 303), ("unknown", False, 422),
        ("queued", True, 409), ("accepted", True, 409), ("held", True, 409),
    ],
)  # fmt: skip
async def test_an_sms_is_sent_again_by_hand(
    client: TestClient[Any, Any], database: Database, settings: Settings, state: str,
    confirmed: bool, status: int,
) -> None:  # fmt: skip
    """What may have arrived only by who says that they know; what is under way not at all."""
    own = await add(database, settings, state)
    page = Tab(client, SEED, somebody("system_admin"))
    await page.get("/stops")
    fields = {"reason": "对方说没收到 13800000088"} | ({"confirmed": "1"} if confirmed else {})
    assert status == await page.send(f"/messages/{own}/resend", **fields)
    sent = await rows(database, "SELECT of.state, r.reason FROM resends r JOIN messages m USING"
                      " (message_id) JOIN messages of ON of.message_id = m.resend_of")  # fmt: skip
    wanted = [{"state": state, "reason": "对方说没收到 138****0088"}] if status == 303 else []
    assert wanted == sent
    if wanted:
        assert 409 == await again(client, own, fields)


async def again(client: TestClient[Any, Any], own: UUID, fields: dict[str, str]) -> int:
    """Somebody else sends it again, too."""
    page = Tab(client, SEED, somebody("system_admin", username="ben"))
    await page.get("/stops")
    return int(await page.send(f"/messages/{own}/resend", **fields))


async def test_without_a_reason_nothing_is_sent_again(
    client: TestClient[Any, Any], database: Database, settings: Settings
) -> None:
    """The form comes back and says what it lacks; an auditor is not shown it at all."""
    own = await add(database, settings, "failed")
    page = Tab(client, SEED, somebody("system_admin"))
    await page.get(f"/messages/{own}")
    assert 422 == await page.send(f"/messages/{own}/resend", reason=" ")
    assert 'id="reason-error"' in page.text
    reader = Tab(client, SEED, somebody("auditor"))
    await reader.get(f"/messages/{own}")
    assert f"/messages/{own}/resend" not in reader.text
    assert [] == await rows(database, "SELECT * FROM resends")


async def test_what_is_answered_is_not_asked_again(
    client: TestClient[Any, Any], database: Database, settings: Settings
) -> None:
    """A question that failed is offered to be sent again until the citizen has answered."""
    own = await add(database, settings, "failed")
    async with database.acquire() as conn:
        submission = await conn.fetchval(
            "UPDATE messages SET purpose = 'question', occasion = 2, expires_at = now()"
            " WHERE message_id = $1 RETURNING submission_id", own,
        )  # fmt: skip
    page = Tab(client, SEED, somebody("system_admin"))
    for revision, offered in ((1, True), (2, False)):
        async with database.transaction() as conn:
            await messages.mark_answered(conn, submission, revision)
        await page.get(f"/messages/{own}")
        assert offered == (f"/messages/{own}/resend" in page.text)
    await page.get("/stops")
    assert 409 == await page.send(f"/messages/{own}/resend", reason="对方说没收到")
    assert [] == await rows(database, "SELECT * FROM resends")


async def test_the_list_of_who_wants_no_more_has_no_numbers(
    client: TestClient[Any, Any], database: Database
) -> None:
    """Onto it and off it, each once and with a reason; off it nothing of the number is left."""
    page = Tab(client, SEED, somebody("system_admin"))
    await page.get("/stops")
    on = {"phone": "138 0000 0088", "stopped": "1", "reason": "来电要求"}
    off = {"phone": "13800000088", "reason": "本人要求恢复"}
    told = []
    for fields in (on, on, off, off, {"phone": "12", "reason": "x"}):
        await page.get("/stops")
        told.append(await page.send("/stops", **fields))
    assert [303, 409, 303, 409, 422] == told
    await page.get("/stops")
    assert ("来电要求" in page.text, PHONE in page.text) == (True, False)
    assert [] == await rows(database, "SELECT * FROM stops")
    assert PHONE not in str(await rows(database, "SELECT * FROM stop_changes"))
