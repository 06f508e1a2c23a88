"""Submissions that verification hears of together: what one after the other would have made."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.verification.casework import handlers
from services.verification.casework.acts import opening
from services.verification.casework.acts.desk import Desk, tell
from services.verification.casework.rules.cases import Case, case_opened
from services.verification.casework.store import cases
from shared import policy
from shared.bus import outbox
from shared.bus.handling import Heard
from shared.db import Connection, array
from shared.events import SubmissionReceived
from shared.observe import trace
from tests.integration.verification_case import AUDITOR, SEAL, Casework, submission
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, UNIT
from tests.support import at

SERVICE = "verification"
DESK = Desk(policy.load(Path("deploy/policy.toml")), SEAL)
NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
# All that they make, but for the moment, and for numbers that PostgreSQL gives: those as an order.
MADE = {
    "cases": """
        SELECT to_jsonb(c) - '{number,opened_at,page_due_at}'::text[] || jsonb_build_object(
            'nth', rank() OVER (ORDER BY number), 'pages', page_due_at = opened_at) AS row
        FROM cases c ORDER BY submission_id""",
    "case_actions": """
        SELECT to_jsonb(a) - '{action_id,acted_at}'::text[] AS row FROM case_actions a
        ORDER BY case_id, action_id""",
    "commendations": "SELECT to_jsonb(c) AS row FROM commendations c ORDER BY submission_id",
    "holds": "SELECT to_jsonb(h) AS row FROM holds h ORDER BY submission_id",
    "unread_words": "SELECT to_jsonb(u) AS row FROM unread_words u ORDER BY case_id",
    "outbox": """
        SELECT body::jsonb - '{id,time}'::text[] #- '{data,opened_at}' AS row FROM outbox
        ORDER BY seq""",
}
told = st.fixed_dictionaries(
    {
        "n": st.integers(1, 12),
        "kind": st.sampled_from(["rating", "complaint", "request"]),
        "satisfaction": st.sampled_from([1, 3, 5]),
        "unit_code": st.sampled_from([UNIT, OTHER_UNIT, FAR_UNIT, "nowhere"]),
        "words": st.sampled_from([None, "排了两小时的队", '甲警官说"滚"', "谢谢丁\\{好},\n人"]),
        "phone": st.sampled_from([None, "+8613800000001"]),
        "officer_badge": st.sampled_from([None, "170001", "170009"]),
        "categories": st.sampled_from([(), ("inefficiency",), ("integrity", "attitude")]),
        "reasons": st.sampled_from([(), (1, 2)]),
        "attachments": st.sampled_from([(), ("a.jpg", 'b"\\c,.jpg')]),
        "counter": st.sampled_from([None, 2]),
        "urgent": st.booleans(),
        "held": st.sampled_from([None, None, None, "address", "phone"]),
        "minutes": st.integers(0, 3),
    }
)


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


def heard(values: dict[str, Any]) -> Heard[SubmissionReceived]:
    """A submission in a trace of its own."""
    told = dict(values)
    own, late = UUID(int=told.pop("n")), timedelta(minutes=told.pop("minutes"))
    words, phone = told.pop("words"), told.pop("phone")
    sealed = {
        "words_sealed": words and SEAL.close(words, f"words:{own}"),
        "phone_sealed": phone and SEAL.close(phone, f"phone:{own}"),
        "phone_index": phone and SEAL.index(phone),
    }
    event = {"submission_id": own, "received_at": NOW - late, **told, **sealed}
    return Heard(SubmissionReceived.model_validate(event), trace.start())


def with_own_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission's case has the same id whenever it is opened: by it lots are drawn."""
    opened = opening.opened

    def again(desk: Desk, event: SubmissionReceived, *more: Any) -> Case:
        own = UUID(int=event.submission_id.int + (1 << 64))
        return replace(opened(desk, event, *more), case_id=own, incident_id=own)

    monkeypatch.setattr(opening, "opened", again)


async def made_of(
    conn: Connection, batches: Sequence[Sequence[Heard[SubmissionReceived]]]
) -> dict[str, list[Any]]:
    """What these batches, one after the other, leave behind; then it is undone."""
    undone = conn.transaction()
    await undone.start()
    for batch in batches:
        await handlers.on_submissions_received(DESK, conn, batch)
    made = {name: [row["row"] for row in await conn.fetch(sql)] for name, sql in MADE.items()}
    await undone.rollback()
    return made


@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(values=st.lists(told, min_size=1, max_size=14, unique_by=lambda one: one["n"]))
async def test_any_batch_is_what_one_by_one_is(
    casework: Casework, monkeypatch: pytest.MonkeyPatch, values: list[dict[str, Any]]
) -> None:
    """Cases with all columns, time lines, leads, praise, holds and events: the same, in order."""
    batch = [heard(one) for one in values]
    with at(NOW), monkeypatch.context() as patched:
        with_own_ids(patched)
        together = await made_of(casework.conn, [batch])
        apart = await made_of(casework.conn, [[one] for one in batch])
    assert apart == together


async def test_a_submission_heard_again_opens_nothing(casework: Casework) -> None:
    """In the same batch or later, under whatever event: one case, told once."""
    one, other = submission(), submission()
    await casework.said()
    await handlers.on_submissions_received(
        DESK, casework.conn, [Heard(one), Heard(other), Heard(one)]
    )
    await handlers.on_submissions_received(DESK, casework.conn, [Heard(other), Heard(one)])
    opened = [event["submission_id"] for event in await casework.said()]
    assert [str(one.submission_id), str(other.submission_id)] == opened
    assert 2 == await casework.conn.fetchval(
        "SELECT count(*) FROM case_actions WHERE action = 'opened'"
    )


async def test_each_case_goes_on_in_its_own_trace(casework: Casework) -> None:
    """What was published for a case has the trace of its submission."""
    sent = [Heard(submission(), trace.start()) for _ in range(5)]
    await casework.said()
    async with outbox.collecting(casework.conn):
        await handlers.on_submissions_received(DESK, casework.conn, sent)
    rows = await casework.conn.fetch("SELECT body FROM outbox ORDER BY seq")
    bodies = [json.loads(row["body"]) for row in rows]
    assert [(str(one.event.submission_id), one.traceparent) for one in sent] == [
        (body["data"]["submission_id"], body["traceparent"]) for body in bodies
    ]


async def test_what_is_told_of_a_case_goes_on_in_its_citizens_trace(casework: Casework) -> None:
    """Whoever's request led to it; afterwards that request's own trace goes on."""
    sent = Heard(submission(), trace.start())
    await handlers.on_submissions_received(DESK, casework.conn, [sent])
    case = await cases.get_case_of(casework.conn, AUDITOR, sent.event.submission_id)
    assert case
    await casework.said()
    asked = trace.start()
    await tell(casework.conn, case, lambda: case_opened(case))
    body = await casework.conn.fetchval("SELECT body FROM outbox ORDER BY seq DESC LIMIT 1")
    assert (sent.traceparent, asked) == (json.loads(body)["traceparent"], trace.current())


async def test_a_case_is_stored_as_it_was_made(casework: Casework) -> None:
    """Every field that a submission can fill comes back as it went in."""
    event = submission(
        kind="request", urgent=True, counter=2, officer_badge="170001", reasons=(1, 2),
        attachments=("a.jpg",), occurred_at=NOW, matter="身份证", call_time="morning",
        call_language="ug", held=None, channel="kiosk",
        officer_typed_sealed=None, categories=("inefficiency",),
    )  # fmt: skip
    made = opening.opened(DESK, event)
    assert {made.case_id} == await cases.add_cases(casework.conn, [(made, 2026)])
    stored = await cases.get_case(casework.conn, AUDITOR, made.case_id)
    assert stored
    given = {"number": stored.number, "next_due_at": stored.next_due_at}
    assert vars(made) | given == vars(stored)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True
)
async def test_an_array_is_read_as_it_was_written(conn: Connection, texts: list[str]) -> None:
    """Quotes, backslashes, braces, commas, line ends, NULL, nothing: PostgreSQL reads each back."""
    assert texts == await conn.fetchval("SELECT $1::text::text[]", array(texts))
