"""Sanctions are proposed, signed or declined by a person; documents have numbers and pages."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from services.scoring import approvals
from services.scoring.rules.sanctions import Rule, Sanction
from services.scoring.store import directory, newest, sanctions
from services.scoring.store.papers import KINDS
from shared.access import Operator, Role
from shared.db import Database
from shared.errors import Forbidden
from shared.events import AppealChanged
from shared.papers.printer import Printer
from shared.policy import promises
from shared.values import clock
from tests.integration.scoring_desk import Scores, opened
from tests.integration.scoring_parts import DAY, POLICIES, cleared, verdict
from tests.integration.staff_tab import Tab
from tests.support import at

SERVICE = "scoring"
LEADER: Role = "leadership"
YEAR = clock.service_day(clock.now()).year


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def twice(scores: Scores, unit: str = "n1", **changes: Any) -> list[UUID]:
    """Two complaints about the unit's officer found true; the cases."""
    return [
        await scores.judge(unit, received_at=DAY + timedelta(days=n), **changes) for n in range(2)
    ]


async def proposed(scores: Scores) -> list[str]:
    """The pages of what waits for a signature."""
    async with scores.database.acquire() as conn:
        rows = await conn.fetch("SELECT sanction_id FROM sanctions ORDER BY proposed_at, rule")
    return [f"/sanctions/{row['sanction_id']}" for row in rows]


async def decided(scores: Scores, role: Role = LEADER, **fields: str) -> Tab:
    """The one proposal, after a decision at its page."""
    [address] = await proposed(scores)
    tab = scores.tab(role)
    assert 200 == await tab.get(address)
    await tab.send(f"{address}/signature", **fields)
    return tab


async def listed(scores: Scores, kind: str = "accountability") -> list[tuple[Any, ...]]:
    """Documents of a kind: year, number, who signed, whether it still stands."""
    async with scores.database.acquire() as conn:
        found = await newest.list_newest(conn, kind, None, 99)  # type: ignore[arg-type]
    return [(one.year, one.number, one.signed_by, one.withdrawn_at is None) for one in found]


async def test_crossing_the_line_only_proposes(scores: Scores) -> None:
    """The second strike waits for a signature: the ledger knows it, no document exists."""
    await scores.judge("n1")
    assert [] == await proposed(scores)
    await scores.judge("n1", received_at=DAY + timedelta(days=1))
    tab = scores.tab(LEADER)
    assert 200 == await tab.get("/sanctions")
    assert [True, True] == [words in tab.text for words in ("民警n1", "待签")]
    assert [] == await listed(scores)
    assert 200 == await tab.get("/leadership")
    assert "等着签发的处分建议：1 份" in tab.text


async def test_a_signature_makes_the_document(scores: Scores) -> None:
    """It bears the next number, both cases and the name of who signed; a second click adds none."""
    await twice(scores)
    [address] = await proposed(scores)
    tab = scores.tab(LEADER)
    await tab.get(address)
    shown = tab.text
    assert 'value="sign" required>' in shown, "nothing is chosen beforehand"
    for _ in range(2):
        tab.text = shown
        assert 303 == await tab.send(f"{address}/signature", decision="sign", reason="同意。")
    assert [(YEAR, 1, LEADER, True)] == await listed(scores)
    assert 200 == await tab.get(address)
    assert f"/papers/accountability/{YEAR}/1" in tab.text
    assert 200 == await tab.get(f"/papers/accountability/{YEAR}/1")
    for words in (
        f"驻公责〔{YEAR}〕1号", "签发人：leadership", "第1次：", "第2次：", "态度冷淡",
        "签发批注：同意。",
    ):  # fmt: skip
        assert words in tab.text
    assert 200 == await tab.get("/scores/officers/P-n1")
    assert f"驻公责〔{YEAR}〕1号" in tab.text


async def test_who_declines_says_why(scores: Scores) -> None:
    """Without a reason nothing is stored and the choice stays; with one there is no document."""
    await twice(scores)
    tab = await decided(scores, decision="decline", reason="  ")
    assert "请写明原因" in tab.alerts[0]
    assert 'value="decline" required checked' in tab.text
    tab = await decided(scores, decision="decline", reason="已调离，另案处理")
    [address] = await proposed(scores)
    assert 200 == await tab.get(address)
    assert ("已调离，另案处理" in tab.text, []) == (True, await listed(scores))
    again = await tab.send(f"{address}/signature", _csrf(), decision="sign", reason="")
    assert (409, []) == (again, await listed(scores))


@pytest.mark.parametrize("few", [0, 50])
async def test_proposals_are_leafed_through(
    scores: Scores, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits and what was decided, by rule, each once; for whoever sees few units and many."""
    monkeypatch.setattr(directory, "_FEW", few)
    for unit in ("n1", "s1"):
        await twice(scores, unit)
    first, second = await proposed(scores)
    tab = scores.tab(LEADER)
    await tab.get(first)
    await tab.send(f"{first}/signature", decision="decline", reason="另案处理")
    north = Operator("boss", "局长", "county_supervisor", "north")
    assert ([second], []) == (
        await leafed(scores, "waiting"),
        await leafed(scores, "waiting", north),
    )
    assert [first] == await leafed(scores, "decided", north) == await leafed(scores, "decided")
    await tab.get(second)
    await tab.send(f"{second}/signature", decision="sign", reason="")
    assert [second, first] == await leafed(scores, "decided")
    assert [first] == await leafed(scores, "decided", north)
    assert [] == await leafed(scores, "decided", rule="interview")


async def leafed(
    scores: Scores, view: sanctions.View, who: Operator | None = None, rule: Rule = "accountability"
) -> list[str]:
    """A view, one at a time."""
    seen: list[Sanction] = []
    while True:
        async with scores.database.reading(as_=who) as conn:
            before = (seen[-1].proposed_at, seen[-1].sanction_id) if seen else None
            page = await sanctions.list_newest(conn, view, rule, before, 1)
        if not page:
            return [f"/sanctions/{one.sanction_id}" for one in seen]
        seen += page


async def test_a_verdict_that_falls_takes_the_proposal_along(scores: Scores) -> None:
    """Before the signature it is withdrawn and nobody can sign; a third case proposes it anew."""
    _, second = await twice(scores)
    [address] = await proposed(scores)
    await scores.hear(cleared(second, 2))
    tab = scores.tab(LEADER)
    await tab.get(address)
    assert ("已撤回" in tab.text, set[str]()) == (True, tab.forms & {"signature"})
    again = await tab.send(
        f"{address}/signature", _csrf(), key="k" * 20, decision="sign", reason=""
    )
    assert 409 == again
    await scores.judge("n1", received_at=DAY + timedelta(days=9))
    assert 2 == len(await proposed(scores))


async def test_a_verdict_that_falls_withdraws_the_document(scores: Scores) -> None:
    """After the signature the document stays under its number and says that it is withdrawn."""
    first, _ = await twice(scores)
    tab = await decided(scores, decision="sign", reason="")
    await scores.hear(cleared(first, 2))
    assert [(YEAR, 1, LEADER, False)] == await listed(scores)
    await tab.get(f"/papers/accountability/{YEAR}/1")
    assert "本文已于" in tab.text


@pytest.mark.parametrize(
    ("role", "scope", "page", "form"),
    [
        ("leadership", "city", 200, 303),
        ("city_supervisor", "city", 200, 303),
        ("county_supervisor", "north", 200, 403),
        ("county_supervisor", "south", 404, 403),
        ("auditor", "city", 200, 403),
        ("unit_operator", "n1", 403, 403),
        ("inspection", "city", 403, 403),
        ("reward_approver", "city", 403, 403),
    ],
)
async def test_who_reads_and_who_signs(
    scores: Scores, role: Role, scope: str, page: int, form: int
) -> None:
    """Those above read, the city's supervisor and leadership sign, for anybody else it is not."""
    await twice(scores)
    [address] = await proposed(scores)
    tab = scores.tab(role, scope)
    assert page == await tab.get(address)
    await tab.get("/scores")
    assert form == await tab.send(f"{address}/signature", _csrf(), decision="sign", reason="")


def _csrf() -> str:
    """The token of a tab's session, whose pages may have no form."""
    return hmac.new(b"s", b"csrf", hashlib.sha256).hexdigest()


async def test_a_signature_wants_the_person_at_the_screen(scores: Scores) -> None:
    """With a session alone it is refused, what was typed stays, and the way is shown."""
    await twice(scores)
    [address] = await proposed(scores)
    tab = scores.tab(LEADER)
    tab.confirmed = False
    await tab.get(address)
    assert 403 == await tab.send(f"{address}/signature", decision="sign", reason="同意。")
    assert ("同意。" in tab.text, []) == (True, await listed(scores))


async def test_what_was_typed_at_a_signature_is_not_lost(scores: Scores) -> None:
    """Not by a form of an earlier sign-in, by too many words, or by somebody who was quicker."""
    await twice(scores)
    [address] = await proposed(scores)
    tab, quicker = scores.tab(LEADER), scores.tab("city_supervisor")
    assert (200, 200) == (await tab.get(address), await quicker.get(address))
    told = "另案处理 <b>&" * 60
    for status, csrf, reason in ((403, "0" * 64, told[:400]), (422, None, told)):
        fields = {"decision": "decline", "reason": reason}
        assert status == await tab.send(f"{address}/signature", csrf, **fields)
        assert f">\n{reason}</textarea>" in tab.text
        assert 'value="decline" required checked' in tab.text
    assert 303 == await quicker.send(f"{address}/signature", decision="sign", reason="同意。")
    fields = {"decision": "decline", "reason": told[:400]}
    assert 409 == await tab.send(f"{address}/signature", **fields)
    assert (told[:400] in tab.text, set[str]()) == (True, tab.forms & {"signature"})
    assert [(YEAR, 1, "city_supervisor", True)] == await listed(scores)


async def test_who_found_it_does_not_sign(scores: Scores) -> None:
    """Nor does the officer whom it is about; another city supervisor does."""
    await twice(scores, verified_by="city_supervisor")
    [address] = await proposed(scores)
    tab = scores.tab("city_supervisor")
    await tab.get(address)
    assert "结论是您提交的" in tab.text
    body, own = approvals.SignatureBody(decision="sign"), UUID(address.rpartition("/")[2])
    themselves = Operator("x", "x", "leadership", "city", "P-n1")
    with pytest.raises(Forbidden, match="sanction_own"):
        async with scores.database.transaction(as_=themselves) as conn:
            await approvals.decide(conn, POLICIES, themselves, own, body)
    tab = await decided(scores, decision="sign", reason="")
    assert 1 == len(await listed(scores))


async def test_numbers_have_no_gaps_with_two_instances(scores: Scores) -> None:
    """Twelve signatures at once, half by somebody who sees one county: 1 to 12, each once."""
    for number in range(12):
        badge = f"Q-{number}"
        unit = "n1" if number % 2 else "s1"
        for day in range(2):
            await scores.judge(unit, officers=(badge,), received_at=DAY + timedelta(days=day))
    async with scores.database.acquire() as conn:
        rows = await conn.fetch("SELECT sanction_id, unit_code FROM sanctions")
    north = Operator("north", "北", "leadership", "north")
    city = Operator("city", "市", "leadership", "city")

    async def sign(own: UUID, who: Operator) -> None:
        async with scores.database.transaction(as_=who) as conn:
            body = approvals.SignatureBody(decision="sign")
            await approvals.decide(conn, POLICIES, who, own, body)

    await asyncio.gather(
        *(sign(r["sanction_id"], north if r["unit_code"] == "n1" else city) for r in rows)
    )
    assert list(range(12, 0, -1)) == [number for _, number, *_ in await listed(scores)]


async def test_an_unfounded_complaint_clears_whom_it_named(scores: Scores) -> None:
    """A note by itself, which a later verdict that finds it true withdraws."""
    case = uuid4()
    named = {"unit_code": "n1", "named": ("P-n1",)}
    gone = cleared(case, 1).model_copy(update=named)
    await scores.hear(gone)
    assert [(YEAR, 1, None, True)] == await listed(scores, "clearing")
    tab = scores.tab("unit_operator", "n1")
    assert 200 == await tab.get(f"/papers/clearing/{YEAR}/1")
    rules = "本件依照2019年5月15日起施行的工作规定。"
    assert [True] * 3 == [words in tab.text for words in ("民警n1", "特此澄清", rules)]
    await scores.hear(verdict(case, 2, unit_code="n1", officers=("P-n1",)))
    assert [(YEAR, 1, None, False)] == await listed(scores, "clearing")


async def test_two_prominent_months_propose_an_interview(scores: Scores) -> None:
    """Three incidents in each of two months running; the document counts them by month."""
    for month in (3, 4):
        for day in range(1, 4):
            at = DAY.replace(month=month, day=day)
            await scores.judge("n1", officers=(), attribution="policy", received_at=at)
    tab = await decided(scores, decision="sign", reason="")
    assert 200 == await tab.get(f"/papers/interview/{YEAR}/1")
    for words in ("2026年3月：3起", "2026年4月：3起", "主要领导"):
        assert words in tab.text


async def test_each_kind_has_its_list_and_its_files(scores: Scores) -> None:
    """By number, newest first, for who may see the unit; the file is a PDF under its number."""
    await twice(scores)
    await scores.judge("s1")
    tab = scores.tab("county_supervisor", "north")
    assert 200 == await tab.get("/papers")
    shown = [n for n in (3, 2, 1) if f"/papers/criticism/{YEAR}/{n}" in tab.text]
    assert [2, 1] == shown
    assert 404 == await tab.get(f"/papers/criticism/{YEAR}/3")
    assert 404 == await tab.get(f"/papers/criticism/{YEAR}/99999999999")
    for kind in KINDS:
        assert 200 == await tab.get(f"/papers?kind={kind}")
    printer = next(one for one in scores.service.resources if isinstance(one, Printer))
    address = f"/papers/criticism/{YEAR}/1/paper.pdf"
    async with printer, scores.client.get(address, headers=tab.headers) as response:
        assert b"%PDF-" == (await response.read())[:5]
        assert quote(f"驻公通〔{YEAR}〕1号.pdf") in response.headers["Content-Disposition"]


async def test_nothing_of_it_is_changed_afterwards(scores: Scores) -> None:
    """A decision is one row, and what is withdrawn keeps its decision."""
    first, _ = await twice(scores)
    await decided(scores, decision="sign", reason="")
    await scores.hear(cleared(first, 2))
    async with scores.database.acquire() as conn:
        counts = [
            await conn.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("sanctions", "sanction_decisions", "sanction_withdrawals", "papers",
                          "paper_withdrawals")
        ]  # fmt: skip
    assert [1] * 5 == counts


async def test_what_rests_on_a_provisional_strike_is_not_signed_yet(scores: Scores) -> None:
    """Until the fifth working day is over, and while an appeal waits; the pages say until when."""
    now = clock.now()
    case = (await twice(scores, verified_at=now))[1]
    [address] = await proposed(scores)
    end = promises.appealable_until(now, POLICIES.at(DAY))
    tab = scores.tab(LEADER)
    assert 200 == await tab.get(address)
    assert ("申诉期内，至" in tab.text, set[str]()) == (True, tab.forms & {"signature"})
    sign = {"key": "k" * 20, "decision": "sign", "reason": ""}
    assert 409 == await tab.send(f"{address}/signature", _csrf(), **sign)
    assert 200 == await tab.get("/scores/officers/P-n1")
    assert "申诉期内，至" in tab.text
    appeal = AppealChanged(
        appeal_id=uuid4(), case_id=case, unit_code="n1", badge="P-n1", revision=1, version=1,
        state="filed", due_at=end, changed_at=now,
    )  # fmt: skip
    await scores.hear(appeal)
    with at(end):
        tab = scores.tab(LEADER)
        await tab.get("/scores/officers/P-n1")
        assert "申诉中，等待答复" in tab.text
        assert 409 == await tab.send(f"{address}/signature", _csrf(), **sign | {"key": "l" * 20})
        await scores.hear(appeal.model_copy(update={"version": 2, "state": "upheld"}), appeal)
        await decided(scores, decision="sign", reason="")
        assert 1 == len(await listed(scores))


async def test_a_report_to_leadership_and_an_inspection_are_papers(scores: Scores) -> None:
    """Of the fourth strike, and of three cases in a quarter for which only the unit answers."""
    for day in range(4):
        await scores.judge("n1", received_at=DAY + timedelta(days=day))
        unknown = {"officers": (), "attribution": "unit"}
        await scores.judge("s1", received_at=DAY + timedelta(days=day), **unknown)
    async with scores.database.acquire() as conn:
        rows = await conn.fetch("SELECT rule, sanction_id FROM sanctions ORDER BY rule")
    own = {row["rule"]: f"/sanctions/{row['sanction_id']}" for row in rows}
    assert ["accountability", "alert", "inspection", "transfer"] == list(own)
    tab = scores.tab(LEADER)
    await tab.get("/leadership")
    assert "年内超过三次的报告：1 份" in tab.text
    for rule, words in (("alert", ("第4次：", "特此报告领导")),
                        ("inspection", ("第3次：", "专项检查"))):  # fmt: skip
        tab = scores.tab(LEADER)
        await tab.get(own[rule])
        assert 303 == await tab.send(f"{own[rule]}/signature", decision="sign", reason="")
        assert 200 == await tab.get(f"/papers/{rule}/{YEAR}/1")
        assert [] == [one for one in words if one not in tab.text]


async def test_an_entry_names_the_policy_by_which_it_was_judged(scores: Scores) -> None:
    """Also what is taken back, by the policy that took it."""
    case = await scores.judge("n1")
    gone = cleared(case, 2).model_copy(update={"unit_code": "n1"})
    await scores.hear(gone)
    _, told = await scores.get("/api/v1/units/n1/score")
    edition = POLICIES.at(DAY).effective_from.isoformat()
    assert [(200, 2, edition), (-200, 1, edition)] == [
        (one["delta_centipoints"], one["revision"], one["edition"]) for one in told["entries"]
    ]
