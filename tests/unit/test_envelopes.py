"""Events on their way: the envelope, the subject, the version, the trace."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared import flows
from shared.events import Envelope, Event, SubmissionReceived, wrap
from shared.observe import trace
from tests.samples import SAMPLES, SUBMISSION
from tests.support import at

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def wired(event: Event) -> dict[str, Any]:
    """What goes over the wire."""
    told: dict[str, Any] = orjson.loads(wrap(event, flows.producer_of(type(event)))[1])
    return told


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_an_event_comes_out_as_it_went_in(event: Event) -> None:
    """Through the envelope and JSON, by the type that stands on it."""
    event_id, body = wrap(event, flows.producer_of(type(event)))
    envelope = Envelope.model_validate_json(body)
    assert event == flows.EVENTS[envelope.type].model_validate(envelope.data)
    assert (event_id, event.subject) == (envelope.id, envelope.subject)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_subject_and_version_are_fields(event: Event) -> None:
    """Each event names the field that tells what it is about, and which state of it."""
    assert str(getattr(event, event.SUBJECT)) == event.subject
    version = getattr(event, event.VERSION) if event.VERSION else 1
    assert version == event.aggregate_version == wired(event)["aggregateversion"]


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_an_event_says_when_in_utc(event: Event) -> None:
    """Every time in it is aware, so that no reader has to guess the zone."""
    times = [value for value in dict(event).values() if isinstance(value, datetime)]
    assert [timedelta()] * len(times) == [value.utcoffset() for value in times]


def test_the_house_clock_is_on_the_envelope() -> None:
    """In a simulation an event happened when the simulation says."""
    with at(NOON):
        told = datetime.fromisoformat(wired(SAMPLES[0])["time"])
    assert timedelta() <= told - NOON < timedelta(seconds=5)


def test_a_trace_goes_along() -> None:
    """The citizen's request and the last service's log share one id."""
    trace.start(GIVEN)
    assert GIVEN == wired(SAMPLES[0])["traceparent"]


def test_ids_grow() -> None:
    """UUIDs of version 7: never the same one, and in the order in which they were made."""
    ids = [wrap(SAMPLES[0], "verification")[0] for _ in range(500)]
    assert all(one < other for one, other in pairwise(ids))
    assert {7} == {one.version for one in ids}


@given(words=st.text(max_size=50), badge=st.none() | st.text(max_size=20))
def test_any_text_survives(words: str, badge: str | None) -> None:
    """Line ends, quotes, emoji, NUL: what is in an event comes out of it."""
    event = SubmissionReceived(
        submission_id=SUBMISSION, kind="complaint", unit_code="n1", words_sealed=words,
        officer_badge=badge, received_at=NOON,
    )  # fmt: skip
    assert event == SubmissionReceived.model_validate(wired(event)["data"])


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"}, {"id": "1"}, {"id": ...}, {"type": ...}, {"type": None},
        {"data": []}, {"data": "x"}, {"data": ...}, {"time": "yesterday"}, {"subject": ...},
        {"datacontenttype": "text/xml"}, {"aggregateversion": "one"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_envelope_is_refused(changes: dict[str, Any]) -> None:
    """By its reader; what else stands on it is no matter of ours."""
    told = wired(SAMPLES[0]) | changes
    whole = {name: value for name, value in told.items() if value is not ...}
    with pytest.raises(ValidationError):
        Envelope.model_validate(whole)
    assert Envelope.model_validate(wired(SAMPLES[0]) | {"dataschema": "x", "extension": 1})


def test_events_do_not_change() -> None:
    """A handler that writes on its event would change it for the next."""
    with pytest.raises(ValidationError):
        SAMPLES[0].version = 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("service", flows.SERVICES)
def test_nobody_hears_themselves(service: str) -> None:
    """What a service says it knows already; every binding leads to a known event."""
    assert not set(flows.heard_by(service)) & set(flows.told_by(service))
    own = {(flows.queue_name(service, event), event.TYPE) for event in flows.heard_by(service)}
    assert own == {pair for pair in flows.bindings() if pair[0].startswith(f"{service}.")}


def test_every_flow_is_of_this_house() -> None:
    """Producers and consumers are services, each event has one producer and says why it flows."""
    names = {name for flow in flows.FLOWS for name in (flow.producer, *flow.consumers)}
    assert names <= set(flows.SERVICES)
    assert len(flows.FLOWS) == len(flows.EVENTS) == len(flows.PRODUCERS)
    assert all(flow.why and flow.consumers for flow in flows.FLOWS)
