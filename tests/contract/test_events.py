"""The wire format is a promise: a changed snapshot means a `v2`, not a new snapshot."""

import json
from pathlib import Path

import pytest

from shared import events, flows
from shared.events import Envelope, Event, wrap
from tests.samples import SAMPLES

SNAPSHOTS = Path(__file__).parent / "events"


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_data_is_as_promised(event: Event) -> None:
    """What consumers of other versions were built against is there; what came later may lack."""
    promised = json.loads((SNAPSHOTS / f"{event.TYPE}.json").read_text("utf-8"))
    told = event.model_dump(mode="json")
    assert promised == {name: told.get(name) for name in promised}
    assert event == type(event).model_validate(promised)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_consumers_ignore_unknown_fields(event: Event) -> None:
    """A newer producer may add a field without breaking an older consumer."""
    newer = event.model_dump(mode="json") | {"added_later": 1}
    assert event == type(event).model_validate(newer)


def test_every_event_has_a_flow_and_a_sample() -> None:
    """No event exists that nobody sends or that no contract covers."""
    classes = {
        thing
        for thing in vars(events).values()
        if isinstance(thing, type) and issubclass(thing, Event) and thing is not Event
    }
    assert classes == {flow.event for flow in flows.FLOWS}
    assert classes == {type(sample) for sample in SAMPLES}


def test_envelope_is_cloudevents_in_structured_json() -> None:
    """Any CloudEvents reader finds id, source, type, subject, time and our extensions."""
    wire = json.loads(wrap(SAMPLES[5], "verification")[1])
    assert {
        "specversion": "1.0",
        "source": "/mashang/verification",
        "type": "case.verified.v1",
        "subject": "01930000-0000-7000-8000-000000000001",
        "datacontenttype": "application/json",
        "aggregateversion": 1,
    }.items() <= wire.items()
    assert "7" == wire["id"][14]
    assert Envelope.model_validate(wire).data == SAMPLES[5].model_dump(mode="json")


def write_missing() -> None:
    """Snapshots of events that have none yet; an existing one is a promise and stays."""
    for sample in SAMPLES:
        path = SNAPSHOTS / f"{sample.TYPE}.json"
        if not path.exists():
            text = json.dumps(sample.model_dump(mode="json"), ensure_ascii=False, indent=2)
            path.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write_missing()
