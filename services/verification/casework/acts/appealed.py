"""Appeals that are answered by a verdict: what officers asked for is so."""

from services.verification.casework.rules import appeals as rules
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions, requests
from services.verification.casework.store.actions import Action
from shared.bus.outbox import publish
from shared.db import Connection
from shared.observe import log
from shared.values import clock


async def end(conn: Connection, case: Case, who: str) -> None:
    """End the appeals of officers whom the verdict in force no longer marks."""
    now = clock.now()
    for one in rules.answered(await requests.list_of(conn, case.case_id), case):
        await requests.end(conn, one.request_id, "granted", who, now)
        action = Action(case.case_id, "appeal_granted", who, now, one.details)
        await actions.add_action(conn, action)
        await publish(conn, rules.changed(one, case, "overturned", now))
        log.get().info("appeal answered by a verdict", case_id=str(case.case_id))
