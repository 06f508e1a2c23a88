"""The console's pages, of every service: what waits is shown, replayed, discarded; who may not."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession
from yarl import URL

from shared.console import acts
from shared.events import wrap
from shared.observe import log
from shared.web.texts import text
from tests.integration.test_access_matrix import Screen
from tests.samples import SAMPLES, SEALED
from tests.town import SERVICES, Town

RECEIVED = next(event for event in SAMPLES if event.TYPE == "submission.received.v1")
_PARK = """
    INSERT INTO inbox_pending (consumer, event_id, type, body, state, attempts, error, parked_at)
    SELECT $1, e.id, $3, $4, 'parked', 12, $5, now() - interval '3 hours'
    FROM unnest($2::uuid[]) AS e (id)
"""


async def park(place: Town, service: str, kind: str, *, number: int = 1, body: str = "{}") -> UUID:
    """So many events of a kind that wait for a person; one of them."""
    ids = [uuid4() for _ in range(number)]
    async with place.databases[service].acquire() as conn:
        await conn.execute(_PARK, service, ids, kind, body, "Bad(<b>7</b>)")
    return ids[0]


class Desk:
    """One keeper's browser at one service; `page` is what it shows."""

    def __init__(self, http: ClientSession, home: str, screen: Screen, lang: str) -> None:
        self._http, self._home, self._screen, self._lang = http, home, screen, lang
        self.page, self.location = "", ""

    async def get(self, path: str, **query: object) -> int:
        """Open a page."""
        url = URL(f"{self._home}{path}").update_query({k: str(v) for k, v in query.items()})
        return await self._ask("GET", url)

    async def send(self, path: str, **fields: str) -> int:
        """Send the form of the page that is open, with its hidden fields."""
        own = dict(re.findall('type="hidden" name="([^"]+)" value="([^"]*)"', self.page))
        return await self._ask("POST", URL(f"{self._home}{path}"), {**own, **fields})

    async def _ask(self, method: str, url: URL, form: dict[str, str] | None = None) -> int:
        headers = {
            "Cookie": self._screen.cookie, "Accept": "text/html", "Origin": self._home,
            "Accept-Language": self._lang,
        }  # fmt: skip
        data: Any = {name: unescape(value) for name, value in form.items()} if form else None
        async with self._http.request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as response:
            self.page, self.location = await response.text(), response.headers.get("Location", "")
            return response.status


async def desk(place: Town, http: ClientSession, service: str, lang: str = "en") -> Desk:
    """The system administrator's."""
    screen = await Screen.of(place, service, "admin")
    return Desk(http, place.urls[service], screen, lang)


async def finish(place: Town, service: str) -> None:
    """As the service's own job."""
    while await acts.carry_on(place.databases[service]):
        pass


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_shows_what_waits(place: Town, service: str) -> None:
    """Filtered, one with its content, then confirmed and replayed; the act says who and why."""
    kind = f"x{uuid4().hex[:8]}.v1"
    event_id = await park(place, service, kind, number=2)
    async with ClientSession() as http:
        own = await desk(place, http, service)
        assert 200 == await own.get("/console", type=kind, error="bad(", hours="2", state="parked")
        assert "2 events are meant" in own.page
        assert "Bad(&lt;b&gt;7&lt;/b&gt;)" in own.page
        assert own.page.count(f"/console/events/{event_id}") == 1
        assert 200 == await own.get(f"/console/events/{event_id}")
        assert 200 == await own.get("/console/acts/new", act="replay", type=kind)
        assert f"Replay 2 events of {text('en', f'staff_{service}')}?" in own.page
        assert text("en", "console_then_replay_hurts") in own.page
        assert 303 == await own.send("/console/acts", reason="mended")
        assert 200 == await own.get(own.location)
        assert [] == [word for word in ("mended", "admin", "2 of 2") if word not in own.page]
        assert 200 == await own.get("/console/acts")
        assert "mended" in own.page
    async with place.databases[service].acquire() as conn:
        rows = await conn.fetch("SELECT state, attempts FROM inbox_pending WHERE type = $1", kind)
        await conn.execute("DELETE FROM inbox_pending WHERE type = $1", kind)
    assert [("pending", 0)] * 2 == [tuple(row) for row in rows]


async def test_a_discard_wants_a_reason(place: Town) -> None:
    """Without one nothing is done, and all that was chosen is still there; then it is on record."""
    kind = f"x{uuid4().hex[:8]}.v1"
    event_id = await park(place, "rewards", kind)
    async with ClientSession() as http:
        own = await desk(place, http, "rewards")
        await own.get("/console/acts/new", act="discard", event_id=event_id)
        assert text("en", "console_then_discard_hurts") in own.page
        assert 422 == await own.send("/console/acts", reason="  ")
        assert 'href="#reason"' in own.page
        assert 'aria-invalid="true"' in own.page
        assert f'name="event_id" value="{event_id}"' in own.page
        assert 303 == await own.send("/console/acts", reason="its case was a test")
        await own.get(f"/console/events/{event_id}")
        assert [] == [w for w in ("its case was a test", "Discarded", "admin") if w not in own.page]
        assert text("en", "console_gone") in own.page
        assert 200 == await own.get("/console/acts/new", act="discard", event_id=event_id)
        assert text("en", "console_none") in own.page
        assert "<button>" not in own.page


async def test_many_are_replayed_with_progress(place: Town) -> None:
    """A thousand: the page says how far it has come, looks again by itself, and comes to an end."""
    kind = f"x{uuid4().hex[:8]}.v1"
    await park(place, "scoring", kind, number=1000)
    async with ClientSession() as http:
        own = await desk(place, http, "scoring")
        await own.get("/console/acts/new", act="replay", type=kind)
        assert 303 == await own.send("/console/acts")
        act = own.location
        await own.get(act)
        assert [True, True] == [
            "100 of 1000" in own.page,
            text("en", "console_goes_on") in own.page,
        ]
        assert '<progress max="1000" value="100"' in own.page
        await acts.carry_on(place.databases["scoring"])
        await own.get(act)
        assert "200 of 1000" in own.page
        await finish(place, "scoring")
        await own.get(act)
        assert [True, True] == ["1000 of 1000" in own.page, text("en", "console_ended") in own.page]
    async with place.databases["scoring"].acquire() as conn:
        assert 1000 == await conn.fetchval(
            "WITH gone AS (DELETE FROM inbox_pending WHERE type = $1 AND state = 'pending'"
            " RETURNING 1) SELECT count(*) FROM gone",
            kind,
        )


async def test_a_second_click_does_nothing(place: Town) -> None:
    """The same form twice is one act."""
    kind = f"x{uuid4().hex[:8]}.v1"
    await park(place, "intake", kind)
    async with ClientSession() as http:
        own = await desk(place, http, "intake")
        await own.get("/console/acts/new", act="discard", type=kind)
        page = own.page
        assert 303 == await own.send("/console/acts", reason="once")
        first, own.page = own.location, page
        assert (303, first) == (await own.send("/console/acts", reason="once"), own.location)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_what_is_sealed_is_not_shown(place: Town, lang: str) -> None:
    """In both languages: the event is readable, its phone and words are not."""
    _, body = wrap(RECEIVED, "intake")
    event_id = await park(place, "verification", RECEIVED.TYPE, body=body)
    async with ClientSession() as http:
        own = await desk(place, http, "verification", lang)
        assert 200 == await own.get(f"/console/events/{event_id}")
        assert text(lang, "console_sealed") in own.page
        assert RECEIVED.subject in own.page
        assert SEALED not in own.page
        assert RECEIVED.phone_index not in own.page  # type: ignore[attr-defined]
        await own.get("/console/acts/new", act="discard", event_id=event_id)
        await own.send("/console/acts", reason="x")
        await own.get(own.location)
        assert RECEIVED.subject in own.page
        assert SEALED not in own.page


@pytest.mark.parametrize(
    "body", ["", "not json", '{"a":' * 9000, "\ufffd" * 50, '"<script>"', "[]" * 30_000]
)
async def test_garbage_is_said_to_be_garbage(place: Town, body: str) -> None:
    """Whatever came instead of an event: a page, its size, and an act that works."""
    event_id = await park(place, "notifications", "", body=body)
    async with ClientSession() as http:
        own = await desk(place, http, "notifications")
        assert 200 == await own.get(f"/console/events/{event_id}")
        assert f"({len(body.encode())} bytes)" in own.page
        assert "<script>" not in own.page
        await own.get("/console/acts/new", act="discard", event_id=event_id)
        assert 303 == await own.send("/console/acts", reason="no event")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/console", {"state": "gone"}, 422), ("/console", {"hours": "-1"}, 422),
        ("/console", {"hours": "x"}, 422), ("/console", {"since": "0001-01-01T00:00:00Z"}, 422),
        ("/console", {"last": "7"}, 422), ("/console", {"hours": "87840"}, 200),
        ("/console", {"type": "", "error": "", "hours": "", "state": ""}, 200),
        ("/console", {"error": "x" * 201}, 422), ("/console/acts/new", {"act": "shout"}, 422),
        ("/console/acts/new", {"until": "2026-01-01"}, 422),
        ("/console/acts/new", {"until": "9999-12-31T23:59:59Z", "hours": "1"}, 422),
        ("/console/acts/new", {"event_id": "x"}, 422), ("/console/acts", {"before": "-1"}, 422),
        ("/console/acts/99999", {}, 404), ("/console/acts/x", {}, 404),
        (f"/console/events/{UUID(int=1)}", {}, 404), ("/console/events/x", {}, 404),
    ],
)  # fmt: skip
async def test_a_wrong_question_is_refused(
    place: Town, path: str, query: dict[str, str], status: int
) -> None:
    """In words, and never as a failure of ours."""
    async with ClientSession() as http:
        own = await desk(place, http, "scoring")
        assert status == await own.get(path, **query)


async def test_how_the_processes_are(place: Town) -> None:
    """Each with its broker and jobs; a wrong level is refused, a right one has an end."""
    database = place.databases["rewards"]
    async with database.acquire() as conn:
        await conn.execute(
            """INSERT INTO process_states (process, told) VALUES ('host:1', $1),
                   ('host:2', '{}')""",
            {"started_at": "2026-11-27T00:00:00Z", "broker": "takes nothing: low on memory",
             "level": "info", "jobs": [{"name": "sum", "every": 1, "succeeded_at": None,
             "failed_at": "2026-11-27T00:00:01Z", "error": "Bad()", "late": True}]},
        )  # fmt: skip
    async with ClientSession() as http:
        own = await desk(place, http, "rewards")
        assert 200 == await own.get("/console/processes")
        wanted = ("host:1", "low on memory", text("en", "console_broker_low"), "sum", "Bad()")
        assert [] == [word for word in wanted if word not in own.page]
        assert "host:2" not in own.page
        for wrong in ({"level": "loud"}, {"minutes": "0"}, {"minutes": "x"}, {"minutes": "1441"}):
            assert 422 == await own.send("/console/level", **{"level": "info", **wrong})
        assert 303 == await own.send("/console/level", level="debug", minutes="5", reason="slow")
        await own.get(own.location)
        assert "Now from debug on" in own.page
        await own.get("/console/acts")
        assert [True, True] == ["slow" in own.page, "debug" in own.page]


def test_a_louder_log_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to remember; the next line after the end is as before."""
    loud = log.Loudness("info")
    monkeypatch.setattr(log, "LOUDNESS", loud)
    monkeypatch.setattr("shared.observe.log.time.time", lambda: 100.0)
    log.change("debug", 101.0)
    assert [True, True] == [loud.says("debug"), loud.says("info")]
    monkeypatch.setattr("shared.observe.log.time.time", lambda: 101.0)
    assert [False, True] == [loud.says("debug"), loud.says("info")]
    log.change("error", 200.0)
    assert [False, True] == [loud.says("warning"), loud.says("error")]


async def test_who_watches_the_keepers_reads_their_acts(place: Town) -> None:
    """What was done, by whom and why; not what the events said, and no link that leads nowhere."""
    _, body = wrap(RECEIVED, "intake")
    event_id = await park(place, "scoring", RECEIVED.TYPE, body=body)
    async with ClientSession() as http:
        keeper = await desk(place, http, "scoring")
        await keeper.get("/console/acts/new", act="discard", event_id=event_id)
        await keeper.send("/console/acts", reason="a test's own")
    act = URL(f"{place.urls['scoring']}{keeper.location}")
    async with place.browser("audit", "en") as theirs, theirs.get(act) as response:
        page = await response.text()
        assert (200, act) == (response.status, response.url)
    assert "a test&#39;s own" in page
    assert RECEIVED.subject not in page
    assert [] == re.findall('href="(/console(?:/processes|/events[^"]*)?)"', page)


NOT_THEIRS: Sequence[str] = ("north1", "city", "approver", "auditor", "security", "leader")


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_else_sees_it(place: Town, service: str) -> None:
    """Strangers and other staff: no page, no link; who watches the keepers reads only the acts."""
    home = place.urls[service]
    async with ClientSession(headers={"Accept": "text/html"}) as http:
        for path in ("/console", "/console/acts", "/console/processes", "/console/charts"):
            async with http.get(f"{home}{path}", allow_redirects=False) as response:
                assert 303 == response.status
            for username in NOT_THEIRS:
                screen = await Screen.of(place, service, username)
                assert 403 == (await screen.ask(http, home, "GET", path))[0], (username, path)
        watcher = await Screen.of(place, service, "audit")
        told = [
            (await watcher.ask(http, home, "GET", path))[0]
            for path in ("/console/acts", "/console", "/console/processes", "/console/charts")
        ]
        assert [200, 403, 403, 403] == told
        assert 403 == (await watcher.ask(http, home, "POST", "/console/acts"))[0]
