"""Work for a share of one's own: asked of browsers while somebody presses, and of nobody else."""

import re
from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.intake_holder import hidden
from tests.integration.intake_site import Site, code, site
from tests.integration.test_intake_held import BEHIND, RULE, flood, told
from tests.unit.test_puzzles import solve

SERVICE = "intake"
PRESSED = "203.0.113.7"
PLACE = f"/w/{code()}/complaint"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Behind a proxy that says who asks."""
    async with site(database, **BEHIND) as opened:
        await opened.add_unit()
        yield opened


async def shown(intake: Site, path: str = PLACE, address: str = PRESSED) -> tuple[str, str]:
    """The repeat key of the form in a fresh browser, and its puzzle if there is one."""
    intake.client.session.cookie_jar.clear()
    headers = {"Accept": "text/html", "X-Forwarded-For": address}
    async with intake.client.get(path, headers=headers) as answer:
        page = await answer.text()
    found = re.search('data-puzzle="([^"]+)"', page)
    return hidden(page), found[1] if found else ""


async def complain(intake: Site, key: str, proof: str, words: str = "没有人") -> str | None:
    """Send the form; why it is held."""
    fields = {"kind": "complaint", "words": words, "key": key, "proof": proof}
    async with intake.client.post(
        PLACE, data={name: value for name, value in fields.items() if value},
        headers={"X-Forwarded-For": PRESSED, "Accept": "text/html"}, allow_redirects=False,
    ) as answer:  # fmt: skip
        assert 303 == answer.status
    held: str | None = (await told(intake))[-1]["held"]
    return held


async def test_nobody_works_while_nobody_presses(intake: Site) -> None:
    """Below half of every share no page has a puzzle, nor anything to solve it with."""
    await flood(intake, PRESSED, RULE.limits.address_hour // 2 - 1)
    for path in (PLACE, f"/w/{code()}", f"/w/{code()}/request"):
        assert "" == (await shown(intake, path))[1]


async def test_only_who_is_pressed_works(intake: Site) -> None:
    """The neighbours of a flood; another network at the same window does not."""
    await flood(intake, PRESSED, RULE.limits.address_hour // 2)
    assert f"{RULE.limits.puzzle_bits}." == (await shown(intake))[1][:3]
    assert "" == (await shown(intake, address="198.51.100.7"))[1]


async def test_the_puzzle_is_harder_under_a_larger_flood(intake: Site) -> None:
    """Twice as much for twice as many."""
    await flood(intake, PRESSED, 2 * RULE.limits.address_hour)
    assert f"{RULE.limits.puzzle_bits + 2}." == (await shown(intake))[1][:3]


async def test_whoever_worked_is_not_held(intake: Site) -> None:
    """Beside a flood that used up the network's share; without work it waits, and is taken in."""
    await flood(intake, PRESSED, RULE.limits.address_hour)
    key, puzzle = await shown(intake)
    assert await complain(intake, key, solve(puzzle)) is None
    for proof in ("", "x", puzzle, puzzle + ".0x"):
        key, _ = await shown(intake)
        assert "address" == await complain(intake, key, proof)


async def test_a_solution_is_for_one_submission(intake: Site) -> None:
    """Replayed with another one it counts for nothing; replayed with its own that is a repeat."""
    await flood(intake, PRESSED, RULE.limits.address_hour)
    key, puzzle = await shown(intake)
    proof = solve(puzzle)
    for _ in range(2):
        assert await complain(intake, key, proof) is None
    other, _ = await shown(intake)
    assert other != key
    assert "address" == await complain(intake, other, proof)
    assert 4 == len(await told(intake))


async def test_a_form_that_is_shown_again_asks_again(intake: Site) -> None:
    """After a mistake, under the same key, so that a solution of before still counts."""
    await flood(intake, PRESSED, RULE.limits.address_hour)
    key, puzzle = await shown(intake)
    async with intake.client.post(
        PLACE, data={"kind": "complaint", "key": key, "proof": "x"},
        headers={"X-Forwarded-For": PRESSED, "Accept": "text/html"},
    ) as answer:  # fmt: skip
        page = await answer.text()
        assert (422, key) == (answer.status, hidden(page))
    assert "data-puzzle" in page
    assert await complain(intake, key, solve(puzzle)) is None
