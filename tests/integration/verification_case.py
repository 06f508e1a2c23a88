"""A case on a connection that is rolled back: the small bureau's people act on it without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from services.verification.casework import handlers
from services.verification.casework.acts import callbacks, judging, phones, reviews
from services.verification.casework.acts.desk import Act, Desk
from services.verification.casework.bodies import CallbackBody, RevealBody, ReviewBody, VerdictBody
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions, cases
from services.verification.directory import commands as directory
from shared import policy
from shared.access import EVERYTHING, Operator, Role
from shared.bus.handling import Heard
from shared.db import Connection, act_as
from shared.errors import NotFound
from shared.events import Envelope, SubmissionReceived
from shared.values import clock
from tests.integration.verification_office import (
    FAR_UNIT,
    LEVELS,
    OFFICERS,
    OPERATORS,
    OTHER_UNIT,
    PHONE,
    PLACES,
    UNIT,
    UNITS,
    by_hand,
    settings,
)

SEAL = settings().seal
DESK = Desk(policy.load(by_hand()), SEAL)


def person(username: str, role: Role, scope: str, badge: str | None = None) -> Operator:
    """Somebody of the small bureau."""
    return Operator(username, username, role, scope, badge)


PEOPLE = {
    "desk": person("desk", "unit_operator", UNIT, "170009"),
    "accused": person("accused", "unit_operator", UNIT, "170001"),
    "neighbour": person("neighbour", "unit_operator", OTHER_UNIT),
    "county": person("county", "county_supervisor", "ZY"),
    "county2": person("county2", "county_supervisor", "ZY"),
    "elsewhere": person("elsewhere", "county_supervisor", "YC"),
    "city": person("city", "city_supervisor", "ZMD"),
    "city2": person("city2", "city_supervisor", "ZMD"),
}
WORKERS = tuple(PEOPLE)
PEOPLE |= {name: person(name, "inspection", "ZMD") for name in ("inspector", "inspector2")}
AUDITOR = person("auditor", "auditor", "ZMD")
STRANGERS = ("neighbour", "elsewhere")
HOME = {UNIT: "desk", OTHER_UNIT: "neighbour", FAR_UNIT: "elsewhere"}


def submission(**changed: Any) -> SubmissionReceived:
    """A complaint; with a phone and words unless they are taken away."""
    submission_id = uuid4()
    phone, words = changed.pop("phone", PHONE), changed.pop("words", "排了两小时的队")
    values = {
        "submission_id": submission_id, "kind": "complaint", "unit_code": UNIT,
        "satisfaction": 1, "categories": ("inefficiency",),
        "phone_sealed": phone and SEAL.close(phone, f"phone:{submission_id}"),
        "phone_index": phone and SEAL.index(phone),
        "words_sealed": words and SEAL.close(words, f"words:{submission_id}"),
        "received_at": clock.now(),
    }  # fmt: skip
    return SubmissionReceived.model_validate(values | changed)


@dataclass
class Casework:
    """The acts on one connection, each as the operator who does it, in a savepoint of its own."""

    conn: Connection

    @classmethod
    async def begun(cls, conn: Connection) -> "Casework":
        """With the small directory."""
        for file in (PLACES, UNITS, OFFICERS, OPERATORS):
            done = await directory.import_csv(conn, file.encode(), SEAL, LEVELS)
            assert isinstance(done, directory.Imported), done
        await conn.execute("DELETE FROM outbox")
        return cls(conn)

    async def open(self, **changed: Any) -> UUID:
        """A complaint's case."""
        event = submission(**changed)
        await handlers.on_submissions_received(DESK, self.conn, [Heard(event)])
        found: UUID = await self.conn.fetchval(
            "SELECT case_id FROM cases WHERE submission_id = $1", event.submission_id
        )
        return found

    async def act(self, who: str, act: Act[Any, Any], case_id: UUID, body: Any) -> Any:
        """What somebody does; undone if it is refused."""
        async with self.acting(who):
            return await act(self.conn, DESK, PEOPLE[who], case_id, body)

    @asynccontextmanager
    async def acting(self, who: str) -> AsyncIterator[None]:
        """In somebody's name, as the API and the pages do it."""
        async with self.conn.transaction():
            await act_as(self.conn, PEOPLE[who])
            yield
            await self.conn.execute(
                "SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[])"
                " AS s (name, value)",
                list(EVERYTHING), list(EVERYTHING.values()),
            )  # fmt: skip

    async def call(self, who: str, case_id: UUID, outcome: str, note: str = "") -> Any:
        """A call to the citizen."""
        body = CallbackBody.model_validate({"outcome": outcome, "note": note})
        return await self.act(who, callbacks.log_callback, case_id, body)

    async def judge(
        self, who: str, case_id: UUID, verdict: str = "substantiated", revision: int = 0,
        **changed: Any,
    ) -> Any:  # fmt: skip
        """A verdict for which the unit answers, if anybody must."""
        blamed = verdict in ("substantiated", "partly")
        values = {
            "verdict": verdict, "attribution": "unit" if blamed else "none", "finding": "监控属实",
            "answer": "已整改", "revision": revision,
        }  # fmt: skip
        body = VerdictBody.model_validate(values | changed)
        return await self.act(who, judging.submit_verdict, case_id, body)

    async def review(
        self, who: str, case_id: UUID, decision: str = "confirm", note: str = "请补查",
        revision: int | None = None,
    ) -> Any:  # fmt: skip
        """A second look, of what stands there unless told otherwise."""
        seen = revision or (await self.stands(case_id)).revision
        values = {"decision": decision, "note": note, "revision": max(1, seen)}
        body = ReviewBody.model_validate(values)
        return await self.act(who, reviews.review, case_id, body)

    async def reveal(self, who: str, case_id: UUID, reason: str = "回访") -> Any:
        """The phone in clear."""
        return await self.act(who, phones.reveal_phone, case_id, RevealBody(reason=reason))

    async def stands(self, case_id: UUID) -> Case:
        """The case as the auditor sees it."""
        found = await cases.get_case(self.conn, AUDITOR, case_id)
        if found is None:
            raise NotFound
        return found

    async def timeline(self, case_id: UUID) -> list[tuple[str, str]]:
        """What was done, and by whom."""
        done = await actions.list_actions(self.conn, case_id)
        return [(action.action, action.actor) for action in done]

    async def said(self, event_type: str = "") -> list[dict[str, Any]]:
        """What was published since the last question, oldest first."""
        rows = await self.conn.fetch(
            "DELETE FROM outbox WHERE $1 IN ('', type) RETURNING seq, body", event_type
        )
        bodies = [row["body"] for row in sorted(rows, key=lambda row: row["seq"])]
        return [Envelope.model_validate_json(body).data for body in bodies]
