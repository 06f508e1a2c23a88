"""Cases ticked in a list are asked to be one incident: each for itself, as from its page."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.verification_office import OTHER_UNIT, Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
PAGE = "/desk/bulk/merge"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def asked(bureau: Office) -> list[tuple[str, str, str]]:
    """Which cases are asked to join which, and by whom."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(
            "SELECT case_id::text, named::text, asked_by FROM case_requests WHERE kind = 'merge'"
        )
    return sorted(tuple(row.values()) for row in rows)


async def test_the_list_leads_there_with_what_is_ticked(bureau: Office) -> None:
    """Beside each other, none chosen; the level above decides each as from a case's page."""
    cases = [str(await bureau.case()) for _ in range(3)]
    desk = await tab(bureau, "desk")
    await desk.get("/desk")
    assert 'formaction="/desk/bulk/merge" data-key="m"' in desk.text
    await desk.get(f"{PAGE}?ids={cases[0]}&ids={cases[1]}")
    assert [True, True, False] == [f'name="into" value="{one}"' in desk.text for one in cases]
    assert "checked" not in desk.text
    ticked = [("ids", one) for one in cases]
    said = ("into", cases[1]), ("reason", "同一次排队")
    assert 200 == await desk.send(PAGE, *ticked, *said)
    assert "已请上一级合并 2 件" in desk.text
    assert [(one, cases[1], "desk") for one in sorted({cases[0], cases[2]})] == await asked(bureau)
    county = await bureau.ask("county", "GET", f"cases/{cases[0]}/work")
    [request] = county.json["requests"]
    body = {"request_id": request["request_id"], "decision": "grant", "word": ""}
    done = await bureau.ask("county", "POST", f"cases/{cases[0]}/decision", body)
    assert [cases[1]] == [one["case_id"] for one in done.json["together"]]


async def test_what_cannot_be_asked_is_told(bureau: Office) -> None:
    """Another unit's is no event of ours; the others are asked for all the same, once a key."""
    one, two, far = [
        str(await bureau.case(**changed)) for changed in ({}, {}, {"unit_code": OTHER_UNIT})
    ]
    body = {"ids": [one, two, far], "into": one, "reason": "同一次排队"}
    done, again = [
        await bureau.ask("county", "POST", "bulk/merge", body, key="merged-in-one-go-1")
        for _ in range(2)
    ]
    assert (201, 1, [far]) == (
        done.status, done.json["done"], [left["case_id"] for left in done.json["left"]]
    )  # fmt: skip
    assert done.json == again.json
    assert [(two, one, "county")] == await asked(bureau)


@pytest.mark.parametrize(
    ("ticked", "into", "reason", "fields"),
    [(1, True, "同", {"ids"}), (2, False, "同", {"into"}), (2, True, " ", {"reason"}),
     (0, False, "", {"ids", "reason"})],
)  # fmt: skip
async def test_what_is_missing_is_named(
    bureau: Office, ticked: int, into: bool, reason: str, fields: set[str]
) -> None:
    """On the page, where what was chosen and typed stands again; nothing is asked."""
    cases = [str(await bureau.case()) for _ in range(2)]
    desk = await tab(bureau, "desk")
    await desk.get(f"{PAGE}?ids={cases[0]}&ids={cases[1]}")
    chosen = [("into", cases[0])] if into else []
    said = [("ids", one) for one in cases[:ticked]]
    assert 422 == await desk.send(PAGE, *said, *chosen, ("reason", reason))
    for field in fields:
        assert f'href="#{field}"' in desk.text
    assert into == (f'value="{cases[0]}" checked' in desk.text)
    assert [] == await asked(bureau)


async def test_without_ticks_it_says_how(bureau: Office) -> None:
    """Nonsense in the address is as good as nothing."""
    desk = await tab(bureau, "desk")
    for query in ("", "?ids=x", "?ids="):
        assert 200 == await desk.get(f"{PAGE}{query}")
        assert "没有要合并的" in desk.text
