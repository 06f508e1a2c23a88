"""The bus as an AsyncAPI 3.0.0 document, made from FLOWS and the events' models.

A channel is a routing key, to which one service sends, or a queue, from which one receives. What
travels is an envelope of CloudEvents with the event's fields as `data`.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.events import CONTENT_TYPE, Envelope, Event
from shared.flows import EXCHANGE, FLOWS, Flow, queue_name

SPECIFICATION = "3.0.0"
VERSION = "1.0.0"
_BINDING = "0.3.0"
_ABOUT = (
    "What the services of Mashang tell each other. Each event has one producer; every consumer has"
    " a queue of its own for it and handles it once, by the envelope's `id`. Consumers ignore"
    " fields that they do not know; what would break them is another type beside the old one."
    " Fields that end in `_sealed` are encrypted: only services with the key of their purpose open"
    " them."
)
_SEALED = "Sealed: only services that have the key of its purpose can open it."
Part = dict[str, Any]


def document() -> Part:
    """The whole document; the same FLOWS give the same text."""
    return {
        "asyncapi": SPECIFICATION,
        "info": {"title": "Mashang events", "version": VERSION, "description": _ABOUT},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"broker": _server()},
        "channels": {name: channel for flow in FLOWS for name, channel in _channels(flow).items()},
        "operations": {name: one for flow in FLOWS for name, one in _operations(flow).items()},
        "components": {
            "messages": {flow.event.TYPE: _message(flow) for flow in FLOWS},
            "schemas": _schemas(),
            "securitySchemes": {"login": {"type": "userPassword"}},
        },
    }


def sealed(field: str) -> bool:
    """Whether what stands in this field of an event is encrypted."""
    return field.endswith("_sealed")


def about(event: type[Event]) -> str:
    """What the event says, on one line."""
    return " ".join((event.__doc__ or "").split())


def _server() -> Part:
    return {
        "host": "{host}:{port}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ. A service has a log-in that publishes its own events only and"
        " reads its own queues only.",
        "variables": {"host": {"default": "localhost"}, "port": {"default": "5672"}},
        "security": [_ref("components", "securitySchemes", "login")],
    }


def _channels(flow: Flow) -> dict[str, Part]:
    key, messages = (
        flow.event.TYPE,
        {flow.event.TYPE: _ref("components", "messages", flow.event.TYPE)},
    )
    exchange = {
        "name": EXCHANGE,
        "type": "topic",
        "durable": True,
        "autoDelete": False,
        "vhost": "/",
    }
    told: dict[str, Part] = {
        key: {
            "address": key,
            "description": flow.why,
            "messages": messages,
            "bindings": _amqp({"is": "routingKey", "exchange": exchange}),
        }
    }
    for consumer in flow.consumers:
        name = queue_name(consumer, flow.event)
        queue = {
            "name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/",
        }  # fmt: skip
        told[name] = {
            "address": name,
            "description": f"What {consumer} has not yet handled of {key}; a quorum queue.",
            "messages": messages,
            "bindings": _amqp({"is": "queue", "queue": queue}),
        }
    return told


def _operations(flow: Flow) -> dict[str, Part]:
    key = flow.event.TYPE
    sends = _amqp({"deliveryMode": 2, "mandatory": True})
    told = {f"{flow.producer}.sends.{key}": _operation("send", flow.producer, flow, key, sends)}
    for consumer in flow.consumers:
        queue, takes = queue_name(consumer, flow.event), _amqp({"ack": True})
        told[f"{consumer}.receives.{key}"] = _operation("receive", consumer, flow, queue, takes)
    return told


def _operation(action: str, service: str, flow: Flow, channel: str, bindings: Part) -> Part:
    return {
        "action": action,
        "channel": _ref("channels", channel),
        "messages": [_ref("channels", channel, "messages", flow.event.TYPE)],
        "summary": flow.why,
        "tags": [{"name": service}],
        "bindings": bindings,
    }


def _message(flow: Flow) -> Part:
    event, envelope = flow.event, _ref("components", "schemas", Envelope.__name__)
    own = {
        "type": {"const": event.TYPE},
        "source": {"const": f"/mashang/{flow.producer}"},
        "subject": {"type": "string", "description": f"The value of {event.SUBJECT}."},
        "data": _ref("components", "schemas", event.__name__),
    }
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": about(event),
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [envelope, {"type": "object", "properties": own}]},
        "correlationId": {
            "location": "$message.payload#/traceparent",
            "description": "W3C trace context: one trace from a citizen's request to its last"
            " effect.",
        },
        "bindings": _amqp({"messageType": event.TYPE}),
    }


def _schemas() -> dict[str, Part]:
    models: list[type[BaseModel]] = [Envelope, *(flow.event for flow in FLOWS)]
    _, told = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Part] = told["$defs"]
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            if sealed(name):
                field["description"] = _SEALED
    return schemas


def _amqp(binding: Part) -> Part:
    return {"amqp": {**binding, "bindingVersion": _BINDING}}


def _ref(*path: str) -> Part:
    return {"$ref": "#/" + "/".join(path)}
