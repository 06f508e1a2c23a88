"""The ledgers: where a change of what is in force is written, numbered and told.

Every change goes into the journal of demands; points, strikes and criticisms have a book of their
own besides, each append-only. The only door to all of them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.scoring.announcing import tell
from services.scoring.rules.sanctions import RULES, counted
from services.scoring.rules.strikes import year_of
from services.scoring.rules.values import Change, Fact, Mark
from services.scoring.store import criticisms, demands, papers, points, sanctions, strikes, verdicts
from services.scoring.store.papers import Addressed
from shared.bus.outbox import publish
from shared.db import Connection
from shared.events import ScoreChanged
from shared.observe import log
from shared.policy import Policies
from shared.values import clock


async def save(conn: Connection, fact: Fact, changes: Sequence[Change], policies: Policies) -> None:
    """Write what a verdict changed; the caller holds `lock_verdicts`."""
    await demands.add_changes(conn, fact, changes)
    for change in changes:
        if change.demand.centipoints:
            await _save_points(conn, fact, change)
        if book := BOOKS.get(change.demand.cause.rule):
            await book(conn, fact, change, policies)


async def _save_points(conn: Connection, fact: Fact, change: Change) -> None:
    written = await points.add_entry(conn, change, fact)
    await publish(
        conn,
        ScoreChanged(
            entry_no=written["entry_no"],
            unit_code=change.demand.subject.id,
            case_id=fact.case_id,
            revision=fact.revision,
            reason=change.demand.cause.rule,
            delta_centipoints=change.delta_centipoints,
            balance_centipoints=written["balance_centipoints"],
            changed_at=written["changed_at"],
        ),
    )


async def _save_strike(conn: Connection, fact: Fact, change: Change, _: Policies) -> None:
    demand = change.demand
    if change.delta < 0:
        await strikes.add_withdrawal(
            conn, demand.subject.id, fact.case_id, demand.cause.incident_id, fact.revision
        )
        return
    mark = Mark(demand.subject.id, fact.case_id, fact.incident_id, fact.unit_code, fact.received_at)
    await strikes.add_mark(conn, mark, fact.revision, int(demand.period or 0))


async def _save_criticism(conn: Connection, fact: Fact, change: Change, policies: Policies) -> None:
    now, unit = clock.now(), change.demand.subject.id
    if change.delta < 0:
        gone = await criticisms.add_withdrawal(conn, fact.case_id, fact.revision, now)
        await tell(conn, [_criticism(*one, unit) for one in gone], "withdrawn", now)
        log.get().info("criticism withdrawn", case_id=fact.case_id, version=fact.revision)
        return
    year = year_of(now, policies.at(now))
    number = await criticisms.add_criticism(conn, year, fact.case_id, fact.revision, unit, now)
    await tell(conn, [_criticism(year, number, unit)], "issued", now)
    log.get().info("criticism issued", case_id=fact.case_id, unit_code=unit, code=number)


def _criticism(year: int, number: int, unit_code: str) -> Addressed:
    return Addressed("criticism", year, number, unit_code, None)


async def _save_clearing(conn: Connection, fact: Fact, change: Change, policies: Policies) -> None:
    now, badge = clock.now(), change.demand.subject.id
    if change.delta < 0:
        await tell(
            conn, await papers.withdraw_clearing(conn, badge, fact.case_id, now), "withdrawn", now
        )
        return
    year = year_of(now, policies.at(now))
    number = await papers.add_clearing(conn, year, fact.unit_code, badge, fact.case_id, now)
    await tell(conn, [Addressed("clearing", year, number, fact.unit_code, badge)], "issued", now)
    log.get().info("clearing note issued", case_id=fact.case_id, code=number)


async def _save_sanction(conn: Connection, fact: Fact, change: Change, policies: Policies) -> None:
    """Only proposed: a named person signs it, or does not."""
    now, demand = clock.now(), change.demand
    if change.delta < 0:
        if gone := await sanctions.withdraw(conn, demand, fact, now):
            await tell(conn, await papers.withdraw_signed(conn, gone, now), "withdrawn", now)
        log.get().info("sanction withdrawn", case_id=fact.case_id, code=demand.cause.rule)
        return
    held = await verdicts.list_of_demand(conn, demand, policies)
    await sanctions.propose(conn, change, counted(demand, held, policies), fact, now)
    log.get().info("sanction proposed", case_id=fact.case_id, code=demand.cause.rule)


Book = Callable[[Connection, Fact, Change, Policies], Awaitable[None]]
BOOKS: Mapping[str, Book] = {
    "strike": _save_strike,
    "criticism": _save_criticism,
    "clearing": _save_clearing,
    **dict.fromkeys(RULES, _save_sanction),
}
