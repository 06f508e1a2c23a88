"""Recusal by identity on a real database: who may be meant neither sees nor touches the case."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.verification.casework.acts import recusals
from services.verification.casework.bodies import RecusalBody
from services.verification.casework.store import cases, lists
from services.verification.casework.store import recusals as store
from services.verification.casework.store.lists import Wanted
from services.verification.directory import commands as directory
from shared.access import Operator, identities
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.values import clock, text
from tests.integration.verification_case import DESK, PEOPLE, SEAL, Casework, person
from tests.integration.verification_office import (
    FAR_UNIT,
    LEVELS,
    OTHER_UNIT,
    UNIT,
    Office,
    office,
)
from tests.integration.verification_tab import tab
from tests.support import at, captured_logs

SERVICE = "verification"
# Of a unit's people only these see a case that went a level higher, and neighbours never do.
HIGHER = {"county", "county2", "city", "city2"}
NAMES = """badge,name,unit_code,phone
170011,欧阳雪,Han.dong,
"""
SPELLINGS = (
    "170001", "170-001", "170 001", "0170001", "P170001", "170001-", "170001A", "１７０００１",
    "警号170001", "17001", "1700001", "170010", "170101", "999999", "ABC",
)  # fmt: skip


@pytest.fixture
async def work(conn: Connection) -> Casework:
    """The small bureau; Ouyang Xue is an officer of the unit without a desk of her own yet."""
    work = await Casework.begun(conn)
    await load(work, NAMES)
    return work


async def load(work: Casework, file: str) -> None:
    """Import a file."""
    done = await directory.import_csv(work.conn, file.encode(), SEAL, LEVELS)
    assert isinstance(done, directory.Imported), done


async def sees(work: Casework, who: Operator, case_id: UUID) -> bool:
    """By the table without a condition, and by every list and figure; all must agree."""
    async with work.acting(who.username if who.username in PEOPLE else "city"):
        await work.conn.execute(
            "SELECT set_config('mashang.scope', $1, true), set_config('mashang.badge', $2, true)",
            who.scope, "\x1f".join(identities(who)),
        )  # fmt: skip
        tables = {
            table: await work.conn.fetchval(
                f"SELECT count(*) > 0 FROM {table} WHERE case_id = $1", case_id
            )
            for table in ("cases", "case_actions")
        }
        one = await cases.get_case(work.conn, who, case_id) is not None
        listed = await lists.list_newest(work.conn, who, Wanted(), None, 100)
        due = await lists.list_due(work.conn, who, Wanted(), None, 100)
        count = await lists.count_due(work.conn, who, clock.now(), clock.now())
        bare = await work.conn.fetchval("SELECT count(*) FROM cases")
    found = {
        *tables.values(),
        one,
        *(case_id in {c.case_id for c in page} for page in (listed, due)),
    }
    assert 1 == len(found), (who, found)
    assert bare == len(listed) >= count.today
    return one


async def seen_by(work: Casework, case_id: UUID) -> set[str]:
    """Everybody of the bureau who sees a case."""
    return {name for name, who in PEOPLE.items() if await sees(work, who, case_id)}


async def change(
    work: Casework, who: str, case_id: UUID, decision: str, officer: str = "", reason: str = "核实"
) -> Any:
    """Recuse or release."""
    body = RecusalBody.model_validate({"decision": decision, "officer": officer, "reason": reason})
    return await work.act(who, recusals.change, case_id, body)


@pytest.mark.parametrize("typed", SPELLINGS)
async def test_no_spelling_of_a_badge_lets_the_officer_in(work: Casework, typed: str) -> None:
    """Whatever a citizen types: it is the officer's, or nobody's at the unit; above has it."""
    for as_stored in {typed, text.badge(typed)}:
        case_id = await work.open(officer_badge=as_stored)
        assert HIGHER == await seen_by(work, case_id)


@pytest.mark.parametrize(
    "words",
    [
        "警号170001态度恶劣",
        "一七零零零一那个",
        "170-001!",
        "17001",
        "值班员不理人",
        "操作员desk的值班人员叫170001",
    ],
)
async def test_words_that_name_somebody_of_the_desk(work: Casework, words: str) -> None:
    """By badge in words, read out, with a slip, or by the name under which somebody signs in."""
    assert HIGHER == await seen_by(work, await work.open(words=words))


async def test_a_colleague_without_a_desk_is_named(work: Casework) -> None:
    """The unit keeps the case: only she is kept out, once she has a desk, and who has no badge."""
    case_id = await work.open(words="欧阳雪爱理不理")
    assert HIGHER | {"desk", "accused"} == await seen_by(work, case_id)
    assert not await sees(work, person("xue", "unit_operator", UNIT, "170011"), case_id)
    assert not await sees(work, person("new", "unit_operator", UNIT), case_id)
    assert await sees(work, person("new", "unit_operator", UNIT, "170002"), case_id)


async def test_what_names_nobody_is_everybodys_of_the_unit(work: Casework) -> None:
    """Also theirs whose badge nobody knows, until it comes to blaming an officer."""
    case_id, nameless = await work.open(), person("new", "unit_operator", UNIT)
    assert HIGHER | {"desk", "accused"} == await seen_by(work, case_id)
    assert await sees(work, nameless, case_id)
    PEOPLE["new"] = nameless
    try:
        with pytest.raises(Forbidden, match="badge_needed"):
            await work.judge("new", case_id, attribution="officers", officers=["170002"])
        assert "verified" == (await work.judge("new", case_id, "helped")).state
    finally:
        del PEOPLE["new"]


async def test_a_supervisor_who_is_named_leaves_it_to_the_level_above(work: Casework) -> None:
    """The colleagues at their place and everybody below go with them; at the top others stay."""
    assert {"city", "city2"} == await seen_by(work, await work.open(words="县督导也不管"))
    assert {"city2"} == await seen_by(work, await work.open(words="市督导包庇"))


async def test_where_everybody_is_meant_somebody_must_be_added(work: Casework) -> None:
    """Nobody judges themselves for want of others: it is said, and whoever comes new has it."""
    with captured_logs() as logs:
        case_id = await work.open(words="市督导和市督导二都包庇")
    assert "nobody may work on a case" in [entry["event"] for entry in logs]
    assert set() == await seen_by(work, case_id)
    await load(work, "username,name,role,scope,badge\ncity3,宗政宁,city_supervisor,ZMD,\n")
    await recusals.examine_again(work.conn, DESK, 10)
    assert await sees(work, person("city3", "city_supervisor", "ZMD"), case_id)


@pytest.mark.parametrize("who", ["accused", "desk"])
async def test_nothing_can_be_done_to_it(work: Casework, who: str) -> None:
    """Calls, verdicts, reviews, the phone, incidents and releases: all as if there were no case."""
    case_id, other = await work.open(officer_badge="17-0001"), await work.open()
    for attempt in (
        work.call(who, case_id, "reached"),
        work.judge(who, case_id),
        work.review(who, case_id),
        work.reveal(who, case_id),
        change(work, who, case_id, "release"),
        change(work, who, case_id, "recuse"),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Invalid, match="incident_unknown"):
        await work.judge(who, other, incident=str(case_id))
    async with work.acting(who):
        assert "UPDATE 0" == await work.conn.execute(
            "UPDATE cases SET recused = '{}' WHERE case_id = $1", case_id
        )


async def test_above_says_that_it_is_not_about_him(work: Casework) -> None:
    """Down it goes again; the reason stands on the time line, and those concerned read neither."""
    case_id = await work.open(officer_badge="17001")
    due = (await work.stands(case_id)).verification_due_at
    with pytest.raises(Invalid, match="reason_needed"):
        await change(work, "county", case_id, "release", reason=" ")
    done = await change(work, "county", case_id, "release", reason="监控显示不是他")
    assert (False, True) == (done.higher, done.yours)
    assert HIGHER | {"desk", "accused"} == await seen_by(work, case_id)
    with pytest.raises(Conflict, match="nobody_recused"):
        await change(work, "county", case_id, "release")
    stands = await work.stands(case_id)
    assert due == stands.verification_due_at
    assert set() == stands.recused
    told = {}
    for who in ("city", "desk", "accused"):
        async with work.acting(who):
            rows = await work.conn.fetch(
                "SELECT action, actor FROM case_actions WHERE case_id = $1 ORDER BY 1", case_id
            )
        told[who] = [tuple(row) for row in rows]
    whole = [("opened", ""), ("recused", ""), ("released", "county")]
    assert {"city": whole, "desk": whole[:1], "accused": whole[:1]} == told


async def test_a_release_is_for_one_or_for_all(work: Casework) -> None:
    """Named in any spelling; whom the case is not kept from cannot be released."""
    case_id = await work.open(words="170001和170009都在玩手机")
    with pytest.raises(Invalid, match="officer_not_recused"):
        await change(work, "county", case_id, "release", "170011")
    await change(work, "county", case_id, "release", "170-009")
    assert HIGHER == await seen_by(work, case_id)  # one of them still works there
    await change(work, "county", case_id, "release")
    assert HIGHER | {"desk", "accused"} == await seen_by(work, case_id)


async def test_only_a_supervisor_releases(work: Casework) -> None:
    """A colleague at the unit who sees the case cannot give the named one access."""
    case_id = await work.open(words="欧阳雪爱理不理")
    with pytest.raises(Forbidden, match="release_from_above"):
        await change(work, "desk", case_id, "release")


async def test_somebody_gives_a_case_up_or_names_who_is_meant(work: Casework) -> None:
    """Oneself, or whom a worker names; a badge that fits nobody lifts the case all the same."""
    own, named, unknown = [await work.open() for _ in range(3)]
    done = await change(work, "desk", own, "recuse", reason="是我的亲戚")
    assert (True, False) == (done.higher, done.yours)
    await change(work, "desk", named, "recuse", "１７０-００１")
    await change(work, "desk", unknown, "recuse", "888888")
    for case_id in (own, named, unknown):
        assert HIGHER == await seen_by(work, case_id)
    assert {"170009", "@desk", "?", f"#{UNIT}"} == (await work.stands(own)).recused


async def test_the_last_one_at_the_top_cannot_give_it_up(work: Casework) -> None:
    """Somebody must be there to take it."""
    case_id = await work.open()
    await change(work, "city", case_id, "recuse")
    assert {"city2"} == await seen_by(work, case_id)
    with pytest.raises(Conflict, match="nobody_left"):
        await change(work, "city2", case_id, "recuse")


async def test_a_call_reveals_who_is_meant(work: Casework) -> None:
    """From then on the case is kept from them; who wrote the note has only signed it."""
    case_id, signed = await work.open(), await work.open()
    await work.call("county", case_id, "no_answer", "群众说是警号170-001的民警")
    assert HIGHER == await seen_by(work, case_id)
    await work.call("county", signed, "no_answer", "县督导回访")
    assert "county" in await seen_by(work, signed)


async def test_a_verdict_names_who_answers(work: Casework) -> None:
    """Whom it blames sees nothing more; the colleague who judged still does; others are told."""
    case_id = await work.open()
    await work.judge("desk", case_id, attribution="officers", officers=["170001"])
    assert HIGHER | {"desk"} == await seen_by(work, case_id)
    await change(work, "county", case_id, "recuse", "170009")
    with pytest.raises(Invalid, match="officer_not_recused"):
        await change(work, "county", case_id, "release", "170001")
    assert "accused" not in await seen_by(work, case_id)


async def test_a_verdict_keeps_out_the_other_account_too(work: Casework) -> None:
    """Whoever is called like the blamed officer and has no badge on record."""
    rows = "username,name,role,scope,badge\ntwin,欧阳雪,county_supervisor,ZY,\n"
    await load(work, rows)
    case_id, twin = await work.open(), person("twin", "county_supervisor", "ZY")
    assert await sees(work, twin, case_id)
    PEOPLE["twin"] = twin
    try:
        with pytest.raises(Forbidden, match="badge_needed"):
            await work.judge("twin", case_id, attribution="officers", officers=["170011"])
    finally:
        del PEOPLE["twin"]
    await work.judge("desk", case_id, attribution="officers", officers=["170011"])
    assert not await sees(work, twin, case_id)
    assert "county" in await seen_by(work, case_id)


async def test_the_event_of_a_verdict_names_who_may_be_meant(work: Casework) -> None:
    """People only: places and the nameless are verification's own affair."""
    case_id = await work.open(words="170001和欧阳雪")
    await work.judge("city", case_id, attribution="officers", officers=["170002"])
    step = await work.stands(case_id)
    if step.state == "in_review":
        await work.review("city2", case_id)
    told = (await work.said("case.verified.v1"))[-1]
    assert ["170001", "170002", "170011"] == told["kept_from"]


async def test_cases_of_one_incident_are_kept_from_the_same(work: Casework) -> None:
    """What one of them is about all are, as soon as they are one."""
    quiet, named = await work.open(), await work.open(officer_badge="17001")
    assert "accused" in await seen_by(work, quiet)
    await work.judge("county", quiet, incident=str(named))
    await work.review("city", quiet)
    assert HIGHER == await seen_by(work, quiet) == await seen_by(work, named)


@pytest.mark.parametrize(
    "change_",
    [
        "username,name,role,scope,badge\nnew,新来的,unit_operator,Han.dong,170011\n",
        "username,name,role,scope,badge\nnew,欧阳雪,unit_operator,Han.dong,170002\n",
    ],
)
async def test_a_desk_that_comes_later(work: Casework, change_: str) -> None:
    """Nobody new sees a case before it was held against them; the job looks at open ones first."""
    about, other = await work.open(words="欧阳雪爱理不理"), await work.open()
    await load(work, change_)
    badge = "170011" if "170011" in change_ else "170002"
    new = person("new", "unit_operator", UNIT, badge)
    assert (False, False) == (await sees(work, new, about), await sees(work, new, other))
    assert 2 == await recusals.examine_again(work.conn, DESK, 10)
    assert (False, True) == (await sees(work, new, about), await sees(work, new, other))
    assert HIGHER == await seen_by(work, about)
    assert 0 == await recusals.examine_again(work.conn, DESK, 10)


async def test_what_is_unfinished_is_examined_first(work: Casework) -> None:
    """However many closed cases the directory's change leaves to be looked at."""
    closed = [await work.open() for _ in range(3)]
    for case_id in closed:
        await work.judge("city", case_id, "helped")
    unfinished = await work.open(unit_code=OTHER_UNIT)
    await load(work, "username,name,role,scope,badge\nabove,上级,county_supervisor,ZY,\n")
    stale = [case.case_id for case in await store.claim_stale(work.conn, 1)]
    assert [unfinished] == stale
    assert {unfinished, *closed} == {c.case_id for c in await store.claim_stale(work.conn, 9)}
    assert 4 == await recusals.examine_again(work.conn, DESK, 9)
    assert [] == await store.claim_stale(work.conn, 9)


async def test_a_badge_that_is_corrected(work: Casework) -> None:
    """The right one keeps out, the wrong one does no more, and nothing is seen in between."""
    about = await work.open(officer_badge="170011")
    row = "username,name,role,scope,badge\nnew,新来的,unit_operator,Han.dong,{}\n"
    wrong, right = (person("new", "unit_operator", UNIT, b) for b in ("170002", "170011"))
    await load(work, row.format("170002"))
    await recusals.examine_again(work.conn, DESK, 10)
    assert await sees(work, wrong, about)
    await load(work, row.format("170011"))
    assert not await sees(work, right, about)
    await recusals.examine_again(work.conn, DESK, 10)
    assert (False, HIGHER) == (await sees(work, right, about), await seen_by(work, about))


async def test_an_officers_name_that_is_corrected(work: Casework) -> None:
    """Who was written wrongly in the directory is found once the name is right."""
    about = await work.open(words="上官婉儿爱理不理")
    assert "accused" in await seen_by(work, about)
    await load(work, "badge,name,unit_code,phone\n170001,上官婉儿,Han.dong,\n")
    assert HIGHER | {"desk"} == await seen_by(work, about)
    await recusals.examine_again(work.conn, DESK, 10)
    assert HIGHER == await seen_by(work, about)


@pytest.mark.parametrize(("days", "kept"), [(0, True), (89, True), (91, False)])
@pytest.mark.parametrize("after", ["170011,欧阳雪,%s,", "170011,欧阳雪,%s,,false"])
async def test_who_moved_or_left_is_found_by_name(
    work: Casework, days: int, kept: bool, after: str
) -> None:
    """Complaints come late: who served there a quarter of a year before may be meant."""
    head = "badge,name,unit_code,phone" + ",active" * after.count("false")
    await load(work, f"{head}\n{after % FAR_UNIT}\n")
    with at(clock.now() + timedelta(days=days)):
        case_id = await work.open(words="欧阳雪爱理不理")
    assert kept == ("170011" in (await work.stands(case_id)).recused)


async def test_what_was_cleared_is_not_suspected_again(work: Casework) -> None:
    """A changed directory looks at the words anew, not at what somebody above has decided."""
    case_id = await work.open(officer_badge="17001")
    await change(work, "county", case_id, "release")
    await load(work, "badge,name,unit_code,phone\n170001,甲某,Han.dong,\n")
    await recusals.examine_again(work.conn, DESK, 10)
    assert "accused" in await seen_by(work, case_id)


async def test_nobody_outside_hears_of_it(work: Casework) -> None:
    """The same events with the same due times, whether a case was kept from somebody or not."""
    await work.open()
    await work.open(officer_badge="17001")
    rows = await work.conn.fetch("SELECT DISTINCT type FROM outbox")
    plain, kept = await work.said("case.opened.v1")
    assert {"case.opened.v1", "officer.changed.v1"} == {row["type"] for row in rows}
    own = {"case_id", "submission_id", "opened_at"}
    assert {k: v for k, v in plain.items() if k not in own} == {
        k: v for k, v in kept.items() if k not in own
    }


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau with its API and pages."""
    async with office(database) as opened_:
        yield opened_


async def test_role_by_route_by_object(bureau: Office) -> None:
    """For the officer and the colleagues every route of the case is 404; above, none is."""
    case_id = await bureau.case(officer_badge="1700001")
    path, submission = f"cases/{case_id}", None
    async with bureau.database.acquire() as conn:
        submission = await conn.fetchval("SELECT submission_id FROM cases")
    routes: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("POST", f"{path}/callbacks", {"outcome": "busy"}),
        ("POST", f"{path}/phone-reveals", {"reason": "回访"}),
        ("POST", f"{path}/recusals", {"decision": "recuse", "officer": "170001", "reason": "x"}),
        ("POST", f"{path}/verdicts", {
            "verdict": "unverifiable", "attribution": "none", "finding": "x", "answer": "x",
            "revision": 0}),
    ]  # fmt: skip
    for who in ("accused", "desk", "neighbour", "elsewhere"):
        for method, route, body in routes:
            answer = await bureau.ask(who, method, route, body)
            assert 404 == answer.status, (who, route)
            assert "170001" not in answer.text
        for listing in ("cases?state=all", f"cases?submission_id={submission}", "cases?due=today"):
            assert [] == (await bureau.ask(who, "GET", listing)).json["items"]
        page = await bureau.browse(who, f"/desk/cases/{case_id}")
        inbox = await bureau.browse(who, "/desk?state=all")
        assert (404, True) == (page.status, str(case_id) not in inbox.text)
    for method, route, body in routes:
        answer = await bureau.ask("county", method, route, body)
        assert answer.status in (200, 201), (route, answer.text)
    review = {"decision": "confirm", "revision": 1}
    for who in ("accused", "desk"):
        assert await refused(bureau, who, f"{path}/reviews", review)
    figures = await bureau.ask("city", "GET", "figures")
    assert (1, 1) == (figures.json["cases"], figures.json["complaints"])


async def refused(bureau: Office, who: str, path: str, body: Any) -> bool:
    """Whether a role that may not review, or does not see the case, is turned away."""
    return (await bureau.ask(who, "POST", path, body)).status in (403, 404)


async def test_a_repeated_release_is_one(bureau: Office) -> None:
    """The second click gets the answer of the first, and the time line has it once."""
    case_id, key = await bureau.case(officer_badge="17001"), uuid4().hex
    path, body = f"cases/{case_id}/recusals", {"decision": "release", "reason": "不是他"}
    answers = [await bureau.ask("county", "POST", path, body, key) for _ in range(2)]
    assert [201, 201] == [answer.status for answer in answers]
    assert answers[0].json == answers[1].json
    shown = (await bureau.ask("county", "GET", f"cases/{case_id}")).json
    done = [action["action"] for action in shown["actions"]]
    assert ["opened", "recused", "released"] == done
    assert ("不是他", []) == (shown["actions"][-1]["note"], shown["recused"])
    assert 200 == (await bureau.ask("accused", "GET", f"cases/{case_id}")).status


async def test_the_page_says_it_and_gives_it_back(bureau: Office) -> None:
    """Above one reads of whom the case is kept, and gives it back; below one gives it up."""
    case_id = await bureau.case(officer_badge="17001")
    page = f"/desk/cases/{case_id}"
    county, desk = await tab(bureau, "county"), await tab(bureau, "desk")
    await county.get(page)
    assert ("已提级办理" in county.text, "甲 170001" in county.text) == (True, True)
    wrong = await county.send(f"{page}/recusals", ("decision", "release"), ("officer", "170002"),
                              ("reason", "核实过"))  # fmt: skip
    assert (422, True) == (wrong, 'value="核实过"' in county.text)
    assert 303 == await county.send(f"{page}/recusals", ("decision", "release"), ("reason", "核实"))
    await desk.get(page)
    assert 'value="release"' not in desk.text
    assert 303 == await desk.send(f"{page}/recusals", ("decision", "recuse"), ("reason", "亲戚"))
    assert 404 == await desk.get(page)


async def test_deadlines_do_not_begin_anew(bureau: Office) -> None:
    """Up and down again: the citizen was promised one time, and that stays."""
    case_id = await bureau.case(officer_badge="17001")
    promised = (await bureau.events("case.opened.v1"))[0]
    for decision in ("release", "recuse"):
        body = {"decision": decision, "officer": "", "reason": "核实"}
        assert 201 == (await bureau.ask("county", "POST", f"cases/{case_id}/recusals", body)).status
    shown = (await bureau.ask("city", "GET", f"cases/{case_id}")).json
    for name in ("callback_due_at", "verification_due_at"):
        assert datetime.fromisoformat(promised[name]) == datetime.fromisoformat(shown[name])
    assert 1 == len(await bureau.events("case.opened.v1"))
