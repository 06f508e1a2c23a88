"""A window's page: one tap, a complaint, a request, and what is added to a rating afterwards."""

import html
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from services.intake.accept import codes
from shared import policy
from shared.config import key_ring
from shared.db import Database
from shared.events import OfficerChanged, UnitChanged
from shared.values import clock
from tests.integration.intake_site import UNIT, Site, code, settings, site
from tests.integration.test_intake_pages import hidden, page, send

SERVICE = "intake"
KEY = "k" * 20
NAME = "正阳县公安局寒冻派出所户籍室"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake whose unit has matters, counters and two officers."""
    async with site(database) as running:
        unit = UnitChanged(
            unit_code=UNIT, name=NAME, parent="正阳县", path=("411700", UNIT), kind="household",
            counters=3, active=True, version=1, matters=("领取居民身份证", "户口迁移"),
        )  # fmt: skip
        people = [("172031", "王建国", True), ("172046", "李静", True), ("172050", "走了", False)]
        await running.tell(
            unit,
            *(OfficerChanged(badge=badge, name=name, unit_code=UNIT, active=active,
                             phone_index=None, version=1) for badge, name, active in people),
        )  # fmt: skip
        yield running


async def told(intake: Site, kind: str = "submission.received.v1") -> list[dict[str, Any]]:
    """The data of what intake told the others, in order."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", kind)
    return [json.loads(row["body"])["data"] for row in rows]


def opened(sealed: str, context: str) -> str:
    """What was sealed."""
    return settings().seal.open(sealed, context)


async def thanks(intake: Site, level: str = "5") -> str:
    """A tap; the address of its page of thanks."""
    status, location, _ = await send(
        intake, f"/w/{code()}", key=f"{level}{KEY}", step="tap", kind="rating", satisfaction=level
    )
    assert 303 == status
    return location


async def test_five_equal_faces_and_three_ways_on(intake: Site) -> None:
    """Nothing is preselected; the name stands in two parts; every face is drawn and named."""
    shown = await page(intake, f"/w/{code(counter=2)}")
    faces = re.findall(r'<button class="face" name="satisfaction" value="(\d)">', shown)
    assert ["5", "4", "3", "2", "1"] == faces
    assert re.search("<p>正阳县公安局</p>\\s*<h1>寒冻派出所户籍室</h1>", shown)
    assert "checked" not in shown
    assert [f"/w/{code(counter=2)}/complaint", f"/w/{code(counter=2)}/request", "/r"] == re.findall(
        r'<li><a href="([^"]+)">', shown
    )


@pytest.mark.parametrize("level", ["3", "4", "5"])
async def test_three_to_five_are_done_in_one_tap(intake: Site, level: str) -> None:
    """The tap leads to thanks by its receipt, where one may stop; a reload shows the same."""
    location = await thanks(intake, level)
    assert re.fullmatch(r"/r/[0-9A-Z-]{19}/thanks", location)
    shown = await page(intake, location)
    assert "谢谢，您的评价已计入" in shown
    assert "王建国，警号 172031" in shown
    assert "走了" not in shown
    assert "态度热情" in shown
    assert "廉洁" not in shown
    (event,) = await told(intake)
    assert ("rating", int(level), "page", None) == (
        event["kind"], event["satisfaction"], event["channel"], event["held"],
    )  # fmt: skip


async def test_words_reasons_and_an_officer_are_added_to_the_same_rating(intake: Site) -> None:
    """Pressed twice it is one addition; the rating itself stays; codes are those of its level."""
    location = await thanks(intake)
    key = hidden(await page(intake, location), "key")
    said: dict[str, Any] = {
        "key": key, "categories": ["cold_attitude", "fees_or_papers"], "words": "一趟办好",
        "officer_badge": "172031",
    }  # fmt: skip
    first = await send(intake, location, **said)
    assert first == await send(intake, location, **said)
    assert (303, f"{location}?added=1") == first[:2]
    assert "已加到这次评价里" in await page(intake, first[1])
    (event,) = await told(intake, "submission.added.v1")
    (rating,) = await told(intake)
    assert (1, rating["submission_id"], [517, 512, 516], "172031", "thanks", 5) == (
        event["number"], event["submission_id"], event["reasons"], event["officer_badge"],
        event["why"], event["satisfaction"],
    )  # fmt: skip
    assert "一趟办好" == opened(event["words_sealed"], f"words:{event['addition_id']}")
    assert 1 == len(await intake.fetch("SELECT FROM submissions"))


async def test_what_is_added_may_grow_by_reload(intake: Site) -> None:
    """Each load of the page brings another key: a second addition, numbered, to the same rating."""
    location = await thanks(intake)
    for words in ("一", "二"):
        key = hidden(await page(intake, location), "key")
        await send(intake, location, key=key, words=words, officer_typed="李警官")
    events = await told(intake, "submission.added.v1")
    assert [1, 2] == [event["number"] for event in events]
    assert ["李警官"] * 2 == [
        opened(e["officer_typed_sealed"], f"words:{e['addition_id']}:officer") for e in events
    ]


async def test_an_empty_or_changed_addition_is_asked_about(intake: Site) -> None:
    """Nothing ticked, or the same key with other words: the form again as it was typed."""
    location = await thanks(intake)
    status, _, shown = await send(intake, location, key=KEY)
    assert (422, True) == (status, '<a href="#words">' in shown)
    await send(intake, location, key=KEY, words="好")
    status, _, shown = await send(intake, location, key=KEY, words="很好")
    assert 422 == status
    assert "很好</textarea>" in shown
    assert KEY != hidden(shown, "key")
    status, _, _ = await send(intake, location, key=hidden(shown, "key"), words="很好")
    assert 303 == status


async def test_thanks_are_for_good_ratings_only(intake: Site) -> None:
    """A complaint's receipt is led to its own page; an unknown one is not found."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    path = f"/r/{answer['receipt']['code']}/thanks"
    response = await intake.client.get(path, allow_redirects=False)
    assert (303, path.removesuffix("/thanks")) == (response.status, response.headers["Location"])
    assert 404 == (await intake.client.get("/r/0000-0000-0000-0000/thanks")).status


async def test_a_low_face_chooses_nothing_for_anybody(intake: Site) -> None:
    """Between only rating and complaining; sent without a choice, the form asks, and keeps all."""
    path = f"/w/{code()}"
    _, _, shown = await send(intake, path, key=KEY, step="tap", kind="rating", satisfaction="1")
    assert '<input type="radio" name="kind" value="rating">' in shown
    assert '<input type="radio" name="kind" value="complaint">' in shown
    assert "2日内奖励20元话费" in shown
    assert "5个工作日内" in shown
    status, _, again = await send(
        intake, path, key=KEY, step="details", satisfaction="1", words="等了三小时",
        categories=["inefficiency"],
    )  # fmt: skip
    assert 422 == status
    assert '<a href="#kind">请选一种' in again
    assert "等了三小时</textarea>" in again
    assert 'value="inefficiency" checked' in again
    assert [] == await intake.fetch("SELECT FROM submissions")


async def test_a_complaint_carries_all_that_was_said(intake: Site) -> None:
    """When, matter, counter, officer, wishes for the call and the consent, in one event."""
    status, location, _ = await send(
        intake, f"/w/{code()}/complaint", key=KEY, kind="complaint", words="没人",
        categories=["nobody_at_window"], day="昨天", hour="下午２点半", matter="户口迁移",
        counter="2", officer_badge="?", officer_typed="王警官", phone="139７７７７0100",
        call_time="noon", call_language="local", consent="1", channel="wechat",
    )  # fmt: skip
    assert (303, True) == (status, location.endswith("?new=1"))
    (event,) = await told(intake)
    rules = policy.load(settings().policy_file).editions[0]
    at = datetime.fromisoformat(event["occurred_at"]).astimezone(rules.zone)
    days = clock.now().astimezone(rules.zone).date() - at.date()
    assert (1, "14:30") == (days.days, f"{at:%H:%M}")
    assert ("户口迁移", 2, "noon", "local", "wechat", None, []) == (
        event["matter"], event["counter"], event["call_time"], event["call_language"],
        event["channel"], event["officer_badge"], event["reasons"],
    )  # fmt: skip
    submission = event["submission_id"]
    assert "王警官" == opened(event["officer_typed_sealed"], f"words:{submission}:officer")
    assert rules.consent.notice == event["consent"]["notice"]
    assert "reward" in event["consent"]["purposes"]
    (row,) = await intake.fetch("SELECT details FROM submissions")
    assert {"matter", "call_time", "consent", "channel"} <= set(row["details"])
    assert "王警官" not in json.dumps(row["details"], ensure_ascii=False)


async def test_a_plain_tap_stores_nothing_further(intake: Site) -> None:
    """What few say costs nothing where it is not said."""
    await thanks(intake)
    assert [None] == [
        row["details"] for row in await intake.fetch("SELECT details FROM submissions")
    ]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"day": "明年", "hour": "25:00"}, ["day", "hour"]),
        ({"hour": "14:30"}, ["day"]),
        ({"day": "2999-01-01"}, ["day"]),
        ({"day": "1999-01-01"}, ["day"]),
        ({"phone": "13977770100"}, ["consent"]),
        ({"phone": "1", "matter": "139 7777 0100"}, ["matter", "phone", "consent"]),
        ({"counter": "100"}, ["counter"]),
    ],
)  # fmt: skip
async def test_every_error_is_at_its_field_and_nothing_is_lost(
    intake: Site, fields: dict[str, str], wrong: list[str]
) -> None:
    """Above the form in its order, linked; at the field described by it; all values stay."""
    status, _, shown = await send(
        intake, f"/w/{code()}/complaint", key=KEY, kind="complaint", words="经过", **fields
    )
    assert 422 == status
    assert wrong == re.findall('<a href="#([a-z_]+)">', shown)
    for name in wrong:
        assert f'id="wrong-{name}"' in shown
        assert f"wrong-{name}" in "".join(re.findall('aria-describedby="([^"]*)"', shown))
    assert "autofocus" in shown
    for value in (*fields.values(), "经过"):
        assert html.escape(value) in shown, value
    assert [] == await intake.fetch("SELECT FROM submissions")


async def test_going_back_to_the_faces_and_elsewhere_loses_nothing(intake: Site) -> None:
    """From a complaint to the faces, on to a request: all that was typed comes along."""
    path, fields = (
        f"/w/{code()}/complaint",
        {"key": KEY, "kind": "complaint", "words": "丢了身份证"},
    )
    more = {"phone": "13977770100", "day": "昨天", "officer_typed": "王", "consent": "1"}
    _, _, faces = await send(intake, path, **fields, **more, turn="rating")
    assert 5 == faces.count('class="face"')
    carried = {name: hidden(faces, name) for name in (*more, "words", "key", "step", "kind")}
    assert more | {"words": "丢了身份证", "key": KEY} | {"step": "tap", "kind": "rating"} == carried
    _, _, request = await send(intake, path, **carried, turn="request")
    assert "您要办什么事" in request
    assert "丢了身份证</textarea>" in request
    assert 'value="13977770100"' in request
    _, _, low = await send(intake, path, **carried, satisfaction="2")
    assert "您选了：不满意" in low
    assert 'value="昨天"' in low
    _, location, _ = await send(intake, path, **carried, satisfaction="5")
    assert location.endswith("/thanks")


@pytest.mark.parametrize(
    ("agent", "said", "channel"),
    [
        ("Mozilla/5.0 MicroMessenger/8.0", "", "wechat"),
        ("Mozilla/5.0 AlipayClient/10", "", "alipay"),
        ("Mozilla/5.0", "", "page"),
        ("Mozilla/5.0 MicroMessenger/8.0", "kiosk", "kiosk"),
        ("Mozilla/5.0", "vip", "page"),
    ],
)
async def test_the_way_somebody_came_is_recorded(
    intake: Site, agent: str, said: str, channel: str
) -> None:
    """As the app's browser calls itself, or the address says; anything else is the plain page."""
    headers = {"User-Agent": agent, "Accept": "text/html"}
    path = f"/w/{code()}" + (f"?channel={said}" if said else "")
    shown = await (await intake.client.get(path, headers=headers)).text()
    fields = {name: hidden(shown, name) for name in ("key", "step", "channel", "kind")}
    await intake.client.post(
        f"/w/{code()}", data=fields | {"satisfaction": "4"}, headers=headers, allow_redirects=False
    )
    assert [channel] == [event["channel"] for event in await told(intake)]


async def test_the_api_takes_the_same_fields(intake: Site) -> None:
    """One door for programs: the same facts, the counter of a code that names one stays."""
    answer = await intake.submit(
        "api-fields-000001", code=code(counter=3), counter=1, matter="户口迁移", channel="desk",
        occurred_at="2026-07-02T14:47:00+08:00", officer_typed="王警官", call_time="evening",
        call_language="mandarin", consent=True,
    )  # fmt: skip
    assert 201 == answer.status, await answer.text()
    (event,) = await told(intake)
    assert ("2026-07-02T06:47:00Z", "desk", 3, "户口迁移", [115]) == (
        event["occurred_at"], event["channel"], event["counter"], event["matter"],
        event["reasons"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"occurred_at": "yesterday"}, "occurred_at"), ({"occurred_at": 5}, "occurred_at"),
        ({"occurred_at": "2026-07-02T14:47:00"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at"),
        ({"counter": 0}, "counter"), ({"channel": "smoke"}, "channel"),
        ({"consent": "yes"}, "consent"), ({"matter": "x" * 61}, "matter"),
        ({"officer_typed": "x" * 61}, "officer_typed"), ({"call_language": "x"}, "call_language"),
    ],
)  # fmt: skip
async def test_the_api_names_every_wrong_field(
    intake: Site, changed: dict[str, Any], field: str
) -> None:
    """422 on the field, whatever was sent."""
    answer = await intake.submit("api-fields-000002", **changed)
    assert 422 == answer.status
    assert [field] == [error["field"] for error in (await answer.json())["errors"]]


async def test_the_api_adds_to_a_submission(intake: Site) -> None:
    """Under a key, once; to a complaint while it is open as well as to a rating."""
    receipt = (await (await intake.submit("api-adding-00001")).json())["receipt"]["code"]
    path, headers = (
        f"/api/v1/receipts/{receipt}/additions",
        {"Idempotency-Key": "adding-0000000001"},
    )
    first = await intake.client.post(path, json={"words": "还有录像"}, headers=headers)
    again = await intake.client.post(path, json={"words": "还有录像"}, headers=headers)
    other = await intake.client.post(path, json={"words": "别的"}, headers=headers)
    empty = await intake.client.post(
        path, json={}, headers={"Idempotency-Key": "adding-0000000002"}
    )
    unknown = await intake.client.post(
        "/api/v1/receipts/0000-0000-0000-0000/additions", json={"words": "x"}, headers=headers
    )
    assert [201, 201, 422, 422, 404] == [a.status for a in (first, again, other, empty, unknown)]
    assert await first.json() == await again.json()
    (event,) = await told(intake, "submission.added.v1")
    assert ("complaint", "open", 1) == (event["kind"], event["why"], event["number"])


async def test_nobody_adds_without_end(intake: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody could read any more is refused with where to turn."""
    monkeypatch.setattr("services.intake.accept.adding.MOST", 1)
    location = await thanks(intake)
    await send(intake, location, key=KEY, words="一")
    status, _, shown = await send(intake, location, key=f"2{KEY}", words="二")
    assert (409, True) == (status, "已经补充了很多次" in shown)
    assert "二</textarea>" in shown


async def test_large_print_and_language_keep_an_addition(intake: Site) -> None:
    """The switches of the page of thanks show it again with what was typed."""
    location = await thanks(intake)
    status, _, shown = await send(
        intake, f"{location}?lang=en", key=KEY, words="好", switch="1", categories=["extra_trips"]
    )
    assert 200 == status
    assert "好</textarea>" in shown
    assert 'value="extra_trips" checked' in shown
    assert "Done in one visit" in shown


async def test_an_officers_code_and_a_kiosks_say_so_themselves(intake: Site) -> None:
    """Whose window was scanned needs no choosing; a tablet is a kiosk, whatever is claimed."""
    keys = key_ring(settings().code_keys)
    for place in ({"officer": "172031"}, {"kiosk": 1}):
        scanned = codes.sign(keys, UNIT, **place)
        fields = {"step": "tap", "kind": "rating", "satisfaction": "4", "channel": "wechat"}
        assert 303 == (await send(intake, f"/w/{scanned}", key=KEY + scanned[-6:], **fields))[0]
    assert [("172031", "wechat"), (None, "kiosk")] == [
        (event["officer_badge"], event["channel"]) for event in await told(intake)
    ]


async def test_an_addition_is_refused_where_it_does_not_fit(intake: Site) -> None:
    """Reasons for a request there are none; unknown ones are named."""
    answer = await intake.submit(
        "a-request-00000001", kind="request", satisfaction=None, categories=None
    )
    receipt = (await answer.json())["receipt"]["code"]
    for number, keys in enumerate((["other"], ["bribes"])):
        refused = await intake.client.post(
            f"/api/v1/receipts/{receipt}/additions", json={"categories": keys, "words": "x"},
            headers={"Idempotency-Key": f"not-fitting-00000{number}"},
        )  # fmt: skip
        assert 422 == refused.status
        assert {"categories"} == {error["field"] for error in (await refused.json())["errors"]}
