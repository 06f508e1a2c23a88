"""The random review in public: anybody sees what is committed to, and draws again what is told."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.cli.main import main
from services.intake.commands import list_sample_days
from shared.db import Database
from shared.errors import Reject, Retry
from shared.events import Lot, SampleCommitted, SampleRevealed
from shared.values import lots
from tests.integration.intake_site import Site, site

SERVICE = "intake"
HTML = {"Accept": "text/html"}
AT = datetime(2026, 11, 26, 1, tzinfo=UTC)
DAY = date(2026, 11, 26)
SEED = "a" * 64
pytestmark = pytest.mark.usefixtures("chance")


def committed(day: date = DAY, seed: str = SEED) -> SampleCommitted:
    """What the desk is held to."""
    return SampleCommitted(day=day, commitment=lots.commitment(day, seed), committed_at=AT)


def revealed(day: date = DAY, seed: str = SEED, count: int = 20) -> SampleRevealed:
    """A day with so many lots."""
    numbers = [lots.number_of(UUID(int=day.toordinal() * 100 + n)) for n in range(count)]
    told = [
        Lot(number=one, drawn_for="verdict", percent=30,
            drawn=lots.is_drawn(seed, "verdict", one, 30))
        for one in numbers
    ]  # fmt: skip
    return SampleRevealed(day=day, seed=seed, revealed_at=AT, lots=tuple(told))


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake."""
    async with site(database) as running:
        yield running


async def page(intake: Site, address: str = "/open/sample", **headers: str) -> str:
    """A page's text."""
    answer = await intake.client.get(address, headers=HTML | headers)
    html = await answer.text()
    assert 200 == answer.status, html
    return html


async def whole(intake: Site, day: date = DAY) -> Any:
    """A day's JSON."""
    answer = await intake.client.get(f"/api/v1/open/sample/{day}")
    assert 200 == answer.status
    return await answer.json()


async def test_nothing_is_told_before_the_day_is_over(intake: Site) -> None:
    """The commitment stands there; neither seed nor case nor how many."""
    assert "还没有种子" in await page(intake)
    await intake.tell(committed())
    html, day = await page(intake), await whole(intake)
    assert lots.commitment(DAY, SEED) in html
    assert (None, None, None, []) == tuple(day[n] for n in ("seed", "cases", "drawn", "lots"))
    assert "当天过后公布" in html


async def test_a_day_that_is_over_can_be_drawn_again(intake: Site) -> None:
    """Seed, every lot, how many were drawn; and the page says that it did so itself."""
    event = revealed()
    await intake.tell(committed(), event)
    day, html = await whole(intake), await page(intake, "/open/sample?lang=en")
    assert (SEED, 20) == (day["seed"], day["cases"])
    assert day["drawn"] == sum(one.drawn for one in event.lots) > 0
    assert sorted(one.number for one in event.lots) == [one["number"] for one in day["lots"]]
    assert "every lot is as it was told" in html
    assert SEED in html


async def test_how_many_were_drawn_stands_beside_the_seed(intake: Site) -> None:
    """As it was told; of a day whose seed came by code of before, its lots are counted."""
    before = DAY - timedelta(days=1)
    await intake.tell(committed(), revealed(), committed(before))
    told = revealed(before, count=3)
    await intake.fetch("INSERT INTO sample_reveals (day, seed, revealed_at) VALUES ($1, $2, $3)",
                       before, told.seed, told.revealed_at)  # fmt: skip
    for one in told.lots:
        await intake.fetch(
            "INSERT INTO sample_lots (number, drawn_for, day, percent, drawn)"
            " VALUES ($1, $2, $3, $4, $5)",
            one.number, one.drawn_for, before, one.percent, one.drawn,
        )  # fmt: skip
    rows = await intake.fetch("SELECT cases, drawn FROM sample_reveals ORDER BY day")
    drawn = [sum(one.drawn for one in event.lots) for event in (told, revealed())]
    assert [(None, None), (20, drawn[1])] == [tuple(row) for row in rows]
    days = [await whole(intake, day) for day in (before, DAY)]
    assert [(3, drawn[0]), (20, drawn[1])] == [(day["cases"], day["drawn"]) for day in days]


async def test_whoever_has_a_number_finds_the_lot(intake: Site) -> None:
    """However it was typed; another's, or nonsense, is in no draw."""
    event = revealed()
    await intake.tell(committed(), event)
    for one in event.lots[:3]:
        html = await page(intake, f"/open/sample?number=%20{one.number.upper()}")
        assert ("抽中了，上一级再看一遍" in html) == one.drawn
    for strange in ("0" * 32, "x", "%F0%9F%98%80"):
        assert "没有这个号" in await page(intake, f"/open/sample?number={strange}")


async def test_a_receipt_says_its_number(intake: Site) -> None:
    """On its page of proof, with the way to look it up."""
    await intake.add_unit()
    receipt = await (await intake.submit("key-of-a-complaint-1")).json()
    html = await page(intake, f"/r/{receipt['receipt']['code']}/proof")
    number = lots.number_of(UUID(receipt["submission_id"]))
    assert f"/open/sample?number={number}" in html


async def test_what_does_not_fit_is_never_published(intake: Site) -> None:
    """A second commitment, another seed, a seed nobody was held to: parked, or tried later."""
    await intake.tell(committed())
    with pytest.raises(Reject, match="committed to another seed"):
        await intake.tell(committed(seed="b" * 64))
    with pytest.raises(Reject, match="not the one"):
        await intake.tell(revealed(seed="b" * 64))
    with pytest.raises(Retry):
        await intake.tell(revealed(DAY + timedelta(days=1)))
    await intake.tell(committed(), revealed(), committed(), revealed())
    assert 20 == (await whole(intake))["cases"]


async def test_a_lot_that_is_told_wrongly_is_seen(intake: Site) -> None:
    """Who left out a case that was drawn is found by drawing again, on the page itself."""
    event = revealed()
    turned = event.lots[0].model_copy(update={"drawn": not event.lots[0].drawn})
    await intake.tell(committed(), event.model_copy(update={"lots": (turned, *event.lots[1:])}))
    assert "与公布的不一样" in await page(intake)


async def test_days_are_paged(intake: Site) -> None:
    """A month at a time, newest first, to the very first; no day is left out or told twice."""
    days = [DAY + timedelta(days=n) for n in range(40)]
    await intake.tell(*(committed(day) for day in days))
    seen: list[str] = []
    query = "?"
    while query:
        answer = await (await intake.client.get(f"/api/v1/open/sample{query}")).json()
        seen += [one["day"] for one in answer["days"]]
        query = f"?before={answer['earlier']}" if answer["earlier"] else ""
    assert [str(day) for day in reversed(days)] == seen
    assert f"?before={DAY + timedelta(days=9)}" in await page(intake)


@pytest.mark.parametrize(
    ("address", "status"),
    [("/api/v1/open/sample/2026-01-01", 404), ("/api/v1/open/sample/x", 404),
     ("/api/v1/open/sample?before=x", 422), (f"/open/sample?number={'1' * 101}", 422)],
)  # fmt: skip
async def test_what_is_no_day_is_told(intake: Site, address: str, status: int) -> None:
    """In a line, as everywhere."""
    assert status == (await intake.client.get(address)).status


Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `mashang sample replay`."""

    def run(*files: object) -> tuple[int, str, str]:
        code = main(["sample", "replay", *map(str, files)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


async def test_a_saved_day_is_replayed_offline(intake: Site, tmp_path: Path, say: Say) -> None:
    """As it was saved; one that was changed afterwards is named, and fails."""
    sealed, over = DAY + timedelta(days=1), DAY
    await intake.tell(committed(), revealed(), committed(sealed))
    files = [tmp_path / f"{day}.json" for day in (over, sealed)]
    for file, day in zip(files, (over, sealed), strict=True):
        file.write_text("\ufeff" + json.dumps(await whole(intake, day)), "utf-8")
    code, out, _ = say(*files)
    assert (0, 2) == (code, len(out.splitlines()))
    assert "every lot is the same again" in out
    assert "sealed until the day is over" in out
    changed = json.loads(files[0].read_text("utf-8-sig"))
    number = changed["lots"][3]["number"]
    changed["lots"][3]["drawn"] ^= True
    files[0].write_text(json.dumps(changed), "utf-8")
    code, out, _ = say(files[0])
    assert (1, True) == (code, f"NOT the same: {number}" in out)
    files[0].write_text(json.dumps(changed | {"seed": "b" * 64}), "utf-8")
    assert "NOT the one that was committed to" in say(files[0])[1]
    files[0].write_text("{}", "utf-8")
    code, _, err = say(files[0])
    assert (1, True) == (code, "no day of the random review" in err)


async def test_an_installation_replays_all_its_days(database: Database, intake: Site) -> None:
    """Without a file, oldest first, what is sealed as well."""
    await intake.tell(committed(), revealed(), committed(DAY + timedelta(days=1)))
    async with database.acquire() as conn:
        found = await list_sample_days(conn)
    assert [(DAY, 20), (DAY + timedelta(days=1), 0)] == [(one.day, len(one.lots)) for one in found]
