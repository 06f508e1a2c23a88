"""The edge of every service: a table of endpoints becomes HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ConfigDict, Field

from shared.access import Operator
from shared.errors import Conflict, Refused, TooMany, Unauthenticated, Unavailable
from shared.web import assets, refusing
from shared.web.edge import make_app
from shared.web.endpoints import PUBLIC, Call, Endpoint, Visitor, staff
from shared.web.forms import MEDIA_TYPE
from shared.web.house import House
from shared.web.pages import Pages
from shared.web.replies import Cookie, Download, Page, Reply, See, Text
from tests.support import captured_logs

Client = TestClient[Any, Any]
JSON = {"Content-Type": "application/json"}
HTML = {"Accept": "text/html"}
OWN = {"Sec-Fetch-Site": "same-origin"}
VISITOR = Visitor(Operator("li", "李", "auditor", "city"), 1, "a session")
KEY = "a-random-key-0001"


class Body(BaseModel):
    """What the test's endpoint takes."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2)
    number: int


class Query(BaseModel):
    """What it may be asked for."""

    limit: int = Field(default=5, ge=1)


class Answer(BaseModel):
    """What it says."""

    name: str
    number: int


class Typed(BaseModel):
    """A staff form."""

    note: str = Field(min_length=2)
    badges: tuple[str, ...] = ()


class OneDoor:
    """Lets in one operator, by the token `yes`; everybody else is unknown."""

    async def by_bearer(self, token: str) -> Visitor:
        """A program's token."""
        if token != "yes":
            raise Unauthenticated("refused.token_invalid")
        return VISITOR

    async def by_cookie(self, cookies: Mapping[str, str]) -> Visitor:
        """A browser's cookies."""
        return await self.by_bearer(cookies.get("who", ""))

    def sign_in(self, address: str) -> str:
        """Where to go."""
        return f"/sign-in?next={address}"

    async def renewed(self, visitor: Visitor, cookies: Mapping[str, str]) -> tuple[Cookie, ...]:
        """One that shows that it was asked."""
        return (Cookie("renewed", visitor.operator.username),)


async def echo(call: Call[Body, Query]) -> Reply:
    """What came."""
    answer = Answer(name=call.body.name, number=call.body.number)
    return Reply(answer, 200 if call.repeat_key.endswith("again") else 201)


async def listed(call: Call[None, Query]) -> Answer:
    """A number from the path and one from the query."""
    return Answer(name=str(call.params["number"]), number=call.query.limit)


async def conflict(_: Call[None, None]) -> Answer:
    """A refusal."""
    raise Conflict("refused.window_closed")


async def busy(_: Call[None, None]) -> Answer:
    """Another."""
    raise Unavailable()


async def late(_: Call[None, None]) -> Answer:
    """None, in time."""
    await asyncio.Event().wait()
    raise AssertionError


async def often(_: Call[None, None]) -> Answer:
    """One more."""
    raise TooMany()


async def defect(_: Call[None, None]) -> Answer:
    """Ours."""
    raise RuntimeError("secret 13812345678")


async def page(call: Call[None, None]) -> Page:
    """A page with a value to escape, and a cookie."""
    values = {"typed": "<b>", "refused": ""}
    return Page("page.html", values, cookies=(Cookie("seen", "1"),))


async def file(_: Call[None, None]) -> Download:
    """A file, whose name could end the header."""
    return Download(b"%PDF", "application/pdf", '驻公督"; 17号.pdf')


async def send(call: Call[Typed, None]) -> See | Text:
    """A form taken in."""
    return See(f"/page?note={call.body.note}&badges={len(call.body.badges)}")


async def again(call: Call[Any, Any], refused: Refused) -> Page:
    """The form as typed."""
    values = {"typed": call.fields.one("note"), "refused": refused.key}
    return Page("page.html", values, refused=refused)


AUDITORS, APPROVERS = staff(["auditor"]), staff(["reward_approver"])
TABLE = (
    Endpoint(
        "POST", "/api/v1/echo", echo, "Says it back", PUBLIC, body=Body, repeat="header",
        answers={201: Answer, 200: Answer}, limit=1024,
    ),
    Endpoint(
        "GET", "/api/v1/numbers/{number}", listed, "A number", PUBLIC, params={"number": int},
        query=Query, answers={200: Answer},
    ),
    Endpoint("GET", "/api/v1/c", conflict, "Refuses", PUBLIC, answers={200: Answer}),
    Endpoint("GET", "/api/v1/busy", busy, "Is busy", PUBLIC, answers={200: Answer}),
    Endpoint(
        "GET", "/api/v1/late", late, "Takes too long", PUBLIC, answers={200: Answer}, seconds=0.1
    ),
    Endpoint("GET", "/api/v1/often", often, "Was asked too often", PUBLIC, answers={200: Answer}),
    Endpoint("GET", "/api/v1/d", defect, "Fails", PUBLIC, answers={200: Answer}),
    Endpoint(
        "GET", "/api/v1/staff/{number}", listed, "For auditors", AUDITORS, params={"number": int},
        query=Query, answers={200: Answer},
    ),
    Endpoint(
        "GET", "/api/v1/money/{number}", listed, "For approvers", APPROVERS,
        params={"number": int}, query=Query, answers={200: Answer},
    ),
    Endpoint("GET", "/c", conflict, "Refuses", PUBLIC),
    Endpoint("GET", "/d", defect, "Fails", PUBLIC),
    Endpoint("GET", "/page", page, "A page", PUBLIC),
    Endpoint("GET", "/file", file, "A file", PUBLIC),
    Endpoint("GET", "/desk", page, "A page for auditors", AUDITORS),
    Endpoint("GET", "/desk/d", defect, "Fails auditors", AUDITORS),
    Endpoint(
        "POST", "/desk", send, "A form for auditors", AUDITORS, body=Typed, form=True,
        again=again, csrf="token",
    ),
    Endpoint(
        "POST", "/sign-in", send, "A form before any session", PUBLIC, body=Typed, form=True,
        again=again, csrf="origin",
    ),
)  # fmt: skip


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """The table, served."""
    template = '{% extends "base.html" %}{% block main %}[{{ typed }}|{{ refused }}]{% endblock %}'
    (tmp_path / "page.html").write_text(template)
    house = House("test", TABLE, Pages(tmp_path), OneDoor())
    async with TestClient(TestServer(make_app(house))) as opened:
        yield opened


async def post(client: Client, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Send to the echo: its status and JSON."""
    sent = JSON | {"Idempotency-Key": KEY} | {k.replace("_", "-"): v for k, v in headers.items()}
    response = await client.post("/api/v1/echo", data=body, headers=sent)
    return response.status, await response.json()


GOOD = b'{"name": "xy", "number": 1}'


async def test_models_go_in_and_out(client: Client) -> None:
    """A checked body comes back as a model, under the status that the handler chose."""
    fresh = await post(client, GOOD)
    repeated = await post(client, GOOD, Idempotency_Key=KEY + "again")
    assert (201, {"name": "xy", "number": 1}) == fresh
    assert (200, {"name": "xy", "number": 1}) == repeated


@pytest.mark.parametrize(
    ("body", "status", "slug", "field"),
    [
        (b'{"name": "x", "number": 1}', 422, "invalid", "name"),
        (b'{"name": "xy", "number": "z"}', 422, "invalid", "number"),
        (b'{"name": "xy", "number": 1, "more": 1}', 422, "invalid", "more"),
        (b"{", 400, "malformed", None),
        (b"", 400, "malformed", None),
        (b"\xff\xfe", 400, "malformed", None),
        (b"[]", 422, "invalid", "body"),
        (b'{"name": "' + b"x" * 2000 + b'"}', 413, "too-large", None),
    ],
    ids=["short", "not a number", "unknown", "broken", "empty", "no text", "list", "large"],
)
async def test_bad_input_is_a_problem_with_the_fields_name(
    client: Client, body: bytes, status: int, slug: str, field: str | None
) -> None:
    """Any bad body gets a problem document that names the field, never a 500."""
    told, problem = await post(client, body)
    assert (status, status) == (told, problem["status"])
    assert f"urn:mashang:problem:{slug}" == problem["type"]
    assert field == (problem["errors"][0]["field"] if "errors" in problem else None)
    assert "wrong." not in problem["detail"]


async def test_staff_are_told_how_to_go_on_after_a_fault(client: Client) -> None:
    """Once more to the same address, or home; and what to name to whoever runs the system."""
    headers = {"Accept": "text/html", "Cookie": "who=yes"}
    response = await client.get("/desk/d?x=1", headers=headers)
    told, mark = await response.text(), response.headers["X-Correlation-Id"][:8]
    assert (500, 1) == (response.status, told.count("<h1"))
    for said in ('href="/desk/d?x=1"', "再试一次", mark):
        assert said in told, said


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Content-Type": "text/plain"}, "refused.media_type"),
        ({"Content-Type": MEDIA_TYPE}, "refused.media_type"),
        ({"Content-Type": "application/json; charset=gbk"}, "refused.charset"),
        ({"Content-Encoding": "gzip"}, "refused.encoding"),
    ],
)
async def test_other_kinds_of_bodies_are_told(
    client: Client, headers: dict[str, str], key: str
) -> None:
    """415 for media types, character sets and encodings that are not read, never a guess."""
    sent = JSON | {"Idempotency-Key": KEY} | headers
    response = await client.post("/api/v1/echo", data=b"\x1f\x8b" + GOOD, headers=sent)
    assert (415, key) == (response.status, (await response.json())["key"])


async def test_a_body_that_was_cut_is_told(client: Client) -> None:
    """A chunk that is none ends in 400, and not in a failure of ours."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = (
        f"POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nIdempotency-Key: {KEY}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode() + b'4\r\n{"na\r\nzz\r\n')
    status = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    assert b" 400 " in status


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with a space in it"])
async def test_a_repeat_key_is_asked_for(client: Client, key: str) -> None:
    """Without a good one nothing is done, and the answer says which header to send."""
    status, problem = await post(client, GOOD, Idempotency_Key=key)
    assert (400, "refused.repeat_key") == (status, problem["key"])
    assert "Idempotency-Key" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/api/v1/numbers/7", 200, {"name": "7", "number": 5}),
        ("/api/v1/numbers/7?limit=9&more=1", 200, {"name": "7", "number": 9}),
        ("/api/v1/numbers/7?limit=0", 422, None),
        ("/api/v1/numbers/7?limit=x", 422, None),
        ("/api/v1/numbers/seven", 404, None),
        ("/api/v1/numbers/%00", 404, None),
    ],
)
async def test_paths_and_queries_are_checked(
    client: Client, path: str, status: int, answer: dict[str, Any] | None
) -> None:
    """A path that names nothing is 404, a wrong query parameter is named."""
    response = await client.get(path)
    told = await response.json()
    assert status == response.status
    assert answer in (None, told)
    assert (status == 422) == ("limit" in str(told.get("errors")))


REFUSALS = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/echo", 405),
    ("GET", "/api/v1/c", 409),
    ("GET", "/api/v1/often", 429),
    ("GET", "/api/v1/d", 500),
    ("GET", "/api/v1/busy", 503),
    ("GET", "/api/v1/staff/1", 401),
    ("PUT", "/c", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), REFUSALS)
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_refusal_is_a_problem_in_the_callers_language(
    client: Client, method: str, path: str, status: int, lang: str
) -> None:
    """Also what aiohttp itself answers; no Chinese in the English one, nor the other way round."""
    response = await client.request(method, path, headers={"Accept-Language": lang})
    problem = await response.json()
    assert (status, status) == (response.status, problem["status"])
    assert "application/problem+json" == response.content_type
    assert {"zh": "zh-CN", "en": "en"}[lang] == response.headers["Content-Language"]
    assert (lang == "zh") == (not problem["title"].isascii())
    assert (lang == "zh") == (not problem["detail"].isascii())


@pytest.mark.parametrize(("method", "path", "status"), [r for r in REFUSALS if "api" not in r[1]])
async def test_browsers_get_every_refusal_as_a_page(
    client: Client, method: str, path: str, status: int
) -> None:
    """The same words on a page of ours."""
    response = await client.request(method, path, headers=HTML | {"Accept-Language": "en"})
    assert (status, "text/html") == (response.status, response.content_type)
    assert '<section class="pane">' in await response.text()


async def test_refusals_carry_the_headers_of_their_kind(client: Client) -> None:
    """405 says what is allowed, 429 and 503 when to come back."""
    wrong = await client.delete("/api/v1/echo")
    assert "POST" == wrong.headers["Allow"]
    assert "GET,HEAD" == (await client.post("/page")).headers["Allow"]
    assert "5" == (await client.get("/api/v1/busy")).headers["Retry-After"]
    assert "1" == (await client.get("/api/v1/often")).headers["Retry-After"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/api/v1/busy", "Unavailable"), ("/api/v1/late", "TimeoutError")],
)
async def test_the_log_says_why_somebody_was_put_off(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    """A line that names the route and the cause; one a second is enough of each."""
    monkeypatch.setattr(refusing, "_quiet_until", {})
    with captured_logs() as logs:
        statuses = [(await client.get(path)).status for _ in range(3)]
    [line] = logs
    assert ([503] * 3, "request put off") == (statuses, line["event"])
    assert ("GET", path, reason) == (line["method"], line["route"], line["reason"])


@pytest.mark.parametrize("path", ["/d", "/api/v1/d"])
async def test_a_defect_tells_nothing(client: Client, path: str) -> None:
    """An unexpected error is a 500 without a traceback or anything of the inside."""
    response = await client.get(path)
    text = await response.text()
    assert 500 == response.status
    assert "13812345678" not in text
    assert "RuntimeError" not in text


async def test_head_answers_like_get_without_a_body(client: Client) -> None:
    """Link checkers and load balancers ask this way."""
    for path in ("/page", "/api/v1/numbers/7", "/static/mark.svg"):
        response = await client.head(path)
        assert (200, b"") == (response.status, await response.read())
    assert 404 == (await client.head("/nowhere")).status


async def test_every_answer_is_hardened_and_traceable(client: Client) -> None:
    """Security headers and the correlation id are on errors too."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    for path in ("/nowhere", "/page", "/api/v1/c", "/d"):
        response = await client.get(path, headers=headers)
        assert trace_id == response.headers["X-Correlation-Id"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        assert "no-store" == response.headers["Cache-Control"]
        assert "mashang" == response.headers["Server"]


async def test_static_files_are_kept_by_the_browser(client: Client) -> None:
    """On a slow network the second page does not load the style sheet again."""
    kept, brief = "public, max-age=31536000, immutable", "public, max-age=3600"
    for sheet in ("staff.css", "night.css", "citizen.css"):
        told = [
            (await client.get(f"/static/{sheet}{query}")).headers["Cache-Control"]
            for query in (f"?v={assets.version(sheet)}", "", "?v=0", "?v=", "?v=%00")
        ]
        assert [kept, *[brief] * 4] == told
    assert 404 == (await client.get("/static/../edge.py")).status
    assert 404 == (await client.get("/static/nowhere.css?v=1")).status


async def test_pages_name_the_sheet_that_they_were_made_for(client: Client) -> None:
    """A changed sheet has another address, so nobody sees a new page in an old dress."""
    page = await (await client.get("/page")).text()
    sheet = assets.address("citizen.css")
    assert f'href="{sheet}"' in page
    response = await client.get(sheet)
    assert (200, "text/css", "gzip") == (
        response.status, response.content_type, response.headers["Content-Encoding"],
    )  # fmt: skip
    bare = await client.get(sheet, headers={"Accept-Encoding": "identity"})
    assert await bare.text() == await response.text()
    assert "Content-Encoding" not in bare.headers


async def test_large_print_is_remembered(client: Client) -> None:
    """One tap away, kept by a cookie, one tap back; nonsense counts for nothing."""

    async def printed(path: str) -> tuple[bool, bool]:
        response = await client.get(path, headers={"Accept-Language": "zh"})
        page = await response.text()
        return 'class="elder"' in page, 'href="?size=normal">普通版' in page

    assert (False, False) == await printed("/page")
    assert (True, True) == await printed("/page?size=large")
    assert (True, True) == await printed("/page")
    assert (True, True) == await printed("/page?size=huge")
    assert (False, False) == await printed("/page?size=normal")
    assert (False, False) == await printed("/page")


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("zh-CN,zh;q=0.9", "zh-CN"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "en"),
        ("ru-RU,ru;q=0.9,en-GB;q=0.8,zh;q=0.1", "en"),
        ("en;q=0.1, zh;q=0.2", "zh-CN"),
        ("en;q=0, de", "zh-CN"),
        ("EN-us", "en"),
        ("english;q=x, *;q=0.5", "zh-CN"),
        ("", "zh-CN"),
    ],
)
async def test_the_language_that_is_wanted_most_is_spoken(
    client: Client, accepted: str, tag: str
) -> None:
    """Of ours, the one with the highest q-value; Chinese where none is wanted."""
    response = await client.get("/page", headers={"Accept-Language": accepted})
    assert tag == response.headers["Content-Language"]
    assert f'<html lang="{tag}" dir="ltr">' in await response.text()


async def test_a_language_that_was_chosen_stays(client: Client) -> None:
    """`?lang=` wins over everything and is kept in a cookie; nonsense in it counts for nothing."""
    chosen = await client.get("/page?lang=en", headers={"Accept-Language": "zh"})
    kept = await client.get("/page", headers={"Accept-Language": "zh"})
    nonsense = await client.get("/page?lang=<b>", headers={"Accept-Language": "zh"})
    tags = [r.headers["Content-Language"] for r in (chosen, kept, nonsense)]
    assert ["en", "en", "en"] == tags
    assert "mashang_lang" not in nonsense.headers.get("Set-Cookie", "")


async def test_pages_escape_and_set_their_cookies(client: Client) -> None:
    """Nothing typed becomes markup; cookies are out of scripts' reach."""
    response = await client.get("/page")
    cookie = response.headers["Set-Cookie"]
    assert "[&lt;b&gt;|]" in await response.text()
    assert [] == [part for part in ("seen=1", "HttpOnly", "Path=/") if part not in cookie]


async def test_a_file_is_saved_under_its_name(client: Client) -> None:
    """In any script, and whatever stands in it; nothing of ours is run from it or shown with it."""
    response = await client.get("/file")
    name = "%E9%A9%BB%E5%85%AC%E7%9D%A3%22%3B%2017%E5%8F%B7.pdf"
    assert b"%PDF" == await response.read()
    assert "application/pdf" == response.headers["Content-Type"]
    assert f"attachment; filename*=UTF-8''{name}" == response.headers["Content-Disposition"]
    assert "default-src 'none'; sandbox" == response.headers["Content-Security-Policy"]


async def test_a_slash_too_many_leads_to_the_page(client: Client) -> None:
    """For pages, with the query; an API's address stays exact."""
    response = await client.get("/page/?lang=en", allow_redirects=False)
    assert (308, "/page?lang=en") == (response.status, response.headers["Location"])
    assert 404 == (await client.get("/api/v1/c/")).status


async def test_programs_need_a_token_of_the_right_role(client: Client) -> None:
    """401 without or with a wrong token, 403 with another role, 200 with the right one."""
    answers = [
        (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status
        for path, token in (
            ("/api/v1/staff/1", ""), ("/api/v1/staff/1", "no"), ("/api/v1/money/1", "yes"),
            ("/api/v1/staff/1", "yes"),
        )
    ]  # fmt: skip
    assert [401, 401, 403, 200] == answers


async def test_browsers_without_a_session_are_led_to_the_sign_in(client: Client) -> None:
    """A page leads there and back; a form that was sent too late is kept, with the way there."""
    asked = await client.get("/desk?lang=en", allow_redirects=False)
    sent = await client.post(
        "/desk", data={"note": "<i>写了很久"}, headers=OWN | HTML, allow_redirects=False
    )
    assert (303, "/sign-in?next=/desk?lang=en") == (asked.status, asked.headers["Location"])
    shown = await sent.text()
    assert (401, True) == (sent.status, "\n&lt;i&gt;写了很久</textarea>" in shown)
    assert 'href="/sign-in?next=/" target="_blank"' in shown
    assert 'method="post" action="/desk" data-kept>' in shown


async def staff_form(client: Client, **fields: str) -> tuple[int, str, str]:
    """Send the staff form from its own page, as the signed-in operator."""
    response = await client.post(
        "/desk", data=fields, headers=HTML | OWN, cookies={"who": "yes"}, allow_redirects=False
    )
    return response.status, response.headers.get("Location", ""), await response.text()


async def test_staff_forms_need_their_token(client: Client) -> None:
    """Without the session's token nothing is done; with it the checked form is."""
    assert 403 == (await staff_form(client, note="ok"))[0]
    assert 403 == (await staff_form(client, note="ok", csrf="другой"))[0]
    taken = await staff_form(client, note="ok", badges="1", csrf=VISITOR.csrf)
    assert (303, "/page?note=ok&badges=1") == taken[:2]


async def test_a_refused_form_is_shown_as_typed(client: Client) -> None:
    """What was typed comes back with the refusal's status and key."""
    status, _, shown = await staff_form(client, note="<", csrf=VISITOR.csrf)
    assert 422 == status
    assert "[&lt;|problem.invalid.hint]" in shown


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
async def test_forms_before_a_session_must_come_from_our_own_page(
    client: Client, headers: dict[str, str], status: int
) -> None:
    """Nobody is signed in by another site's form."""
    response = await client.post(
        "/sign-in", data={"note": "ok"}, headers=headers, allow_redirects=False
    )
    own = {"Origin": f"http://{client.host}:{client.port}"}
    same = await client.post("/sign-in", data={"note": "ok"}, headers=own, allow_redirects=False)
    assert (status, 303) == (response.status, same.status)


async def test_the_description_is_served(client: Client) -> None:
    """As JSON for programs and as a page for people, with the limits of each endpoint."""
    document = json.loads(await (await client.get("/openapi.json")).text())
    shown = await (await client.get("/openapi")).text()
    assert {"/api/v1/echo", "/api/v1/c"} <= set(document["paths"])
    assert "/desk" not in document["paths"]
    assert "POST /api/v1/echo" in shown
    assert "1 KiB" in shown
