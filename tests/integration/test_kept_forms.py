"""Nothing typed is lost: every form of every service, in both languages, whatever refuses it."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from markupsafe import escape

from deploy.local.postgres import Postgres
from services.verification.signin.store import sessions
from shared import faults
from shared.db import Database
from shared.errors import Unavailable
from shared.values import clock
from shared.web.endpoints import Endpoint
from shared.web.texts import text
from tests.conftest import Clone
from tests.integration.buttons import Buttons
from tests.integration.test_access_matrix import PEOPLE, Objects, objects
from tests.proxy import Proxy, proxy
from tests.support import at
from tests.town import SERVICES, Town, town
from tests.vendors import AIRTIME

# Pages promise five seconds of their own; a loaded machine adds to them. Without that it took 25.
PATIENCE = 15.0
LONG = '写了很久的<b>话</b> & "引号"\n第二行 {}'
# What is typed into the form at the end of an address, and what is chosen there.
FORMS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "{code}": (("words", "phone"), {"kind": "complaint", "satisfaction": "1", "consent": "1"}),
    "complaint": (("words", "phone", "officer_badge"), {"kind": "complaint", "consent": "1"}),
    "request": (("words", "phone"), {"kind": "request", "consent": "1"}),
    "thanks": (("words",), {}),
    "data": (("words",), {"kind": "correction"}),
    "rating": ((), {"solved": "0"}),
    "followup": (("words",), {}),
    "add": (("words",), {}),
    "withdraw": ((), {"withdrawn": "1"}),
    "above": (("words",), {}),
    "phone": (("phone",), {}),
    "code": (("code",), {}),
    "sign-in": (("username",), {"next": "/desk/cases/1"}),
    "callbacks": (("note",), {"outcome": "busy"}),
    "phone-reveals": (("reason",), {}),
    "templates": (("title", "body"), {"version": "0"}),
    "evidence": (("about",), {}),
    "keys": (("down",), {"single": "1"}),
    "views": (("title",), {"asked": "due=late"}),
    "questions": ((), {"solved": "1"}),
    "reviews": (("note",), {"decision": "return", "revision": "1"}),
    "verdicts": (
        ("finding", "answer", "incident"),
        {"verdict": "partly", "attribution": "unit", "revision": "1"},
    ),
    "review": (
        ("verdicts-finding", "verdicts-answer", "note"),
        {"verdicts-verdict": "partly", "verdicts-attribution": "unit", "revision": "1"},
    ),
    "recusals": (("officer", "reason"), {"decision": "recuse"}),
    "lead": (("word",), {"who": "north1"}),
    "helpers": (("word",), {"who": "north1", "decision": "join"}),
    "assign": (("word",), {"who": "north1"}),
    "answer": (("finding", "answer"), {"verdict": "helped"}),
    "merge": (("reason",), {}),
    "extension": (("reason",), {"days": "2"}),
    "dispute": (("reason",), {}),
    "word": (("word",), {}),
    "page": (("note",), {}),
    "duty-phone": (("phone",), {}),
    "incident": (("incident", "reason"), {"decision": "merge"}),
    "unlike": (("incident", "word"), {}),
    "appeal": (("reason",), {"officer": "A-1"}),
    "appeals": (("reason",), {"case_id": str(uuid4())}),
    "decision": (("word",), {"request_id": str(uuid4()), "decision": "refuse"}),
    "held": (("reason",), {"outcome": "released"}),
    "approvals": (("approvals-note", "write-offs-note"), {"approvals-decision": "refuse"}),
    "holds": (("holds-note", "approvals-note"), {}),
    "resolutions": (("note", "2-note"), {}),
    "mismatches": (("1-note", "2-note"), {}),
    "lifts": (("note",), {}),
    "top-ups": (("yuan", "note"), {"vendor": AIRTIME.name, "day": "2026-03-03"}),
    "reversal": (("note",), {}),
    "closes": ((), {"month": "2026-03-01"}),
    # The Enter key on a case's page.
    "{case_id}": (
        ("callbacks-note", "phone-reveals-reason", "verdicts-finding"),
        {"revision": "1"},
    ),
    "write-offs": (("write-offs-note", "approvals-note"), {}),
    # The Enter key, and the language, on a reward's page.
    "{reward_id}": (("approvals-note", "holds-note", "write-offs-note"), {}),
    "release": ((), {}),
    "acts": (("reason",), {"act": "discard", "state": "parked", "type": "x.v1"}),
    "level": (("reason",), {"level": "debug", "minutes": "5"}),
    "resend": (("reason",), {"confirmed": "1"}),
    "stops": (("phone", "reason"), {"stopped": "1"}),
    # Whom praise means is chosen.
    "{commendation_id}": ((), {"badge": "A-2"}),
    "acknowledgement": (("plan",), {}),
    "duties": (
        (),
        {"counter": "1", "badge": "A-1", "days": "2026-11-30", "begins": "09:00", "ends": "12:00"},
    ),
    "windows": (("name", "matters"), {"counter": "1", "version": "0"}),
    "holidays": (("calendar",), {}),
    "file": (("calendar",), {}),
    "signature": (("reason",), {"decision": "decline"}),
    # The directory's things, as they are and new.
    "{place_code}": (("name",), {"level": "county", "parent": "root"}),
    "{unit_code}": (("name", "counters", "matters"), {"parent": "north", "kind": "vehicle"}),
    "{badge}": (("name", "unit_code"), {"active": "yes"}),
    "{username}": (("name", "scope", "badge"), {"role": "auditor"}),
    "place": (("code", "name"), {"level": "county", "parent": "root"}),
    "unit": (("name", "counters", "matters"), {"parent": "north", "kind": "vehicle"}),
    "officer": (("badge", "name", "unit_code", "phone"), {}),
    "operator": (("username", "name", "scope"), {"role": "auditor"}),
    "{change_id}": ((), {}),
    "no-more": ((), {"no_more": "1"}),
    "look": (("visits", "size"), {"unit": "n1"}),
    "invitations": (("visits", "size"), {"unit": "n1"}),
    # Without the way it came, which is asked for: what is right leads to a page of its own.
    "filings": (
        ("words", "phone", "officer_typed"),
        {"unit": "n1", "kind": "complaint", "language": "zh", "consent": "1"},
    ),
}
# What a right form has there: it is not for this that it is refused.
SHORT = {
    "phone": "138 0013 8000", "officer_badge": "A-1", "username": "nobody.here", "code": "123 456",
    "down": "n", "yuan": "20.5",
}  # fmt: skip
# Nothing can be typed there but a file chosen, it stands in the address afterwards, or a program
# sends it: so nothing can be lost.
BUTTONS = {
    "sign-out", "r", "requests.json", "requests.xml", "kiosk", "conflict", "draft",
    "removal", "again", "exports", "import", "statements", "{preview_id}", "reading",
    # Passwords and codes, which no page shows again; and sessions that are ended.
    "second", "password", "new-password", "confirm", "factor", "codes", "sessions",
}  # fmt: skip

# Where a text is too long and none says so: the Enter key keeps it, or brings the page again.
OTHERWISE = {
    "verification /desk/cases/{case_id}": 303, "rewards /rewards/{reward_id}": 200,
    "rewards /mismatches": 200,
}  # fmt: skip
# Refused unread where its case has come so far that nothing is added, as other tests may have it.
AS_IT_STANDS = ("intake /r/{receipt}/add", 409)


def last_of(one: Endpoint) -> str:
    """What a form is called here; a kiosk's faces stand at an address like a window's form."""
    return "kiosk" if one.path.startswith("/k/") else one.path.rpartition("/")[2]


def sender(one: Endpoint) -> str:
    """Somebody who may send it; the inspection has none of the objects, two look only at people.

    Who submitted the verdict signs nothing that follows from it.
    """
    if last_of(one) == "signature":
        return "leader"
    without = ("inspection", "security_admin", "audit_admin")
    roles = [role for role in one.caller.roles if role not in without] or one.caller.roles
    return PEOPLE[roles[-1]] if roles else ""


@dataclass
class Form:
    """A form as somebody has filled it in, in a browser of their own."""

    service: str
    endpoint: Endpoint
    url: str
    http: ClientSession
    fields: dict[str, str]
    typed: list[str]
    headers: dict[str, str]
    who: str

    @property
    def name(self) -> str:
        """Which one it is, for a test's message."""
        return f"{self.service} {self.endpoint.path}"

    async def send(self, **changed: str) -> tuple[int, str]:
        """Press the button: status and page, within the time for which people wait."""
        async with (
            asyncio.timeout(PATIENCE),
            self.http.post(
                self.url, data=self.fields | changed, headers=self.headers, allow_redirects=False
            ) as answer,
        ):
            return answer.status, await answer.text()

    def lost(self, page: str) -> list[str]:
        """What was typed and is not on the page."""
        return [told for told in self.typed if str(escape(told)) not in page]


def _token(page: str) -> str:
    found = re.search('name="csrf" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


@dataclass
class Street:
    """A town behind a network that can fail, and a browser for each of its people."""

    place: Town
    network: Proxy
    about: Objects
    browsers: dict[str, ClientSession]

    async def forms(self, language: str) -> list[Form]:
        """Each of them, in the browser of somebody who may send it."""
        asked = [
            (service, one)
            for service in SERVICES
            for one in self.place.services[service].endpoints
            if one.form and last_of(one) not in BUTTONS
        ]
        tokens = await self.tokens({(sender(one), service) for service, one in asked})
        return [self.fill(service, one, language, tokens) for service, one in asked]

    async def tokens(self, doors: Collection[tuple[str, str]]) -> dict[str, str]:
        """Who comes in at which service; what the forms of each of their browsers carry."""
        known = dict[str, str]()
        for who, service in sorted(doors):
            if who:
                await self.open(who, service)
                known[who] = known.get(who) or await self.token(self.browsers[who])
        return known

    def fill(self, service: str, one: Endpoint, language: str, tokens: Mapping[str, str]) -> Form:
        """One of them."""
        home, last = self.place.urls[service], last_of(one)
        who = sender(one)
        names, chosen = FORMS[last]
        typed = {name: SHORT.get(name, LONG.format(name)) for name in names}
        fields = {**chosen, **typed, "key": uuid4().hex, "step": "details"}
        if who:
            fields["csrf"] = tokens[who]
        if last == "sign-in":
            fields["password"] = "never shown again"
        address = home + self.about.address(one)
        headers = {"Origin": home, "Accept-Language": language}
        http, words = self.browsers[who], list(typed.values())
        return Form(service, one, address, http, fields, words, headers, who)

    async def open(self, who: str, service: str) -> None:
        """A first page for staff; the citizens' asks nobody who they are."""
        path = "invitations" if service == "intake" else ""
        path = "console" if who == "admin" else path
        async with self.browsers[who].get(f"{self.place.urls[service]}/{path}") as page:
            assert 200 == page.status, await page.text()

    async def token(self, http: ClientSession) -> str:
        """What the forms of this browser's session carry, in every service."""
        async with http.get(f"{self.place.urls['verification']}/desk/sign-out") as page:
            return _token(await page.text())

    async def recovered(self) -> None:
        """Wait until every service reaches its database again."""
        for database in self.place.databases.values():
            for _ in range(100):
                with suppress(*faults.PASSING):
                    async with database.acquire() as conn:
                        await conn.fetchval("SELECT 1")
                        break
                await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def street(module_clone: Clone, postgres: Postgres) -> AsyncIterator[Street]:
    """All services reach their databases by way of one proxy."""
    async with proxy(postgres.port) as network:

        async def by_way(service: str) -> str:
            return network.through(await module_clone(service))

        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(town(by_way))
            browsers = {
                who: await stack.enter_async_context(place.browser(who))
                for who in ("", "city", "leader", "approver", "admin", "security")
            }
            about = await objects(place, browsers[""])
            yield Street(place, network, about, browsers)


@pytest.fixture(params=["zh", "en"])
async def forms(street: Street, request: pytest.FixtureRequest) -> tuple[Street, list[Form]]:
    """Every form, filled in, in a language."""
    await street.recovered()
    return street, await street.forms(request.param)


Filled = tuple[Street, list[Form]]


# Status, what is lost, and the page, by form.
Answers = dict[str, tuple[int, list[str], str]]


async def send_all(filled: list[Form]) -> Answers:
    """All at once, since each waits for its answer as long as people do."""
    answers = await asyncio.gather(*(form.send() for form in filled))
    return {
        form.name: (status, form.lost(page), page)
        for form, (status, page) in zip(filled, answers, strict=True)
    }


async def send_each(filled: list[Form], **changed: str) -> Answers:
    """One after the other: none waits for a connection that the others have."""
    told = Answers()
    for form in filled:
        status, page = await form.send(**changed)
        told[form.name] = status, form.lost(page), page
    return told


def statuses(told: Answers) -> dict[str, tuple[int, list[str]]]:
    """Without the pages, for a message that can be read."""
    return {name: (status, lost) for name, (status, lost, _) in told.items()}


async def test_every_form_is_known_here_and_complete(street: Street) -> None:
    """Each shows itself again; a staff form has its token and its repeat key."""
    ends = set()
    for service in SERVICES:
        for one in street.place.services[service].endpoints:
            if not one.form:
                continue
            ends.add(last := last_of(one))
            if last in BUTTONS:
                continue
            assert one.again is not None, one.path
            if one.caller.kind == "staff":
                assert ("token", "form") == (one.csrf, one.repeat), one.path
    assert set(FORMS) | BUTTONS == ends


async def test_a_database_that_refuses(forms: Filled) -> None:
    """503 with everything that was typed, while no service reaches its database."""
    street, filled = forms
    street.network.refuse()
    try:
        told = await send_all(filled)
    finally:
        street.network.refuse(refusing=False)
    assert dict.fromkeys(told, (503, [])) == statuses(told)


async def test_a_database_that_hangs(forms: Filled) -> None:
    """503 in less than five seconds with everything that was typed, though nobody answers."""
    street, filled = forms
    street.network.freeze()
    try:
        told = await send_all(filled)
    finally:
        street.network.thaw()
        street.network.drop()
    assert dict.fromkeys(told, (503, [])) == statuses(told)
    assert [] == [name for name, (_, _, page) in told.items() if "never shown again" in page]


async def test_a_pool_without_a_free_connection(forms: Filled) -> None:
    """503 with everything that was typed, while all connections are taken."""
    street, filled = forms
    async with AsyncExitStack() as stack:
        for database in street.place.databases.values():
            await exhaust(stack, database)
        # What intake takes in waits for its own commit, of which it has one at a time.
        told = await send_all(filled)
    assert dict.fromkeys(told, (503, [])) == statuses(told)


async def exhaust(stack: AsyncExitStack, database: Database) -> None:
    """Take every connection but those that the service itself keeps, to hear what happens."""
    with suppress(Unavailable):
        for _ in range(database.pool.get_max_size()):
            await stack.enter_async_context(database.acquire())


async def test_a_session_that_ran_out(forms: Filled) -> None:
    """401 with everything that was typed, and the way to sign in."""
    _, filled = forms
    staff = [form for form in filled if form.who]
    with at(clock.now() + timedelta(days=1)):
        told = await send_each(staff)
    assert dict.fromkeys(told, (401, [])) == statuses(told)


async def test_a_session_that_was_ended_elsewhere(forms: Filled) -> None:
    """The form comes back, one signs in again, and then what was typed is still there."""
    street, filled = forms
    for form in {one.who + one.service: one for one in filled if one.who}.values():
        async with street.place.databases["verification"].acquire() as conn:
            await sessions.delete_sessions_of(conn, form.who)
        form.http.cookie_jar.clear(lambda morsel: "who" in morsel.key)
        status, page = await form.send()
        assert (401, []) == (status, form.lost(page)), form.name
        await street.place.sign_in(form.http, form.who)
        await street.open(form.who, form.service)
        status, page = await form.send()
        assert (403, []) == (status, form.lost(page)), form.name
        # What nothing was typed into, and what was signed meanwhile, is no longer offered.
        offered = form.typed and 'name="csrf"' in page
        token = _token(page) if offered else await street.token(form.http)
        status, page = await form.send(csrf=token)
        assert (True, []) == (status != 403, form.lost(page) if status != 303 else []), form.name


async def test_a_statement_that_ran_out_while_somebody_wrote(forms: Filled) -> None:
    """Elsewhere than at the desk: the page that keeps the text renews it, and sending works."""
    _, filled = forms
    for form in (one for one in filled if one.who and one.service != "verification"):
        form.http.cookie_jar.clear(lambda morsel: "who" in morsel.key)
        status, page = await form.send()
        assert (401, []) == (status, form.lost(page)), form.name
        renewal = re.search('<img src="([^"]+renew[^"]+)" alt=""', page)
        assert renewal
        async with form.http.get(unescape(renewal[1])) as picture:
            assert (200, "image/svg+xml") == (picture.status, picture.content_type)
        status, page = await form.send()
        tag = form.headers["Accept-Language"]
        assert status != 401, form.name
        assert escape(text("en" if tag == "en" else "zh", "refused.form_too_old")) not in page


async def test_enter_presses_no_second_button(forms: Filled) -> None:
    """On every page, also the refused ones, a form's first button is its own, of no other act."""
    street, filled = forms
    pages = [(await form.send())[1] for form in filled if form.endpoint.path != "/w/{code}"]
    for who, service, path in (
        ("", "intake", "/"), ("", "intake", f"/w/{street.place.code('n1')}/complaint"),
        ("", "verification", "/desk/sign-in"), ("city", "verification", "/desk"),
        ("approver", "rewards", "/rewards"), ("approver", "rewards", "/mismatches"),
        ("city", "scoring", "/scores"), ("admin", "notifications", "/messages"),
        ("city", "verification", f"/desk/cases/{street.about.params['case_id']}"),
        ("approver", "rewards", f"/rewards/{street.about.params['reward_id']}"),
    ):  # fmt: skip
        async with street.browsers[who].get(f"{street.place.urls[service]}{path}") as answer:
            assert 200 == answer.status, path
            pages.append(await answer.text())
    firsts = [form[0] for page in pages for form in Buttons(page).forms if form]
    assert len(filled) <= len(firsts)
    wrong = [one for one in firsts if {"formaction", "name", "lang"} & set(one)]
    assert [] == wrong


async def test_a_form_of_an_earlier_sign_in(forms: Filled) -> None:
    """403 with everything that was typed, and a token that holds now."""
    _, filled = forms
    told = await send_each([form for form in filled if form.who], csrf="0" * 64)
    assert dict.fromkeys(told, (403, [])) == statuses(told)


async def test_a_form_from_elsewhere(forms: Filled) -> None:
    """403 and nothing done; a browser that only hides where it comes from still has the text."""
    _, filled = forms
    asked = [form for form in filled if form.endpoint.csrf != "none"]
    for form in asked:
        form.headers["Origin"] = "https://elsewhere.example"
    told = await send_each(asked)
    assert dict.fromkeys(told, (403, [])) == statuses(told)


async def test_a_form_that_is_too_large(forms: Filled) -> None:
    """413 with everything that was typed, also where it is beyond the endpoint's limit."""
    _, filled = forms
    told = await send_each(filled, more="x" * 200_000)
    assert dict.fromkeys(told, (413, [])) == statuses(told)


async def test_what_is_wrong_is_marked(street: Street) -> None:
    """Too long a text: 422, and its field leads eyes and ears to the words that say so.

    By name, so that a form that stops answering so is seen.
    """
    await street.recovered()
    otherwise, bare, astray = dict[str, int](), set[str](), dict[str, set[str]]()
    for form in [form for form in await street.forms("zh") if form.typed]:
        status, page = await form.send(**_far_too_long(form))
        if status != 422:
            otherwise |= dict({(form.name, status)} - {AS_IT_STANDS})
            continue
        told = _errors(page)
        # What is wrong with a calendar's lines is said above it, for all of them together.
        led = [_ids(tag) & (told | {"errors"}) for tag in _tags(page, "invalid")]
        # What became of the case meanwhile may leave no such form: then the text alone is kept.
        if any(f'name="{name}"' in page for name in _own(form)) and not led:
            bare.add(form.name)
        if not all(led) or told - set().union(*map(_ids, _tags(page, "describedby"))):
            astray[form.name] = told
    assert (OTHERWISE, set(), {}) == (otherwise, bare, astray)


def _own(form: Form) -> list[str]:
    """What it takes of a page that several forms share."""
    names = [*_far_too_long(form)]
    own = last_of(form.endpoint) + "-"
    return [name for name in names if name.startswith(own)] or names


def _far_too_long(form: Form) -> dict[str, str]:
    lengths = {name: 300 if name in SHORT else 4100 for name in form.fields}
    return {name: "x" * lengths[name] for name, one in form.fields.items() if one in form.typed}


def _errors(page: str) -> set[str]:
    """The words at fields that say what is wrong with them."""
    return set(re.findall('<p class="(?:err|error|err error)" id="([^"]+)"', page))


def _tags(page: str, mark: str) -> list[str]:
    return re.findall(f'<[a-z]+[^>]* aria-{mark}="[^>]*>', page)


def _ids(tag: str) -> set[str]:
    return set(" ".join(re.findall('aria-describedby="([^"]*)"', tag)).split())


async def test_a_form_beyond_all_measure(forms: Filled) -> None:
    """413 unread; the page says honestly that only the browser still has it."""
    _, filled = forms
    told = await send_each(filled, more="x" * 600_000)
    assert {413} == {status for status, _, _ in told.values()}
    back = {"返回", "Back"}
    assert [] == [name for name, (_, _, page) in told.items() if not any(b in page for b in back)]


async def test_a_case_that_is_gone(forms: Filled) -> None:
    """404 with everything that was typed, where the address names nothing (any more)."""
    _, filled = forms
    named = [form for form in filled if {"case_id", "reward_id"} & set(form.endpoint.params)]
    for form in named:
        form.url = re.sub("[0-9a-f-]{36}", str(uuid4()), form.url)
    told = await send_each(named)
    assert dict.fromkeys(told, (404, [])) == statuses(told)
