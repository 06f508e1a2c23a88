"""A tablet at the wall: one tap, thanks, and back by itself."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.accept import codes
from services.intake.pages.typed import fresh_key
from shared import policy
from shared.config import key_ring
from shared.db import Database
from shared.events import Envelope, Language
from shared.web.texts import text, texts
from tests.integration.intake_site import UNIT, Site, _key, code, settings, site

SERVICE = "intake"
KIOSK = codes.sign(key_ring(settings().code_keys), UNIT, kiosk=1)
PAGE = {"Accept": "text/html"}
REASONS = policy.load(settings().policy_file).editions[-1].categories


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Knows the unit."""
    async with site(database) as opened:
        await opened.add_unit()
        yield opened


async def get(intake: Site, path: str) -> tuple[int, str]:
    """A page."""
    async with intake.client.get(path, headers=PAGE) as answer:
        return answer.status, await answer.text()


async def tap(intake: Site, level: str, key: str, path: str = f"/k/{KIOSK}") -> tuple[int, str]:
    """A face."""
    async with intake.client.post(
        path, data={"key": key, "satisfaction": level}, headers=PAGE, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


async def stored(intake: Site) -> list[Any]:
    """What was taken in."""
    return await intake.fetch("SELECT satisfaction, kind FROM submissions ORDER BY received_at")


async def test_five_faces_and_nothing_else(intake: Site) -> None:
    """The unit's name and five large buttons; no field to type, no link away but the language."""
    status, page = await get(intake, f"/k/{KIOSK}")
    assert (200, 5) == (status, len(re.findall('<button class="face"', page)))
    assert "驻马店市公安局车辆管理所业务大厅" in page
    assert 'type="tel"' not in page
    assert [] == [link for link in re.findall('<a [^>]*href="([^"]*)"', page) if link[0] == "/"]


async def test_one_tap_and_back_to_the_start(intake: Site) -> None:
    """The rating is stored; the thanks lead back by themselves after half a minute."""
    assert (303, f"/k/{KIOSK}/done") == await tap(intake, "5", "k" * 20)
    assert [(5, "rating")] == [tuple(row) for row in await stored(intake)]
    status, page = await get(intake, f"/k/{KIOSK}/done")
    assert 200 == status
    assert f'<meta http-equiv="refresh" content="30; url=/k/{KIOSK}">' in page
    assert "<form" not in page


async def test_a_second_tap_of_a_visit_changes_nothing(intake: Site) -> None:
    """A double tap, or Back and another face: one rating, the first."""
    for level in ("3", "3", "5", "1"):
        assert (303, f"/k/{KIOSK}/done") == await tap(intake, level, "k" * 20)
    assert (303, f"/k/{KIOSK}/done") == await tap(intake, "4", "n" * 20)
    assert [3, 4] == [row["satisfaction"] for row in await stored(intake)]


@pytest.mark.parametrize(("lang", "ask"), [("ug", "بۈگۈن ئىشىڭىز"), ("en", "How were you served")])
async def test_a_language_is_for_one_visit(intake: Site, lang: Language, ask: str) -> None:
    """Faces, reasons and thanks speak it; then, or when nobody goes on, the tablet has its own."""
    start = f"/k/{KIOSK}"
    for leave, leads in (("/done", text(lang, "kiosk_done")), ("/why", "今天给您办得怎么样？")):
        _, page = await get(intake, f"{start}?lang={lang}")
        assert (True, True) == (ask in page, f'content="60; url={start}/why"' in page)
        _, page = await tap(intake, "1", fresh_key())
        assert text(lang, "kiosk_why") in page
        assert leads in (await get(intake, start + leave))[1]
        assert "今天给您办得怎么样？" in (await get(intake, start))[1]


def test_it_speaks_uyghur() -> None:
    """Every text of a kiosk has one of its own, none is borrowed from the Chinese."""
    own = texts("ug")
    assert [] == [key for key in texts("zh").forms if key.startswith("kiosk") and own.borrows(key)]


async def test_it_is_told_as_a_kiosks(intake: Site) -> None:
    """The event says by which way it came, whatever the tablet's browser says of itself."""
    await tap(intake, "5", "k" * 20)
    (row,) = await intake.fetch("SELECT body FROM outbox WHERE type LIKE 'submission.received%'")
    told = Envelope.model_validate_json(row["body"]).data
    assert ("kiosk", None, 5) == (told["channel"], told["phone_sealed"], told["satisfaction"])


async def explain(
    intake: Site, key: str, *reasons: str, path: str = f"/k/{KIOSK}/why"
) -> tuple[int, str]:
    """What went wrong."""
    async with intake.client.post(
        path, data={"key": key, "categories": list(reasons)}, headers=PAGE, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


async def added(intake: Site) -> list[dict[str, Any]]:
    """What was told of additions."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = 'submission.added.v1'")
    return [Envelope.model_validate_json(row["body"]).data for row in rows]


async def test_a_low_tap_asks_why(intake: Site) -> None:
    """The rating is in; each reason can be ticked, none is, and the page leaves by itself too."""
    status, page = await tap(intake, "2", "k" * 20)
    assert (200, [2]) == (status, [row["satisfaction"] for row in await stored(intake)])
    assert {one.key for one in REASONS} == set(re.findall('name="categories" value="(.*?)"', page))
    assert " checked" not in page
    assert f'<meta http-equiv="refresh" content="60; url=/k/{KIOSK}/why">' in page
    assert [f"/k/{KIOSK}/done"] == re.findall('<a [^>]*href="(/[^"]*)"', page)
    assert "<textarea" not in page


async def test_reasons_are_added_to_the_very_rating(intake: Site) -> None:
    """With the nation's codes of that level; then thanks."""
    await tap(intake, "1", "k" * 20)
    answer = await explain(intake, "k" * 20, "cold_attitude", "nobody_at_window")
    assert (303, f"/k/{KIOSK}/done") == answer
    (rating,) = await intake.fetch("SELECT id FROM submissions")
    (told,) = await added(intake)
    assert (str(rating["id"]), ["cold_attitude", "nobody_at_window"]) == (
        told["submission_id"], told["categories"]
    )  # fmt: skip
    assert told["reasons"]
    assert {108 <= one <= 115 for one in told["reasons"]} == {True}


async def test_reasons_may_be_left_out(intake: Site) -> None:
    """Nothing ticked, or skipped: one rating, and nothing more of it."""
    await tap(intake, "1", "k" * 20)
    assert (303, f"/k/{KIOSK}/done") == await explain(intake, "k" * 20)
    assert ([], 1) == (await added(intake), len(await stored(intake)))


async def test_a_visit_has_its_reasons_once(intake: Site) -> None:
    """A double tap, or Back and others: the first count, of the one rating of the visit."""
    for _ in range(2):
        assert 200 == (await tap(intake, "1", "k" * 20))[0]
    for reasons in (["cold_attitude"], ["cold_attitude"], ["other"]):
        assert 303 == (await explain(intake, "k" * 20, *reasons))[0]
    assert [["cold_attitude"]] == [one["categories"] for one in await added(intake)]
    assert 1 == len(await stored(intake))


async def test_only_a_bad_rating_of_this_visit_has_reasons(intake: Site) -> None:
    """A visit that rated well, or not at all, is led on, and nothing is added."""
    await tap(intake, "5", "k" * 20)
    assert (303, f"/k/{KIOSK}/done") == await explain(intake, "k" * 20, "other")
    assert (303, f"/k/{KIOSK}") == await explain(intake, "n" * 20, "other")
    assert (200, 5) == await faces(intake, f"/k/{KIOSK}/why")
    assert [] == await added(intake)


async def faces(intake: Site, path: str) -> tuple[int, int]:
    """The status where an address leads, and how many faces stand there."""
    status, page = await get(intake, path)
    return status, page.count('<button class="face"')


async def test_a_reason_that_is_none_is_refused(intake: Site) -> None:
    """The reasons once more, with a word that nothing was received; at a kiosk's code alone."""
    await tap(intake, "1", "k" * 20)
    status, page = await explain(intake, "k" * 20, "nonsense")
    assert (422, True) == (status, 'name="key" value="' + "k" * 20 in page)
    assert 'role="alert"' in page
    assert 404 == (await explain(intake, "k" * 20, "other", path=f"/k/{code()}/why"))[0]
    assert [] == await added(intake)


@pytest.mark.parametrize("level", ["", "6", "many"])
async def test_a_tap_that_is_none_shows_the_faces_again(intake: Site, level: str) -> None:
    """Under the same key, with a word that nothing was received."""
    status, page = await tap(intake, level, "k" * 20)
    assert (422, True) == (status, 'name="key" value="' + "k" * 20 in page)
    assert 'role="alert"' in page
    assert [] == await stored(intake)


@pytest.mark.parametrize("path", ["", "/done"])
async def test_only_a_kiosks_own_code_opens_it(intake: Site, path: str) -> None:
    """The code that hangs at the window, and an invented one, are told what to do."""
    for other in (code(), code(counter=3), KIOSK[:-1] + ("0" if KIOSK[-1] != "0" else "1")):
        assert 404 == (await get(intake, f"/k/{other}{path}"))[0]
    assert 404 == (await tap(intake, "5", "k" * 20, f"/k/{code()}"))[0]
    assert [] == await stored(intake)


async def test_a_closed_unit_says_so(intake: Site) -> None:
    """In place of the faces."""
    async with intake.database.acquire() as conn:
        await conn.execute("UPDATE units SET active = false")
    assert 410 == (await get(intake, f"/k/{KIOSK}"))[0]


async def test_codes_of_older_keys_and_of_retired_ones(database: Database) -> None:
    """The previous key's code opens the form; a retired one's says where the new code is."""
    old = codes.sign({"1": b"c" * 32}, UNIT)
    rings = {"code_keys": f"2:{_key('n')},1:{_key('c')}"}
    async with site(database, **rings) as intake:
        assert 200 == (await get(intake, f"/w/{old}"))[0]
    rings = {"code_keys": f"2:{_key('n')}", "code_keys_retired": f"1:{_key('c')}"}
    async with site(database, **rings) as intake:
        status, page = await get(intake, f"/w/{old}")
        assert (410, True) == (status, "换新" in page)
        answer = await intake.submit("a-random-key-0001", code=old)
        assert (410, "refused.code_retired") == (answer.status, (await answer.json())["key"])


async def test_domain_files_are_served(database: Database) -> None:
    """At the root and beside the pages, as they were configured; no other file is."""
    async with site(database, domain_files="MP_verify_x1.txt=abc123") as intake:
        for path in ("/MP_verify_x1.txt", "/w/MP_verify_x1.txt"):
            async with intake.client.get(path) as answer:
                assert (200, "abc123") == (answer.status, await answer.text())
                assert "text/plain" == answer.content_type
        for path in ("/MP_verify_x2.txt", "/w/MP_verify_x2.txt", "/w/..%2fMP_verify_x1.txt"):
            async with intake.client.get(path, allow_redirects=False) as answer:
                assert answer.status in (308, 404)
