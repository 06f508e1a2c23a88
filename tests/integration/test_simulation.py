"""The short form of `make simulate`: a month of thirty windows, and whether its recount sees."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deploy.local.keys import Keys
from deploy.local.postgres import Postgres
from deploy.simulate import play
from deploy.simulate.compare import Comparison
from deploy.simulate.play import Play, Played
from deploy.simulate.report import Report
from deploy.simulate.wiring import Home
from services.scoring.commands import recount_all
from shared import policy
from shared.db import Database
from shared.flows import SERVICES
from tests.conftest import ROOT, Clone

pytestmark = pytest.mark.timeout(600)
# A month with a holiday and the year's end in it, so that strikes begin anew.
MONTH = Play(31, date(2026, 12, 12), 30, 0.12, 7, ROOT / "deploy" / "policy.toml")


@pytest.fixture(scope="module")
async def urls(module_clone: Clone) -> dict[str, str]:
    """A database for each service."""
    return {name: await module_clone(name) for name in SERVICES}


@pytest.fixture(scope="module")
async def played(urls: dict[str, str], templates: Postgres) -> Played:
    """Played once for all that is asked of it."""
    homes = {name: Home(url, templates.url(url.rsplit("/", 1)[-1])) for name, url in urls.items()}
    return await play.run(MONTH, homes, Keys(), lambda _: None)


async def test_the_program_and_the_recount_agree(played: Played) -> None:
    """Every notice, point, strike, sanction, criticism, reward and rate is what the rules say."""
    assert [] == played.differences()


async def test_the_ledgers_are_what_scoring_recounts(played: Played, urls: dict[str, str]) -> None:
    """`mashang score recount` comes to the same by a third way."""
    assert played.held.rows["ledger"]
    database = await Database.connect(urls["scoring"], "scoring")
    async with database.transaction() as conn:
        told: list[str] = []
        done = await recount_all(conn, policy.load(MONTH.policy), told.append)
    await database.close()
    assert (True, []) == (done.verdicts > 0, told)


async def test_there_was_something_to_compare(played: Played) -> None:
    """A month has all of it."""
    rows = played.held.rows
    few = [name for name in rows if not rows[name]]
    assert [] == few
    assert 60 < len(rows["cases"])


async def test_a_lost_row_would_be_seen(played: Played) -> None:
    """Of each kind, one row less is one difference more, and it names whose it is."""
    unseen = []
    for name, key in (
        ("notices", "case_id"), ("criticisms", "case_id"), ("rewards", "case_id"),
        ("strikes", "badge"), ("balances", "unit_code"), ("ledger", "unit_code"),
        ("sanctions", "subject"), ("clearings", "badge"), ("messages", "case_id"),
    ):  # fmt: skip
        rows = played.held.rows[name]
        lost = replace(played.held, rows={**played.held.rows, name: rows[1:]})
        found = Comparison(played.log, played.book, lost).differences()
        if str(rows[0][key]) not in {one.whose for one in found}:
            unseen.append(name)
    assert [] == unseen


async def test_the_report_tells_of_it(played: Played, tmp_path: Path) -> None:
    """In both languages, with charts that need nothing but the file."""
    files = Report(MONTH, played, played.differences()).write(tmp_path)
    for file in files:
        page = file.read_text("utf-8")
        assert 3 == page.count("<svg")
        assert "<script" not in page
        assert "http" not in page
