"""What the broker is told that each service may do: derived from FLOWS, and no more."""

import base64
import hashlib
import re

import pytest

from shared import flows
from shared.bus import rights

SERVICES = flows.SERVICES
TYPES = sorted(flows.EVENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_its_own_events_only(service: str) -> None:
    """The topic permission matches exactly the events whose producer it is."""
    pattern = rights.rights_of(service).publish
    own = sorted(flow.event.TYPE for flow in flows.FLOWS if flow.producer == service)
    assert own == [name for name in TYPES if re.search(pattern, name)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_its_own_queues_only(service: str) -> None:
    """The read permission matches exactly the queues that FLOWS makes for it."""
    pattern = rights.rights_of(service).read
    own = [flows.queue_name(service, event) for event in flows.heard_by(service)]
    queues = [queue for queue, _ in flows.bindings()]
    assert sorted(own) == sorted(queue for queue in queues if re.search(pattern, queue))


@pytest.mark.parametrize("name", ["case.verified.v10", "xcase.verified.v1", "case-verified.v1", ""])
def test_a_name_that_only_resembles_is_not_meant(name: str) -> None:
    """Patterns are anchored at both ends and a dot is a dot."""
    assert not re.search(rights.rights_of("verification").publish, name)


def test_nobody_configures_anything() -> None:
    """A queue of its own would let a service forge events through a dead-letter exchange."""
    told = rights.definitions({})
    assert {rights.NOTHING} == {row["configure"] for row in told["permissions"]}
    assert {rights.NOTHING} == {row["read"] for row in told["topic_permissions"]}
    assert {""} == {row["tags"] for row in told["users"]}


def test_a_service_that_says_nothing_publishes_nothing() -> None:
    """No events means the pattern that matches nothing, not the one that matches all."""
    assert (rights.NOTHING, None) == (rights.one_of([]), re.search(rights.one_of([]), "x"))


def test_a_password_is_hashed_as_rabbitmq_wants_it() -> None:
    """Four bytes of salt, then SHA-256 of salt and password, together in base64."""
    salt = bytes.fromhex("908dc60a")
    raw = base64.b64decode(rights.password_hash("test12", salt))
    assert salt + hashlib.sha256(salt + b"test12").digest() == raw
    assert rights.password_hash("test12") != rights.password_hash("test12")


def test_a_service_without_a_password_cannot_sign_in() -> None:
    """Its hash is empty, which RabbitMQ takes for no password at all."""
    told = rights.definitions({"intake": "hash"}, ("intake", "scoring"))
    assert ["hash", ""] == [row["password_hash"] for row in told["users"]]


def test_the_administrator_comes_on_top() -> None:
    """The launcher's own user may do everything; the services' rights stay as they are."""
    told = rights.definitions({})
    both = rights.with_administrator(told, "admin", "hash")
    assert told["users"] == both["users"][1:]
    assert ("administrator", ".*") == (both["users"][0]["tags"], both["permissions"][0]["write"])


def test_the_mark_of_the_topology_follows_the_bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    """One consumer less is another topology, so an old one is never taken for a new one."""
    before = flows.topology_mark()
    monkeypatch.setattr(flows, "FLOWS", flows.FLOWS[1:])
    assert before != flows.topology_mark()
    assert flows.topology_mark().startswith(f"{flows.TOPOLOGY}.")
