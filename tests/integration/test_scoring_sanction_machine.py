"""Any order of verdicts, appeals, joined incidents and signatures of one officer's sanctions.

Against a model of rules 10, 11 and 15 by plain loops: what is proposed, withdrawn or left, for
which cases, and who may sign when.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring import approvals, handlers
from services.scoring.approvals import SignatureBody
from services.scoring.rules.sanctions import Sanction
from services.scoring.store import sanctions
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, Refused
from shared.events import AppealChanged, CaseVerified, IncidentChanged, UnitChanged
from shared.values import clock
from tests.integration.scoring_parts import DAY, POLICIES, UNIT, cleared, unit, verdict
from tests.support import at

SERVICE = "scoring"
POLICY = POLICIES.at(DAY)
LINES = {"accountability": 2, "transfer": 3}
CASES = range(4)
PEOPLE = {
    name: Operator(name, name, "leadership", "411700", badge=badge)
    for name, badge in (("leader", None), ("finder", None), ("other", None), ("herself", "*"))
}


@dataclass(frozen=True)
class Move:
    """Something that happens, so many days after the move before."""

    act: str
    case: int
    who: str
    choice: str
    days: int


cases = st.sampled_from(CASES)
judgings = st.builds(
    Move, st.just("judge"), cases, st.sampled_from(["finder", "other"]),
    st.sampled_from(["true", "true", "false"]), st.integers(0, 2),
)  # fmt: skip
appeals = st.builds(
    Move, st.just("appeal"), cases, st.just("herself"), st.sampled_from(["filed", "upheld"]),
    st.just(0),
)  # fmt: skip
joinings = st.builds(
    Move, st.just("join"), cases, st.just("other"), st.sampled_from("0123-"), st.just(0)
)
signings = st.builds(
    Move, st.just("sign"), st.just(0), st.sampled_from(sorted(PEOPLE)),
    st.sampled_from([*LINES, "alert"]), st.sampled_from([0, 0, 3, 9]),
)  # fmt: skip
moves = st.lists(judgings | judgings | appeals | joinings | signings, min_size=6, max_size=18)


@dataclass
class Told:
    """A case as people remember it."""

    own: UUID = field(default_factory=uuid4)
    incident: UUID = field(default_factory=uuid4)
    revision: int = 0
    moved: int = 0
    true: bool = False
    found: datetime = DAY
    by: str = ""
    appeal: UUID | None = None
    asked: bool = False
    version: int = 0


@dataclass
class Model:
    """What should be, by the rules as people tell them. `known` are sanctions in their order."""

    now: datetime = DAY
    cases: list[Told] = field(default_factory=lambda: [Told() for _ in CASES])
    known: list[tuple[str, str]] = field(default_factory=list)

    def strikes(self) -> list[list[Told]]:
        """Incidents with a mark, in the order of receipt: all are of one year."""
        found: dict[UUID, list[Told]] = {}
        for case in self.cases:
            if case.true:
                found.setdefault(case.incident, []).append(case)
        return list(found.values())

    def look(self) -> None:
        """What is demanded is there once, and what is not demanded any more is withdrawn."""
        strikes = len(self.strikes())
        for rule in (*LINES, "alert"):
            wanted = int(strikes >= LINES[rule]) if rule in LINES else max(0, strikes - 3)
            held = [
                n
                for n, (one, how) in enumerate(self.known)
                if (one, how != "withdrawn") == (rule, True)
            ]
            for n in held[wanted:]:
                self.known[n] = rule, "withdrawn"
            self.known += [(rule, "proposed")] * (wanted - len(held))

    def carrying(self, rule: str) -> list[list[Told]]:
        """The strikes that a sanction counts."""
        return self.strikes()[: LINES.get(rule)]

    def is_firm(self, case: Told) -> bool:
        """Five working days are over, and no appeal waits."""
        day, left = clock.service_day(case.found), POLICY.appeal.officer_working_days
        while left:
            day += timedelta(days=1)
            left -= POLICY.calendar.works(day)
        return self.now >= clock.end_of_day(day) and not case.asked

    def sign(self, move: Move, place: int) -> type[Refused] | None:
        """Why somebody may not."""
        rule, state = self.known[place]
        strikes = self.carrying(rule)
        if state != "proposed":
            return Conflict
        if move.who == "herself" or move.who in {one.by for strike in strikes for one in strike}:
            return Forbidden
        if rule in LINES and not all(any(map(self.is_firm, strike)) for strike in strikes):
            return Conflict
        self.known[place] = rule, "signed"
        return None


@dataclass
class Office:
    """The service, and the officer whom this is about."""

    database: Database
    badge: str = field(default_factory=lambda: f"B{uuid4().hex[:12]}")

    async def hear(
        self, event: CaseVerified | IncidentChanged | AppealChanged | UnitChanged
    ) -> None:
        """As it comes from the bus."""
        async with self.database.transaction() as conn:
            match event:
                case UnitChanged():
                    await handlers.on_unit_changed(conn, event)
                case CaseVerified():
                    await handlers.on_case_verified(POLICIES, conn, event)
                case IncidentChanged():
                    await handlers.on_incident_changed(POLICIES, conn, event)
                case AppealChanged():
                    await handlers.on_appeal_changed(conn, event)

    async def held(self, conn: Connection) -> list[Sanction]:
        """All of the officer's, the oldest first, as they stand."""
        found = await sanctions.list_of_officer(conn, self.badge)
        return [await approvals.standing(conn, POLICIES, one) for one in reversed(found)]


async def judge(office: Office, model: Model, move: Move) -> None:
    """A verdict, or a changed one."""
    case = model.cases[move.case]
    case.revision, case.true, case.found = case.revision + 1, move.choice == "true", model.now
    case.by = move.who
    changes = {
        "incident_id": case.incident, "unit_code": UNIT, "verified_by": move.who,
        "received_at": DAY + timedelta(hours=move.case), "verified_at": model.now,
    }  # fmt: skip
    marked = verdict(case.own, case.revision, officers=(office.badge,))
    event = marked if case.true else cleared(case.own, case.revision)
    await office.hear(event.model_copy(update=changes))


async def appeal(office: Office, model: Model, move: Move) -> None:
    """Once a case; an answer only to what was asked."""
    case = model.cases[move.case]
    filed = move.choice == "filed"
    if not case.true or (filed and case.appeal) or (not filed and not case.asked):
        return
    case.appeal, case.asked, case.version = case.appeal or uuid4(), filed, case.version + 1
    event = AppealChanged(
        appeal_id=case.appeal, case_id=case.own, unit_code=UNIT, badge=office.badge,
        revision=case.revision, version=case.version, state="filed" if filed else "upheld",
        due_at=model.now + timedelta(days=9), changed_at=model.now,
    )  # fmt: skip
    await office.hear(event)


async def join(office: Office, model: Model, move: Move) -> None:
    """A case comes to another's incident, or to one of its own."""
    case = model.cases[move.case]
    if not case.revision:
        return
    case.incident = uuid4() if move.choice == "-" else model.cases[int(move.choice)].incident
    case.moved += 1
    event = IncidentChanged(
        case_id=case.own, incident_id=case.incident, unit_code=UNIT,
        received_at=DAY + timedelta(hours=move.case), changed_at=model.now, version=case.moved,
    )  # fmt: skip
    await office.hear(event)


async def sign(office: Office, model: Model, move: Move) -> None:
    """The newest of a rule, whatever became of it; done or refused as the rules say."""
    places = [n for n, (rule, _) in enumerate(model.known) if rule == move.choice]
    if not places:
        return
    async with office.database.transaction() as conn:
        one = [one for one in await office.held(conn) if one.rule == move.choice][-1]
    expected, who = model.sign(move, places[-1]), PEOPLE[move.who]
    if who.badge:
        who = Operator(who.username, who.name, who.role, who.scope, badge=office.badge)
    done: type[Refused] | None = None
    try:
        async with office.database.transaction(as_=who) as conn:
            body = SignatureBody(decision="sign")
            await approvals.decide(conn, POLICIES, who, one.sanction_id, body)
    except Refused as refused:
        done = type(refused)
    assert expected == done, move


ACTS = {"judge": judge, "appeal": appeal, "join": join, "sign": sign}


@settings(
    max_examples=20, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(tried=moves)
async def test_any_order_of_what_happens_to_an_officer(
    database: Database, tried: list[Move]
) -> None:
    """「2次…責任追究」「3次…調離」: once, for the strikes that stand, signed when they are firm."""
    office, model = Office(database), Model()
    await office.hear(unit())
    for move in tried:
        model.now += timedelta(days=move.days, minutes=10)
        with at(model.now):
            await ACTS[move.act](office, model, move)
            model.look()
            async with database.transaction() as conn:
                held = await office.held(conn)
        assert sorted(model.known) == sorted((one.rule, one.state) for one in held), move
        for one in held:
            if one.state == "proposed":
                carried = [case.own for strike in model.carrying(one.rule) for case in strike]
                assert carried == list(one.case_ids), move


async def test_what_stands_on_a_strike_that_came_later_waits_for_it(database: Database) -> None:
    """One of two fell after a third had come: that is the second now, and still provisional."""
    office, model = Office(database), Model()
    await office.hear(unit())
    told = [
        Move("judge", 0, "finder", "true", 0), Move("judge", 1, "finder", "true", 0),
        Move("judge", 2, "other", "true", 20), Move("judge", 0, "finder", "false", 0),
    ]  # fmt: skip
    for move in told:
        model.now += timedelta(days=move.days, minutes=10)
        with at(model.now):
            await judge(office, model, move)
            model.look()
    for days, who in ((0, "leader"), (9, "other"), (0, "leader")):
        model.now += timedelta(days=days)
        with at(model.now):
            await sign(office, model, Move("sign", 0, who, "accountability", days))
    assert ("accountability", "signed") in model.known
    async with database.transaction() as conn:
        [papers] = await conn.fetch("SELECT case_ids FROM papers WHERE badge = $1 AND kind = $2",
                                    office.badge, "accountability")  # fmt: skip
    assert [model.cases[n].own for n in (1, 2)] == list(papers["case_ids"])
