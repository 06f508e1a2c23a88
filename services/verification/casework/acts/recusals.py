"""Keeping a case from those who may be meant, and giving it back when they are not."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.bodies import RecusalBody
from services.verification.casework.rules import recusals as rules
from services.verification.casework.rules.cases import Case, made
from services.verification.casework.rules.naming import Found, find
from services.verification.casework.rules.recusals import Around, Suspicion
from services.verification.casework.store import actions, additions, recusals
from services.verification.casework.store.actions import Action
from services.verification.casework.store.additions import Addition
from services.verification.directory.rules.duties import at_the_window
from services.verification.directory.store import duties
from shared import access
from shared.access import Operator
from shared.db import Connection, as_itself
from shared.errors import Conflict, Forbidden, Invalid, Wrong
from shared.observe import log
from shared.values import clock
from shared.values.seal import Seal, SealBroken


class Recused(BaseModel):
    """What a recusal made of the case; `yours` if whoever asked still has it."""

    case_id: UUID
    number: str
    higher: bool
    yours: bool


async def examine(
    conn: Connection,
    desk: Desk,
    case: Case,
    added: Sequence[Addition] = (),
    *,
    serious: bool = False,
) -> Case:
    """Hold a case against everybody who may be meant: when it opens, and when they change.

    What is `serious` only the city's inspection works on. The connection acts for the service.
    """
    around = await recusals.get_around(conn, case)
    there = await on_duty(conn, desk, case)
    return _examined(desk, case, added, around, there, serious=serious)


async def examine_new(conn: Connection, desk: Desk, cases: Sequence[Case]) -> list[Case]:
    """The same for many that are about to open; what is serious their own policy says."""
    if not cases:
        return []
    around = await recusals.list_around(conn, cases)
    there = await on_duty_each(conn, desk, cases)
    serious = [desk.policy(case).is_serious(case.categories) for case in cases]
    return [
        _examined(desk, case, (), near, badges, serious=grave)
        for case, near, badges, grave in zip(cases, around, there, serious, strict=True)
    ]


def _examined(
    desk: Desk,
    case: Case,
    added: Sequence[Addition],
    around: Around,
    there: Collection[str],
    *,
    serious: bool,
) -> Case:
    typed, said = _typed(desk.seal, case, added), _said(desk.seal, case, added)
    suspicion = rules.with_duty(rules.suspect_all(typed, said, around), there, around)
    recused = rules.examined(case.recused, case.cleared, suspicion, around)
    recused |= rules.INSPECTED if serious else rules.NOBODY
    if recused - {access.NAMELESS} and not rules.somebody_left(recused, around):
        log.get().warning("nobody may work on a case", case_id=str(case.case_id))
    return made({**vars(case), "recused": recused, "examined": around.known})


async def on_duty(conn: Connection, desk: Desk, case: Case) -> frozenset[str]:
    """The badges of the only officers at the case's window at its time, as the roster has them.

    A report of pressure is about no window.
    """
    (there,) = await on_duty_each(conn, desk, [case])
    return there


async def on_duty_each(conn: Connection, desk: Desk, cases: Sequence[Case]) -> list[frozenset[str]]:
    """The same for each of these cases."""
    whens = [rules.when(case, desk.policy(case).zone) for case in cases]
    asked = [(one.unit_code, at.begins, at.ends) for one, at in zip(cases, whens, strict=True)]
    there = await duties.list_between_each(conn, asked)
    return [
        at_the_window([] if case.kind == "pressure" else there[key], case.counter, when)
        for case, key, when in zip(cases, asked, whens, strict=True)
    ]


def _typed(seal: Seal, case: Case, added: Sequence[Addition]) -> Iterator[str]:
    for own, one in _each(case, added):
        yield from filter(None, [one.officer_badge])
        yield from _opened(seal, one.officer_typed_sealed, f"words:{own}:officer")


def _said(seal: Seal, case: Case, added: Sequence[Addition]) -> Iterator[str]:
    for own, one in _each(case, added):
        yield from _opened(seal, one.words_sealed, f"words:{own}")


def _each(case: Case, added: Sequence[Addition]) -> Iterator[tuple[UUID, Case | Addition]]:
    yield case.submission_id, case
    yield from ((one.addition_id, one) for one in added)


def _opened(seal: Seal, sealed: str | None, context: str) -> Iterator[str]:
    # What does not open nobody can read, and so it names nobody.
    if sealed is not None:
        with suppress(SealBroken):
            yield seal.open(sealed, context)


async def named_in(conn: Connection, seal: Seal, case: Case, added: Addition) -> frozenset[str]:
    """Who may be meant by what was added, and the unit's place when in doubt."""
    around = await recusals.get_around(conn, case)
    alone = replace(case, officer_badge=None, officer_typed_sealed=None, words_sealed=None)
    found = rules.suspect_all(_typed(seal, alone, [added]), _said(seal, alone, [added]), around)
    return found.persons | (frozenset({f"#{around.path[-1]}"}) if found.doubtful else frozenset())


async def note(conn: Connection, case_id: UUID, was: Collection[str], now: Collection[str]) -> None:
    """On the time line, where a case is kept from more people than before."""
    if done := noted(case_id, was, now):
        await actions.add_action(conn, done)
        count = len(done.details["new"])
        log.get().info("case kept from somebody", case_id=str(case_id), count=count)


def noted(case_id: UUID, was: Collection[str], now: Collection[str]) -> Action | None:
    """What stands on the time line then."""
    new = frozenset(now) - frozenset(was) - {access.NAMELESS}
    details = {"recused": sorted(now), "new": sorted(new)}
    return Action(case_id, "recused", "", clock.now(), details) if new else None


async def examine_again(conn: Connection, desk: Desk, limit: int) -> int:
    """Examine cases whose people have changed; how many there were."""
    stale = await recusals.claim_stale(conn, limit)
    for case in stale:
        await hold(conn, desk, case, await additions.list_of(conn, case.case_id))
    return len(stale)


async def hold(
    conn: Connection,
    desk: Desk,
    case: Case,
    added: Sequence[Addition],
    *,
    serious: bool = False,
) -> frozenset[str]:
    """Examine a stored case with all that was added to it; from whom it is kept now."""
    now = await examine(conn, desk, case, added, serious=serious)
    await recusals.set_recused(conn, case.case_id, now.recused, now.cleared, now.examined)
    await note(conn, case.case_id, case.recused, now.recused)
    return now.recused


async def learn(conn: Connection, operator: Operator, case: Case, said: str) -> None:
    """Keep the case from whom a call's note names; who wrote the note may have signed it.

    Comes last in what an operator does: they may lose sight of the case.
    """
    async with as_itself(conn, operator):
        around = await recusals.get_around(conn, case)
        mine = frozenset(access.identities(operator))
        found = [f for f in find(said, around.people) if mine.isdisjoint(f.person.ids("name"))]
        await _keep(conn, case, Suspicion(tuple(found)).persons, around, doubtful=False)


async def _keep(
    conn: Connection, case: Case, persons: frozenset[str], around: Around, *, doubtful: bool
) -> frozenset[str]:
    persons |= rules.persons_in(case.recused)
    now = case.recused | rules.kept_from(persons, doubtful, around)
    if now != case.recused:
        cleared = case.cleared - now
        await recusals.set_recused(conn, case.case_id, now, cleared, case.examined)
        await recusals.add_recused(conn, case.incident_id, now)
        await note(conn, case.case_id, case.recused, now)
    return now


async def change(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: RecusalBody
) -> Recused:
    """Give a case up a level, or back down. Invalid, Conflict or Forbidden when that cannot be."""
    case = await claim(conn, operator, case_id)
    if not body.reason.strip():
        raise Invalid(Wrong("reason", "reason_needed"))
    act = _release if body.decision == "release" else _recuse
    async with as_itself(conn, operator):
        around = await recusals.get_around(conn, case)
        now = await act(conn, operator, case, around, body)
        details = {"recused": sorted(now | case.recused), "decision": body.decision}
        action = "released" if body.decision == "release" else "recused"
        await note_action(conn, desk, case, operator, action, details, body.reason.strip())
    log.get().info("recusal changed", case_id=str(case_id), outcome=body.decision)
    yours = now.isdisjoint(access.identities(operator))
    higher = any(who[0] == "#" for who in now)
    return Recused(case_id=case_id, number=case.number, higher=higher, yours=yours)


async def _recuse(
    conn: Connection, operator: Operator, case: Case, around: Around, body: RecusalBody
) -> frozenset[str]:
    if body.officer.strip():
        found = rules.suspect(body.officer, None, around)
    else:
        mine = frozenset(access.identities(operator))
        own = [p for p in around.people if not mine.isdisjoint(p.ids("name"))]
        found = Suspicion(tuple(Found(person, "name") for person in own))
    persons = found.persons | rules.persons_in(case.recused)
    now = case.recused | rules.kept_from(persons, found.doubtful, around)
    if not rules.somebody_left(now, around):
        raise Conflict("refused.nobody_left")
    await recusals.set_recused(conn, case.case_id, now, case.cleared - now, case.examined)
    await recusals.add_recused(conn, case.incident_id, now)
    return now


async def _release(
    conn: Connection, operator: Operator, case: Case, around: Around, body: RecusalBody
) -> frozenset[str]:
    if operator.role not in access.SUPERVISORS:
        raise Forbidden("refused.release_from_above")
    if not case.recused:
        raise Conflict("refused.nobody_recused")
    if not case.is_told:
        raise Conflict("refused.stays_above")
    # Whom a verdict names stays away, whatever is said here.
    stay = set(case.officers)
    if body.officer.strip():
        found = rules.suspect(body.officer, None, around)
        stay |= rules.persons_in(case.recused) - found.persons
    now = rules.released(case.recused, stay, around)
    if now == case.recused:
        raise Invalid(Wrong("officer", "officer_not_recused"))
    cleared = case.cleared | (case.recused - now)
    await recusals.set_recused(conn, case.case_id, now, cleared, case.examined)
    return now
