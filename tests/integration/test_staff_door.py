"""Operators as the other services know them: by statement and by event, the newer one counts."""

import random
from datetime import timedelta

import pytest

from shared import staff, statements
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Unauthenticated
from shared.events import OperatorChanged
from shared.values import clock
from shared.web.session import StatementDoor, statement_cookie
from tests.support import at

SERVICE = "scoring"
SEED = b"s" * 32
NAME = statement_cookie(True)
LI = Operator("li", "李", "city_supervisor", "root", "A-1")


def told(version: int, *, role: str = "auditor", active: bool = True) -> OperatorChanged:
    """What an event says of Li."""
    return OperatorChanged.model_validate(
        {"username": "li", "name": f"李 {version}", "role": role, "scope": "north", "badge": None,
         "active": active, "version": version}
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
async def test_the_newest_version_wins_in_any_order(conn: Connection, seed: int) -> None:
    """However the events arrive, and however often, also with another operator's in between."""
    assert await staff.get(conn, "li") is None
    chance = random.Random(seed)
    versions = [chance.randint(1, 20) for _ in range(12)]
    for version in versions:
        await staff.on_operator_changed(conn, told(version, active=version % 2 == 0))
        other = told(version).model_copy(update={"username": "wu"})
        await staff.on_operator_changed(conn, other)
    newest = max(versions)
    known, other_known = await staff.get(conn, "li"), await staff.get(conn, "wu")
    assert known is not None
    assert (newest, f"李 {newest}", newest % 2 == 0) == (
        known.version, known.operator.name, known.active,
    )  # fmt: skip
    assert other_known is not None
    assert (newest, True) == (other_known.version, other_known.active)


@pytest.fixture
def door(database: Database) -> StatementDoor:
    """The door of a service without sessions."""
    key = statements.public_key(SEED)
    return StatementDoor(database, [key], "https://desk.example", "https://here.example", True)


async def hear(door: StatementDoor, event: OperatorChanged) -> None:
    """The event arrives."""
    async with door.database.transaction() as conn:
        await staff.on_operator_changed(conn, event)


async def test_a_statement_opens_by_cookie_and_by_bearer(door: StatementDoor) -> None:
    """Also for somebody of whom no event has come yet."""
    token = statements.issue(LI, SEED, version=3, session="here")
    for visitor in (await door.by_bearer(token), await door.by_cookie({NAME: token, "x": "y"})):
        assert (LI, 3, "here") == (visitor.operator, visitor.version, visitor.session)


@pytest.mark.parametrize(
    ("heard", "said", "role"), [(2, 3, "city_supervisor"), (3, 3, "auditor"), (4, 3, "auditor")]
)
async def test_the_newer_of_the_two_counts(
    door: StatementDoor, heard: int, said: int, role: str
) -> None:
    """A late event does not take a new role away; a late statement does not give an old one."""
    await hear(door, told(heard))
    visitor = await door.by_bearer(statements.issue(LI, SEED, version=said))
    assert role == visitor.operator.role


@pytest.mark.parametrize(("heard", "inside"), [(2, True), (3, False), (4, False)])
async def test_who_was_disabled_is_out(door: StatementDoor, heard: int, inside: bool) -> None:
    """As soon as it is heard, but for somebody who was let in again since."""
    await hear(door, told(heard, active=False))
    token = statements.issue(LI, SEED, version=3)
    if inside:
        assert "li" == (await door.by_bearer(token)).operator.username
    else:
        with pytest.raises(Unauthenticated, match="session_ended"):
            await door.by_bearer(token)


@pytest.mark.parametrize(
    "cookies",
    [{}, {NAME: ""}, {NAME: "x"}, {statement_cookie(False): "x"}, {NAME: "a.b.c"}, {NAME: "\xff"}],
)
async def test_without_a_statement_nobody_comes_in(
    door: StatementDoor, cookies: dict[str, str]
) -> None:
    """No cookie, an empty one, one of plain HTTP, or one that is no statement."""
    with pytest.raises(Unauthenticated):
        await door.by_cookie(cookies)


async def test_an_old_statement_leads_to_the_desk_and_back(door: StatementDoor) -> None:
    """The address to come back to is whole, whatever stands in it; the desk alone renews."""
    token = statements.issue(LI, SEED)
    with at(clock.now() + timedelta(seconds=61)), pytest.raises(Unauthenticated, match="expired"):
        await door.by_bearer(token)
    back = door.sign_in("/scores?after=a&b=1#é\r\nX: y")
    assert "https://desk.example/desk/renew?next=https%3A%2F%2Fhere.example%2Fscores" in back
    assert "%0D%0AX" in back
    assert back.isascii()
    assert () == await door.renewed(await door.by_bearer(token), {})
