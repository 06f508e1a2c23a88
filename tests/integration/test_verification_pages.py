"""The desk's pages: what was typed is kept, each role sees its own, in both languages."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest

from shared.db import Database
from shared.events import MessageSettled, ScoreChanged, SubmissionAdded
from shared.values import clock
from tests.integration.verification_office import (
    FAR_UNIT,
    OTHER_UNIT,
    PHONE,
    UNIT,
    Office,
    office,
)
from tests.integration.verification_tab import Tab, tab
from tests.support import at

SERVICE = "verification"
MORNING = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
FORMS = ("callbacks", "verdicts", "reviews", "phone-reveals")
LONG = "查" * 4000
Fields = tuple[tuple[str, str], ...]
VERDICT: Fields = (
    ("revision", "0"), ("verdict", "substantiated"), ("attribution", "unit"),
    ("categories", "other"), ("finding", "看过监控"), ("answer", "已经整改"),
)  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


def changed(fields: Fields, **values: str) -> Fields:
    """The fields with other values; an empty one is left out."""
    kept = dict(fields) | values
    return tuple((name, value) for name, value in kept.items() if value)


def forms(page: str) -> set[str]:
    """The forms that a page offers."""
    return set(re.findall(r'action="/desk/cases/[0-9a-f-]+/([a-z-]+)"', page))


async def opened(bureau: Office, who: str, path: str) -> Tab:
    """A browser with a page open."""
    browser = await tab(bureau, who)
    assert 200 == await browser.get(path)
    return browser


# What is sent, the status, and what must still stand on the page that answers.
REFUSALS: dict[str, tuple[str, Fields, int, tuple[str, ...]]] = {
    "no choice of outcome": (
        "callbacks", (("note", "没人接"),), 422,
        (">\n没人接</textarea>", 'href="#callbacks-outcome"'),
    ),
    "an outcome that is none": (
        "callbacks", (("outcome", "maybe"), ("note", "记一笔")), 422, (">\n记一笔</textarea>",),
    ),
    "a note too long": (
        "callbacks", (("outcome", "busy"), ("note", "长" * 2001)), 422,
        ("长" * 2001, 'value="busy" required checked', 'href="#callbacks-note"'),
    ),
    "no verdict chosen": (
        "verdicts", changed(VERDICT, verdict=""), 422,
        ('href="#verdicts-verdict"', ">\n看过监控</textarea>", ">\n已经整改</textarea>",
         'value="unit" checked'),
    ),
    "nobody answers for it": (
        "verdicts", changed(VERDICT, attribution=""), 422,
        ('href="#verdicts-attribution"', 'value="other" checked'),
    ),
    "no category": (
        "verdicts", changed(VERDICT, categories=""), 422,
        ('href="#verdicts-categories"', ">\n看过监控</textarea>"),
    ),
    "a category that is none": (
        "verdicts", changed(VERDICT, categories="invented"), 422, ('href="#verdicts-categories"',),
    ),
    "an officer of another unit": (
        "verdicts", (*changed(VERDICT, attribution="officers"), ("officers", "170003")), 422,
        ('href="#verdicts-officers"', 'value="officers" checked'),
    ),
    "an incident that is none": (
        "verdicts", (*VERDICT, ("incident", str(uuid4()))), 422, ('href="#verdicts-incident"',),
    ),
    "no answer": (
        "verdicts", changed(VERDICT, answer=" \u3000"), 422,
        ('href="#verdicts-answer"', ">\n看过监控</textarea>"),
    ),
    "a finding too long": (
        "verdicts", changed(VERDICT, finding=f"{LONG}。"), 422,
        ('href="#verdicts-finding"', f">\n{LONG}。</textarea>", ">\n已经整改</textarea>"),
    ),
    "a revision that nobody has seen": (
        "verdicts", changed(VERDICT, revision="7"), 409,
        (">\n看过监控</textarea>", 'value="substantiated" required checked'),
    ),
    "a revision that is no number": (
        "verdicts", changed(VERDICT, revision="一"), 422, (">\n看过监控</textarea>",),
    ),
    "a blank reason": (
        "phone-reveals", (("reason", "  "),), 422, ('href="#phone-reveals-reason"',),
    ),
    "a reason too long": (
        "phone-reveals", (("reason", "长" * 2001),), 422, ("长" * 2001,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
async def test_whatever_refuses_a_form_keeps_it(bureau: Office, name: str) -> None:
    """Each refusal says why on the page, with everything that was typed; nothing is stored."""
    form, fields, status, kept = REFUSALS[name]
    case_id = await bureau.case(categories=())
    desk = await opened(bureau, "county", f"/desk/cases/{case_id}")
    assert status == await desk.send(f"/desk/cases/{case_id}/{form}", *fields)
    assert 'role="alert"' in desk.text
    assert [] == [text for text in kept if text not in desk.text]
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened"] == [action["action"] for action in case.json["actions"]]


async def test_the_longest_texts_fit(bureau: Office) -> None:
    """A finding and an answer of 4,000 characters each are taken, of whatever script."""
    for text in (LONG, "😀" * 4000):
        case_id = await bureau.case()
        desk = await opened(bureau, "desk", f"/desk/cases/{case_id}")
        sent = changed(VERDICT, finding=text, answer=text)
        assert 303 == await desk.send(f"/desk/cases/{case_id}/verdicts", *sent)
        case = await bureau.ask("desk", "GET", f"cases/{case_id}")
        assert {text} == {case.json["verdicts"][0][name] for name in ("finding", "answer")}


async def test_who_comes_second_gets_their_text_back(bureau: Office) -> None:
    """A verdict that somebody else was faster with is shown again, also without its form."""
    case_id = await bureau.case()
    desk = await opened(bureau, "desk", f"/desk/cases/{case_id}")
    await bureau.judge("county", case_id)
    sent = changed(VERDICT, finding="我写了很久的情况", answer="我写了很久的答复")
    assert 409 == await desk.send(f"/desk/cases/{case_id}/verdicts", *sent)
    assert "verdicts" not in forms(desk.text)
    for text in ("我写了很久的情况", "我写了很久的答复", "请重新查看后再决定"):
        assert text in desk.text


async def test_a_review_of_a_replaced_verdict_is_asked_again(bureau: Office) -> None:
    """The page carries the revision that it shows; another one meanwhile is not confirmed."""
    case_id = await bureau.case()
    page = f"/desk/cases/{case_id}"
    await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
    county = await opened(bureau, "county", page)
    assert '<input type="hidden" name="revision" value="1">' in county.text
    back = {"decision": "return", "note": "补查", "revision": 1}
    await bureau.ask("county2", "POST", f"cases/{case_id}/reviews", back)
    await bureau.judge("desk", case_id, verdict="unsubstantiated", attribution="none", revision=1)
    sent = (("revision", "1"), ("decision", "confirm"), ("note", "同意"))
    assert 409 == await county.send(f"{page}/reviews", *sent)
    assert ">\n同意</textarea>" in county.text
    case = await bureau.ask("county", "GET", f"cases/{case_id}")
    assert ("in_review", 2) == (case.json["state"], case.json["revision"])


async def test_a_return_without_a_reason(bureau: Office) -> None:
    """The choice is kept, and the field for the reason is linked."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
    county = await opened(bureau, "county", f"/desk/cases/{case_id}")
    fields = (("decision", "return"), ("revision", "1"))
    sent = await county.send(f"/desk/cases/{case_id}/reviews", *fields)
    assert (422, True, True) == (
        sent, 'href="#reviews-note"' in county.text,
        'value="return" required checked' in county.text,
    )  # fmt: skip


ROLES: dict[str, dict[str, set[str]]] = {
    "open": {
        "desk": {"verdicts", "phone-reveals", "recusals"},
        "county": {"callbacks", "verdicts", "phone-reveals", "recusals"},
        "city": {"callbacks", "verdicts", "phone-reveals", "recusals"},
        "auditor": set(),
    },
    "in_review": {
        "desk": {"phone-reveals", "recusals"},
        "county": {"callbacks", "phone-reveals", "recusals", "reviews"},
        "city": {"callbacks", "phone-reveals", "recusals", "reviews"},
        "auditor": set(),
    },
    "verified": {
        "desk": {"phone-reveals", "recusals"},
        "county": {"callbacks", "phone-reveals", "questions", "recusals", "verdicts"},
        "city": {"callbacks", "phone-reveals", "questions", "recusals", "verdicts"},
        "auditor": set(),
    },
}


@pytest.mark.parametrize("state", ROLES)
async def test_every_role_finds_the_forms_that_could_succeed(bureau: Office, state: str) -> None:
    """Nobody is shown a form that would be refused, and the auditor is shown none at all."""
    case_id = await bureau.case()
    if state != "open":
        verdict = "unverifiable" if state == "in_review" else "helped"
        await bureau.judge("desk", case_id, verdict=verdict, attribution="none")
    found = {}
    for who in ROLES[state]:
        browser = await opened(bureau, who, f"/desk/cases/{case_id}")
        found[who] = forms(browser.text)
    assert ROLES[state] == found


async def test_a_case_says_by_which_rules_it_is_judged(bureau: Office) -> None:
    """On its page and in its JSON: the day from which the policy of its receipt holds."""
    case_id = await bureau.case()
    shown = await bureau.ask("county", "GET", f"cases/{case_id}")
    assert "2019-05-15" == shown.json["policy_from"]
    browser = await opened(bureau, "county", f"/desk/cases/{case_id}")
    assert '<time datetime="2019-05-15">2019-05-15 起的规定</time>' in browser.text


async def test_forms_go_when_their_work_is_done(bureau: Office) -> None:
    """After the citizen was reached there is no call to log; without a phone there never was."""
    reached, silent = await bureau.case(), await bureau.case(phone=None)
    await bureau.ask("county", "POST", f"cases/{reached}/callbacks", {"outcome": "reached"})
    for case_id, wanted in (
        (reached, {"verdicts", "phone-reveals", "recusals"}),
        (silent, {"verdicts", "recusals"}),
    ):
        desk = await opened(bureau, "desk", f"/desk/cases/{case_id}")
        assert wanted == forms(desk.text)


@pytest.mark.parametrize("form", FORMS)
async def test_a_foreign_case_is_a_page_that_says_so(bureau: Office, form: str) -> None:
    """Working on a case of another place: 404 with what was typed, and nothing of the case."""
    foreign, own = await bureau.case(unit_code=FAR_UNIT), await bureau.case()
    who = "county" if form == "reviews" else "desk"
    desk = await opened(bureau, who, f"/desk/cases/{own}")
    page = desk.text
    for case_id in (foreign, uuid4(), "nonsense", "00000000"):
        desk.text = page
        fields = (*VERDICT, ("outcome", "busy"), ("decision", "confirm"), ("reason", "回访"))
        assert 404 == await desk.send(f"/desk/cases/{case_id}/{form}", *fields), case_id
        assert ("<h1>" in desk.text, ">\n看过监控</textarea>" in desk.text) == (True, True)
        assert [] == [told for told in ("办件经过", "等了一上午") if told in desk.text]
        assert 404 == await desk.get(f"/desk/cases/{case_id}"), case_id


@pytest.mark.parametrize("form", FORMS)
async def test_an_auditor_can_send_no_form(bureau: Office, form: str) -> None:
    """A form made by hand is refused for the role, before anything of it is looked at."""
    case_id = await bureau.case()
    auditor = await opened(bureau, "auditor", f"/desk/cases/{case_id}")
    assert 403 == await auditor.send(f"/desk/cases/{case_id}/{form}", ("outcome", "reached"))
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened"] == [action["action"] for action in case.json["actions"]]


@pytest.mark.parametrize("form", FORMS)
async def test_reloading_a_forms_address_leads_back(bureau: Office, form: str) -> None:
    """GET of a form's own address is the case's page, signed in, and the sign-in page else."""
    case_id = await bureau.case()
    back = await bureau.browse("desk", f"/desk/cases/{case_id}/{form}")
    assert (303, f"/desk/cases/{case_id}") == (back.status, back.json)
    away = await bureau.browse("", f"/desk/cases/{case_id}/{form}")
    assert (303, f"/desk/sign-in?next=/desk/cases/{case_id}/{form}") == (away.status, away.json)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("回访", "11月26日 24:00", "核查")),
        ("en", ("Callback", "26 Nov 24:00", "Verification")),
    ],
)
async def test_24_00_is_of_the_day_that_is_meant(
    bureau: Office, language: str, words: tuple[str, ...]
) -> None:
    """A duty of today is due at 24:00 of today, on the case's page and in the inbox alike."""
    with at(MORNING):
        case_id = await bureau.case()
        for path, told in ((f"/desk/cases/{case_id}", words), ("/desk", words[1:2])):
            page = await bureau.browse("desk", f"{path}?lang={language}")
            assert 200 == page.status
            assert [] == [word for word in told if word not in page.text], path
            duties = page.text.partition('<div class="then">')[0]
            assert ("27日" in duties, "27 Nov" in duties) == (False, False)


async def test_a_review_is_due_at_24_00_too(bureau: Office) -> None:
    """The reviewer's duty is named by the day after the verdict."""
    with at(MORNING):
        case_id = await bureau.case()
        await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
        page = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert "11月27日 24:00" in page.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_time_line_has_words_for_everything(bureau: Office, language: str) -> None:
    """Every outcome, purpose, verdict and decision has words; no key stands on the page."""
    case_id, now = await bureau.case(), clock.now()
    path = f"cases/{case_id}"
    for outcome in ("no_answer", "busy", "refused", "wrong_number", "reached"):
        await bureau.ask("county", "POST", f"{path}/callbacks", {"outcome": outcome})
    await bureau.ask("desk", "POST", f"{path}/phone-reveals", {"reason": "核实"})
    await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
    back = {"decision": "return", "note": "补查", "revision": 1}
    await bureau.ask("county", "POST", f"{path}/reviews", back)
    await bureau.judge("desk", case_id, attribution="officers", officers=["170002"], revision=1)
    fields = MessageSettled.model_fields
    for purpose in get_args(fields["purpose"].annotation):
        for outcome in get_args(fields["outcome"].annotation):
            await bureau.hear(
                MessageSettled(
                    message_id=uuid4(), case_id=case_id, submission_id=uuid4(), purpose=purpose,
                    outcome=outcome, settled_at=now,
                )
            )  # fmt: skip
    await bureau.hear(
        ScoreChanged(
            entry_no=1, unit_code=UNIT, case_id=case_id, revision=2, reason="assessment",
            delta_centipoints=-205, balance_centipoints=9795, changed_at=now,
        )
    )  # fmt: skip
    page = await bureau.browse("county", f"/desk/{path}?lang={language}")
    assert 200 == page.status
    assert "-2.05" in page.text
    assert "乙 170002" in page.text
    unspoken = re.findall(r">[^<]*\b[a-z]+_[a-z_]+\b[^<]*<", page.text)
    assert [] == unspoken


@pytest.mark.parametrize(
    "query",
    ["cursor=nonsense", "cursor=W10", "state=all&cursor=%00", "due=soon", "unit=%00",
     f"unit={65 * 'x'}", "limit=9999", "submission_id=7", "state=", "cursor=" + 201 * "x"],
)  # fmt: skip
async def test_a_link_with_a_filter_we_do_not_know(bureau: Office, query: str) -> None:
    """An old bookmark or a cut-off link shows the inbox, not an error."""
    case_id = await bureau.case()
    page = await bureau.browse("desk", f"/desk?{query}")
    assert (200, True) == (page.status, str(case_id) in page.text)


async def test_the_inbox_goes_on_where_the_page_ended(bureau: Office) -> None:
    """Thirty cases are two pages; the filters stay in the link, and the last page has none."""
    cases = {str(await bureau.case()) for _ in range(30)}
    path, seen = "/desk?state=open&unit=" + UNIT, list[str]()
    for _ in range(2):
        page = await bureau.browse("county", path)
        seen += re.findall(r'href="/desk/cases/([0-9a-f-]+)"', page.text)
        link = re.search(r'href="(/desk\?[^"]+)" rel="next"', page.text)
        path = link[1].replace("&amp;", "&") if link else ""
    assert (30, cases, "") == (len(seen), set(seen), path)


async def test_what_the_inbox_says_of_a_case(bureau: Office) -> None:
    """Late and soon are marked, the unit has its name, urgent ones stand first."""
    with at(MORNING):
        await bureau.case(received_at=MORNING - timedelta(days=1))
        await bureau.case(unit_code=OTHER_UNIT, urgent=True)
    with at(MORNING + timedelta(hours=13, seconds=5)):
        page = await bureau.browse("county", "/desk")
    rows = re.findall(r"<tr data-case.*?</tr>", page.text, re.DOTALL)
    assert [True, False] == ["汝南埠派出所户籍室" in row for row in rows]
    assert [["soon"], ["late"]] == [re.findall(r'class="left (\w+)"', row) for row in rows]
    left = [found for row in rows for found in re.findall(r"</svg> (.*?)</time>", row)]
    assert (True, "超期 22 小时") == (left[0].startswith("剩 1 时 59 分"), left[1])


async def test_names_are_only_text(bureau: Office) -> None:
    """Whatever citizens or clerks write, nothing of it is markup on the page."""
    evil = '"><script>alert(1)</script>'
    case_id = await bureau.case(words=evil, officer_badge="<u>1</u>")
    city = await opened(bureau, "city", f"/desk/cases/{case_id}")
    await city.send(f"/desk/cases/{case_id}/callbacks", ("outcome", "x"), ("note", evil))
    page = await bureau.browse("city", f"/desk/cases/{case_id}")
    await bureau.ask(
        "city", "POST", f"cases/{case_id}/callbacks", {"outcome": "busy", "note": evil}
    )
    again = await bureau.browse("city", f"/desk/cases/{case_id}")
    inbox = await bureau.browse("city", "/desk?unit=" + "%22%3E%3Cscript%3E")
    for text in (page.text, again.text, inbox.text):
        assert ("<script>" in text, "<u>1" in text) == (False, False)


async def test_a_phone_is_in_no_list(bureau: Office) -> None:
    """The inbox and the case's page say what it is about, and show the phone masked."""
    case_id = await bureau.case(words="窗口没有人", officer_badge="170002")
    for path in ("/desk", f"/desk/cases/{case_id}"):
        page = await bureau.browse("desk", path)
        assert ("窗口没有人" in page.text, "138****8000" in page.text) == (True, True)
        assert PHONE[3:] not in page.text
    accused = await bureau.browse("accused", "/desk")
    assert (True, False) == ("窗口没有人" in accused.text, "乙" in accused.text)


async def answers(bureau: Office, who: str, path: str) -> dict[str, Any]:
    """The headers of a page."""
    cookie = {"Cookie": f"mashang={await bureau.token(who)}", "Accept": "text/html"}
    async with bureau.client.get(path, headers=cookie, allow_redirects=False) as response:
        return dict(response.headers)


async def test_a_staff_page_stays_with_whoever_opened_it(bureau: Office) -> None:
    """No cache keeps it, no other site frames it, and its scripts are only ours."""
    case_id = await bureau.case()
    for path in ("/desk", f"/desk/cases/{case_id}"):
        headers = await answers(bureau, "desk", path)
        assert "no-store" == headers["Cache-Control"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "script-src 'self'" in headers["Content-Security-Policy"]


async def test_the_desk_reads_all_that_the_citizen_said(bureau: Office) -> None:
    """When, which matter, by which way, how to call, the consent, and what was added since."""
    when, said = datetime(2026, 11, 25, 16, tzinfo=UTC), uuid4()
    event = bureau.submission(
        submission_id=said, occurred_at=when, matter="户口迁移", channel="wechat", reasons=(110,),
        call_time="noon", call_language="local",
        officer_typed_sealed=bureau.seal.close("欧阳警官", f"words:{said}:officer"),
        consent={"notice": "2026-11", "purposes": ["callback"], "recipients": ["bureau"],
                 "at": when},
    )  # fmt: skip
    await bureau.hear(event)
    own = uuid4()
    await bureau.hear(
        SubmissionAdded(
            addition_id=own, submission_id=said, number=1, unit_code=UNIT, kind="complaint",
            words_sealed=bureau.seal.close("还有录像", f"words:{own}"), categories=("other",),
            added_at=clock.now(), why="open",
        )
    )  # fmt: skip
    (case,) = await bureau.events("case.opened.v1")
    browser = await opened(bureau, "city", f"/desk/cases/{case['case_id']}")
    said_all = "11月26日 户口迁移 微信 中午 驻马店话 欧阳警官 110 2026-11 还有录像 群众补充了内容"
    for shown in said_all.split():
        assert shown in browser.text, shown
    assert "11月26日 00:00" not in browser.text


async def test_who_only_looks_wakes_nobody(bureau: Office) -> None:
    """Neither relay nor jobs run for a page; the draft that is kept on it wakes them."""
    woken: list[bool] = []
    case_id = await bureau.case()
    page = await tab(bureau, "desk")
    bureau.database.after_commit.append(lambda: woken.append(True))
    for address in ("/desk", "/desk/mine", "/desk/shift", f"/desk/cases/{case_id}"):
        assert (200, []) == (await page.get(address), woken), address
    await page.send(f"/desk/cases/{case_id}/draft", ("finding", "先存着"))
    assert woken
