"""Whoever may look at money reads no citizen's number; a unit's officers read nothing of it."""

import re
from collections.abc import AsyncIterator
from typing import get_args

import pytest

from services.rewards.rules.payouts import Reward
from shared import access
from shared.access import Role
from shared.db import Database
from shared.web.endpoints import Endpoint
from tests.integration.rewards_desk import SEED, Desk, opened, token
from tests.integration.staff_tab import Tab, somebody

SERVICE = "rewards"
ROLES: tuple[Role, ...] = get_args(Role)
OUTSIDE = [role for role in ROLES if role not in access.REWARD_READERS]
MIDDLES = [f"138{n:04}4488" for n in range(12)]
MASKED = re.compile("[0-9+]*[*]+[0-9]*")
QUERIES = ("", "?state=held", "?state=paid", "?show=late", "?show=all")


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service with its approvers."""
    async with opened(database) as found:
        yield found


async def every_kind(desk: Desk) -> Reward:
    """Rewards in several states; the one that is looked at alone."""
    await desk.earn("leased", "paid")
    await desk.earn("leased", "lost")
    await desk.earn("leased", "rejected", "given_up")
    return await desk.held()


def gettable(desk: Desk) -> list[Endpoint]:
    """Every page and every answer of the service that a person of the house asks for."""
    return [
        one for one in desk.endpoints if one.method == "GET" and one.path != "/api/v1/statistics"
    ]


def told(text: str) -> set[str]:
    """What a page tells of numbers: whole ones, and whatever stands around asterisks."""
    whole = {number for number in MIDDLES if number[1:] in text or number[:-1] in text}
    return whole | set(MASKED.findall(text))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nobody_reads_a_number(desk: Desk, language: str) -> None:
    """Every page and answer, as each role: no number, and nothing of one behind its mask."""
    reward = await every_kind(desk)
    shown = set[str]()
    for role in ROLES:
        for endpoint in gettable(desk):
            path = endpoint.path.replace("{reward_id}", str(reward.id))
            if "{" in path:
                continue
            for query in QUERIES:
                text = await _asked(desk, endpoint, f"{path}{query}", role, language)
                assert told(text) <= {"138****4488"}, path
                shown |= {role} if told(text) else set()
    assert set(access.REWARD_READERS) == shown


async def _asked(desk: Desk, endpoint: Endpoint, address: str, role: Role, language: str) -> str:
    if endpoint.is_api:
        headers = token(role, role) | {"Accept-Language": language}
        async with desk.client.get(address, headers=headers) as response:
            return await response.text()
    tab = Tab(desk.client, SEED, somebody(role), language)
    await tab.get(address)
    return tab.text


@pytest.mark.parametrize("role", OUTSIDE)
async def test_others_read_nothing_of_money(desk: Desk, role: Role) -> None:
    """Units and counties, inspection and administrators: refused, not even a masked number."""
    reward = await every_kind(desk)
    for endpoint in gettable(desk):
        if "{" in (path := endpoint.path.replace("{reward_id}", str(reward.id))):
            continue
        assert set() == told(await _asked(desk, endpoint, path, role, "zh"))
