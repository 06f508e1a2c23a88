"""What each service may do at the broker, as FLOWS gives it, in RabbitMQ's own form.

A service publishes its own events, reads its own queues, and configures nothing: whoever may
declare a queue may name `mashang.events` as its dead-letter exchange, and RabbitMQ asks for no
topic permission when a message dies, so a forged event would pass.
"""

import base64
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared import flows

VHOST = "/"
NOTHING = "^$"
HASHING = "rabbit_password_hashing_sha256"
NO_PASSWORD = ""  # RabbitMQ lets nobody sign in with it


@dataclass(frozen=True)
class Rights:
    """Regular expressions of names (`write`, `read`) and of routing keys (`publish`)."""

    write: str
    read: str
    publish: str


def rights_of(service: str) -> Rights:
    """A service's whole power at the broker."""
    own = [re.escape(event.TYPE) for event in flows.told_by(service)]
    return Rights(
        write=one_of([re.escape(flows.EXCHANGE), rf"{re.escape(flows.TOPOLOGY)}\..*"]),
        read=one_of([rf"{service}\..*"]),
        publish=one_of(own),
    )


def one_of(patterns: Sequence[str]) -> str:
    """A pattern for all that these match, and nothing else."""
    return f"^({'|'.join(patterns)})$" if patterns else NOTHING


def user_of(service: str) -> str:
    """The service's log-in at the broker."""
    return f"mashang_{service}"


def password_hash(password: str, salt: bytes | None = None) -> str:
    """As RabbitMQ stores it: base64 of a salt of 4 bytes and SHA-256 of salt and password."""
    salt = os.urandom(4) if salt is None else salt
    return base64.b64encode(salt + sha256(salt + password.encode()).digest()).decode()


def definitions(
    hashes: Mapping[str, str], services: Iterable[str] = flows.SERVICES
) -> dict[str, Any]:
    """What RabbitMQ imports: the services' users and rights.

    `hashes` gives password hashes by service; a service without one cannot sign in yet.
    """
    names = tuple(services)
    return {
        "vhosts": [{"name": VHOST}],
        "users": [user(user_of(name), hashes.get(name, NO_PASSWORD)) for name in names],
        "permissions": [_permission(name) for name in names],
        "topic_permissions": [_topic_permission(name) for name in names],
    }


def with_administrator(imported: dict[str, Any], name: str, hashed: str) -> dict[str, Any]:
    """The same, and one user who may do everything."""
    everything = {
        "user": name, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*",
    }  # fmt: skip
    return imported | {
        "users": [user(name, hashed, "administrator"), *imported["users"]],
        "permissions": [everything, *imported["permissions"]],
    }


def user(name: str, hashed: str, tags: str = "") -> dict[str, str]:
    """One log-in."""
    return {"name": name, "password_hash": hashed, "hashing_algorithm": HASHING, "tags": tags}


def _permission(service: str) -> dict[str, str]:
    rights = rights_of(service)
    return {
        "user": user_of(service), "vhost": VHOST,
        "configure": NOTHING, "write": rights.write, "read": rights.read,
    }  # fmt: skip


def _topic_permission(service: str) -> dict[str, str]:
    rights = rights_of(service)
    return {
        "user": user_of(service), "vhost": VHOST, "exchange": flows.EXCHANGE,
        "write": rights.publish, "read": NOTHING,
    }  # fmt: skip
