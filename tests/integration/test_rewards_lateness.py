"""The two days at a glance: what waits for a phone is told beside what is unpaid."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.rewards.rules.causes import MANY_LOOKS
from shared.db import Database
from shared.web.session import statement_cookie
from tests.integration.rewards_desk import ANN, Desk, opened, token
from tests.integration.test_rewards_decisions import again, hear, verified
from tests.integration.test_rewards_refused_phones import bind, bound

SERVICE = "rewards"
NO_PHONE: dict[str, Any] = {"phone_sealed": None, "phone_index": None}
HTML = {"Accept": "text/html"}


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service, which knows one unit of the city."""
    async with opened(database) as running:
        yield running


async def shown(desk: Desk, language: str) -> str:
    """The page."""
    said = token(ANN)["Authorization"].removeprefix("Bearer ")
    headers = HTML | {"Accept-Language": language, "Cookie": f"{statement_cookie(False)}={said}"}
    async with desk.client.get("/lateness", headers=headers) as response:
        assert 200 == response.status
        return await response.text()


async def test_rewards_without_a_phone_are_counted(desk: Desk) -> None:
    """No two days run for them, and nobody would see them otherwise; what to do stands there."""
    assert 0 == (await desk.get("/api/v1/lateness"))[1]["waiting_for_phone"]
    assert "绑定" not in await shown(desk, "zh")
    waiting = [verified(**NO_PHONE) for _ in range(3)]
    async with desk.database.transaction() as conn:
        for event in waiting:
            await hear(conn, event)
        await hear(conn, verified(**NO_PHONE, unit_code="elsewhere"))
        await hear(conn, again(waiting[0], verdict="unsubstantiated"))
    _, listing = await desk.get("/api/v1/lateness")
    assert (2, []) == (listing["waiting_for_phone"], listing["rewards"])
    assert "2 件查实的投诉" in await shown(desk, "zh")
    assert "2 complaints found true" in await shown(desk, "en")
    async with desk.database.transaction() as conn:
        await bind(conn, bound(waiting[1].submission_id))
    _, listing = await desk.get("/api/v1/lateness")
    assert (1, 1) == (listing["waiting_for_phone"], len(listing["rewards"]))


async def test_a_number_whose_network_nobody_tells_is_told_of(desk: Desk) -> None:
    """Ready and asked about in vain: as under way at first, then as what it waits for."""
    async with desk.database.transaction() as conn:
        await hear(conn, verified())
    for asked, cause in ((MANY_LOOKS - 1, "under_way"), (MANY_LOOKS, "network")):
        async with desk.database.transaction() as conn:
            await conn.execute("UPDATE rewards SET asked = $1", asked)
        [late] = (await desk.get("/api/v1/lateness"))[1]["rewards"]
        assert ("ready", cause) == (late["state"], late["cause"])
    assert "尚未查到号码所属运营商" in await shown(desk, "zh")
    assert "The network of the number is not known yet" in await shown(desk, "en")
