"""The short form of `make simulate`: a month of thirty windows, and whether its recount sees."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deploy.local.keys import Keys
from deploy.local.postgres import Postgres
from deploy.simulate import play
from deploy.simulate.compare import Comparison
from deploy.simulate.facts import Fact, Looked, Signed
from deploy.simulate.play import Play, Played
from deploy.simulate.recount import messages
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
    kinds = (
        ("notices", "notice", "case_id"), ("criticisms", "criticism", "case_id"),
        ("rewards", "reward", "case_id"), ("strikes", "strike", "badge"),
        ("balances", "points (balances)", "unit_code"), ("ledger", "points (ledger)", "unit_code"),
        ("sanctions", "sanction", "subject"), ("clearings", "clearing note", "badge"),
        ("messages", "message", "case_id"), ("acknowledgements", "acknowledgement", "case_id"),
        ("reminders", "reminder", "case_id"), ("pages", "page", "case_id"),
        ("missed", "word missed", "case_id"), ("words", "words", "case_id"),
        ("pressure", "pressure", "submission_id"),
    )  # fmt: skip
    rows = dict(played.held.rows)
    rows["messages"] = [one for one in rows["messages"] if one["purpose"] in messages.PURPOSES]
    lost = replace(played.held, rows=rows | {name: rows[name][1:] for name, _, _ in kinds})
    differing = Comparison(played.log, played.book, lost).differences()
    found = {(one.what, one.whose) for one in differing}
    unseen = [name for name, what, key in kinds if (what, str(rows[name][0][key])) not in found]
    assert [] == unseen


async def test_what_was_done_otherwise_would_be_seen(played: Played) -> None:
    """Signatures taken too early, or refused for nothing; a report that its unit could read."""
    signed = [one for one in played.log.facts if isinstance(one, Signed) and one.badge]
    looked = [one for one in played.log.facts if isinstance(one, Looked)]
    assert {True, False} == {one.taken for one in signed}
    facts = [_otherwise(one) for one in played.log.facts]
    differing = Comparison(replace(played.log, facts=facts), played.book, played.held).differences()
    found = {(one.what, one.whose) for one in differing}
    assert {(f"signature of {one.rule}", one.badge) for one in signed} <= found
    assert {("pressure", one.case) for one in looked} <= found


def _otherwise(fact: Fact) -> Fact:
    match fact:
        case Signed():
            return replace(fact, taken=not fact.taken)
        case Looked():
            return replace(fact, seen=not fact.seen)
    return fact


async def test_the_report_tells_of_it(played: Played, tmp_path: Path) -> None:
    """In both languages, with charts that need nothing but the file."""
    files = Report(MONTH, played, played.differences()).write(tmp_path)
    for file in files:
        page = file.read_text("utf-8")
        assert 3 == page.count("<svg")
        assert page.count("<title>") > MONTH.days
        assert ":root { color-scheme: light dark; }" in page
        assert "<script" not in page
        assert "http" not in page
