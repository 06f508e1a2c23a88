"""The desk's acts for programs: the same rules as on the pages, JSON for an answer."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import FormData

from shared.db import Database
from tests import hostile
from tests.integration.verification_office import Answer, Office, office

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    """The small bureau, with a place for photos."""
    async with office(database, photos=str(tmp_path)) as opened:
        yield opened


async def act(bureau: Office, who: str, case_id: UUID, name: str, /, **body: Any) -> Answer:
    """One of the acts."""
    return await bureau.ask(who, "POST", f"cases/{case_id}/{name}", body)


async def work(bureau: Office, who: str, case_id: UUID) -> Any:
    """What stands around a case."""
    return (await bureau.ask(who, "GET", f"cases/{case_id}/work")).json


async def test_a_team_is_made(bureau: Office) -> None:
    """Taken, helped with, handed over; each answer says how it then is, a refusal why not."""
    case_id = await bureau.case()
    taken = await act(bureau, "desk", case_id, "lead", who="desk")
    assert (201, "desk") == (taken.status, taken.json["lead"]["username"])
    await act(bureau, "desk", case_id, "helpers", who="county", decision="join")
    silent = await act(bureau, "desk", case_id, "lead", who="county")
    assert (422, "word") == (silent.status, silent.json["errors"][0]["field"])
    done = await act(bureau, "desk", case_id, "lead", who="county", word="明天休假")
    assert ("county", []) == (done.json["lead"]["username"], done.json["helpers"])
    assert {"desk", "accused"} <= {one["username"] for one in done.json["others"]}
    assert 404 == (await bureau.ask("neighbour", "GET", f"cases/{case_id}/work")).status


async def test_what_is_asked_is_decided_above(bureau: Office) -> None:
    """More time, another lead, one incident: the request says whose it is to decide."""
    case_id, other = await bureau.case(), await bureau.case()
    await act(bureau, "county", case_id, "lead", who="desk")
    await act(bureau, "desk", case_id, "extension", days=2, reason="等监控")
    await act(bureau, "desk", case_id, "dispute", reason="当天不在岗")
    asked = await act(bureau, "desk", case_id, "incident", decision="merge", incident=str(other),
                      reason="一件事")  # fmt: skip
    assert {"extension", "dispute", "merge"} == {one["kind"] for one in asked.json["requests"]}
    assert {False} == {one["yours"] for one in asked.json["requests"]}
    for one in (await work(bureau, "county", case_id))["requests"]:
        assert one["yours"]
        done = await act(bureau, "county", case_id, "decision", request_id=one["request_id"],
                         decision="grant")  # fmt: skip
        assert 201 == done.status, done.text
    now = await work(bureau, "desk", case_id)
    assert ([], None, [str(other)]) == (
        now["requests"], now["lead"], [one["case_id"] for one in now["together"]]
    )  # fmt: skip
    unlike = await act(bureau, "desk", case_id, "unlike", incident=str(other))
    assert (422, "incident") == (unlike.status, unlike.json["errors"][0]["field"])


async def test_a_reviewer_judges_otherwise(bureau: Office) -> None:
    """As on the review's page."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, verdict="unsubstantiated", attribution="none")
    said = {"verdict": "partly", "attribution": "unit", "finding": "有", "answer": "已整改",
            "revision": 1, "note": "单位没看"}  # fmt: skip
    assert 403 == (await act(bureau, "desk", case_id, "corrections", **said)).status
    done = await act(bureau, "county", case_id, "corrections", **said)
    assert 201 == done.status, done.text
    case = done.json
    assert ("verified", "partly", 2) == (case["state"], case["verdict"], case["revision"])


async def test_evidence_is_sent_with_its_words(bureau: Office, tmp_path: Path) -> None:
    """Made anew, on the case, in the answer; a body that is none is told so."""
    case_id = await bureau.case()
    form = FormData()
    form.add_field("about", "大厅 14:41")
    photo = hostile.saved(hostile.picture(), "JPEG")
    form.add_field("photos", io.BytesIO(photo), filename="a.jpg", content_type="image/jpeg")
    headers = {
        "Authorization": f"Bearer {await bureau.token('desk')}", "Idempotency-Key": uuid4().hex
    }  # fmt: skip
    path = f"/api/v1/cases/{case_id}/evidence"
    async with bureau.client.post(path, data=form, headers=headers) as response:
        assert 201 == response.status, await response.text()
        [piece] = (await response.json())["evidence"]
    assert ("大厅 14:41", "desk") == (piece["about"], piece["added_by"])
    assert (tmp_path / piece["name"]).exists()
    assert 415 == (await act(bureau, "desk", case_id, "evidence", about="x")).status


async def test_many_are_assigned_and_templates_kept(bureau: Office) -> None:
    """All or none; a template by the city alone, changed by who has seen the newest."""
    cases = [str(await bureau.case()) for _ in range(2)]
    done = await bureau.ask("county", "POST", "bulk/assign", {"ids": cases, "who": "desk"})
    assert (201, {"done": 2}) == (done.status, done.json)
    text = {"title": "致歉", "body": "{单位}向您道歉。", "version": 0}
    assert 403 == (await bureau.ask("county", "POST", "templates", text)).status
    kept = await bureau.ask("city", "POST", "templates", text)
    assert (201, 1, True) == (kept.status, kept.json["version"], kept.json["active"])
    stale = text | {"template_id": kept.json["template_id"], "version": 5}
    assert 409 == (await bureau.ask("city", "POST", "templates", stale)).status
    listed = await bureau.ask("desk", "GET", "templates")
    assert [kept.json] == listed.json["items"]
