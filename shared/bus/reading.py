"""From what the broker brought to an event of ours, or to the reason why it is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from shared import flows
from shared.bus.consuming import Delivery
from shared.bus.pending import Received
from shared.errors import Reject
from shared.events import Envelope, Event


class Unreadable(Reject):
    """Not an envelope, or not an event that this service hears."""


@dataclass(frozen=True)
class Fresh:
    """A message that could be read."""

    received: Received
    envelope: Envelope
    event: Event


def identify(delivery: Delivery) -> Received:
    """The message as text, under the id by which it is known."""
    body = _storable(delivery.body.decode("utf-8", "replace"))
    try:
        event_id = UUID(delivery.message_id or "")
    except ValueError:
        # No id of its own: the same bytes always get the same one.
        event_id = uuid5(NAMESPACE_URL, f"{delivery.type} {body}")
    return Received(event_id, _storable(delivery.type), body)


def _storable(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # no halves of characters
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def read(received: Received, heard: Mapping[str, type[Event]]) -> Fresh:
    """The event, if it is among those that are heard. Unreadable says what is wrong."""
    try:
        envelope = Envelope.model_validate_json(received.body)
        if envelope.type not in heard:
            raise Unreadable(f"no handler for {envelope.type!r}")
        if r"\u0000" in received.body and holds_nul(envelope.model_dump()):
            raise Unreadable("malformed: a text with NUL in it")
        return Fresh(received, envelope, heard[envelope.type].model_validate(envelope.data))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Unreadable(f"malformed: {wrong}") from None


def holds_nul(value: Any) -> bool:
    """Whether any text in it has the one character that PostgreSQL cannot hold."""
    if isinstance(value, dict):
        return any(holds_nul(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(map(holds_nul, value))
    return isinstance(value, str) and "\x00" in value


def known(event_type: str) -> str:
    """The type as a metric's label; anything else would let a stranger invent labels."""
    return event_type if event_type in flows.EVENTS else "unknown"
