"""The AsyncAPI document is the specification's own, and true of what travels."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from shared import asyncapi, flows
from shared.events import Event, wrap
from tests.samples import SAMPLES

SCHEMA = json.loads((Path(__file__).parent / "vendor/asyncapi/3.0.0.json").read_text("utf-8"))
OFFICIAL = jsonschema.Draft7Validator(SCHEMA)
DOCUMENT = asyncapi.document()
HERE = "urn:document"


def references(part: Any) -> set[str]:
    """Every `$ref` in a part."""
    if isinstance(part, list):
        return {found for one in part for found in references(one)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {found for one in part.values() for found in references(one)}


def at(pointer: str) -> Any:
    """What a reference leads to; KeyError if nowhere."""
    found: Any = DOCUMENT
    for name in pointer.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_the_document_is_valid() -> None:
    """By the official schema of AsyncAPI 3.0.0."""
    assert [] == [error.message for error in OFFICIAL.iter_errors(DOCUMENT)]
    assert "3.0.0" == DOCUMENT["asyncapi"]


@pytest.mark.parametrize(
    "broken",
    [
        DOCUMENT | {"asyncapi": "2.6.0"},
        DOCUMENT | {"operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/x"}}}},
        DOCUMENT | {"channels": {"x": {"bindings": {"amqp": {"is": "pipe"}}}}},
        DOCUMENT | {"events": {}},
        {name: part for name, part in DOCUMENT.items() if name != "info"},
    ],
    ids=["version", "action", "binding", "unknown", "missing"],
)
def test_the_schema_refuses_what_is_wrong(broken: dict[str, Any]) -> None:
    """So that a document which passes has been looked at."""
    assert not OFFICIAL.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    """Schemas, messages, channels, servers' log-ins."""
    assert references(DOCUMENT)
    for pointer in references(DOCUMENT):
        assert at(pointer), pointer


def test_every_flow_is_in_it_and_nothing_else() -> None:
    """One sends to the routing key, each consumer receives from its own queue."""
    sent, received = set[tuple[str, ...]](), set[tuple[str, ...]]()
    for one in DOCUMENT["operations"].values():
        channel, (service,) = at(one["channel"]["$ref"]), (tag["name"] for tag in one["tags"])
        (message,) = channel["messages"]
        kind = "routingKey" if one["action"] == "send" else "queue"
        assert kind == channel["bindings"]["amqp"]["is"]
        told = (service, message, channel["address"])
        (sent if one["action"] == "send" else received).add(told)
    assert {(f.producer, f.event.TYPE, f.event.TYPE) for f in flows.FLOWS} == sent
    assert {
        (one, f.event.TYPE, flows.queue_name(one, f.event))
        for f in flows.FLOWS
        for one in f.consumers
    } == received
    assert len(flows.FLOWS) + len(list(flows.bindings())) == len(DOCUMENT["channels"])
    assert {f.why for f in flows.FLOWS} == {
        one["summary"] for one in DOCUMENT["operations"].values()
    }


def test_exchange_and_queues_are_those_of_the_broker() -> None:
    """The names that the services have rights to."""
    bindings = [one["bindings"]["amqp"] for one in DOCUMENT["channels"].values()]
    assert {flows.EXCHANGE} == {one["exchange"]["name"] for one in bindings if "exchange" in one}
    queues = {one["queue"]["name"] for one in bindings if "queue" in one}
    assert {queue for queue, _ in flows.bindings()} == queues


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
def test_what_travels_is_what_the_document_says(event: Event) -> None:
    """An envelope as it is sent passes its message's schema; of another type it does not."""
    registry = Registry().with_resource(
        HERE, Resource.from_contents(DOCUMENT, default_specification=DRAFT7)
    )
    schema = {"$ref": f"{HERE}#/components/messages/{event.TYPE}/payload"}
    validator = jsonschema.Draft7Validator(schema, registry=registry)
    wire = json.loads(wrap(event, flows.producer_of(type(event)))[1])
    assert [] == [error.message for error in validator.iter_errors(wire)]
    assert not validator.is_valid(wire | {"type": "nothing.happened.v1"})
    assert not validator.is_valid(wire | {"source": "/mashang/nobody"})
    assert not validator.is_valid(wire | {"data": {}})


def test_sealed_fields_are_told_as_such() -> None:
    """Each of them, and no other."""
    told = {
        (name, field)
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for field, about in schema.get("properties", {}).items()
        if "Sealed" in about.get("description", "")
    }
    wanted = {
        (flow.event.__name__, field)
        for flow in flows.FLOWS
        for field in flow.event.model_fields
        if field.endswith("_sealed")
    }
    assert wanted
    assert wanted == told


def test_the_same_flows_give_the_same_text() -> None:
    """So that a difference between two documents is a difference of what travels."""
    assert json.dumps(DOCUMENT) == json.dumps(asyncapi.document())
