"""What each service may do at the broker, as resources of RabbitMQ's topology operator.

The same rights as `mashang broker definitions`; passwords are named, not told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.cluster.secrets import WATCHER
from shared import flows
from shared.bus import rights

GROUP = "rabbitmq.com/v1beta1"
CLUSTER = {"rabbitmqClusterReference": {"name": "rabbitmq"}}
_HEAD = "# Printed by `python -m deploy.cluster rights` from shared/flows.py.\n"


def text() -> str:
    """All of them as YAML."""
    return _HEAD + "".join(f"---\n{_yaml(one)}" for one in resources())


def resources() -> Iterator[Mapping[str, Any]]:
    """A user, its rights and its topics for each service; one user who only looks, for scaling."""
    definitions = rights.definitions({})
    for service, may, topics in zip(
        flows.SERVICES, definitions["permissions"], definitions["topic_permissions"], strict=True
    ):
        yield _user(service, [])
        yield _of("Permission", service, _permission(may["user"], may))
        yield _of("TopicPermission", service, {
            "user": topics["user"], "vhost": topics["vhost"],
            "permissions": {
                "exchange": topics["exchange"], "read": topics["read"], "write": topics["write"],
            },
        })  # fmt: skip
    nothing = dict.fromkeys(("configure", "read", "write"), rights.NOTHING)
    yield _user(WATCHER, ["monitoring"])
    yield _of("Permission", WATCHER, _permission(WATCHER, {"vhost": rights.VHOST} | nothing))


def _user(name: str, tags: list[str]) -> Mapping[str, Any]:
    return _of("User", name, {
        "tags": tags, "importCredentialsSecret": {"name": f"mashang-broker-{name}"},
    })  # fmt: skip


def _permission(user: str, may: Mapping[str, str]) -> Mapping[str, Any]:
    allowed = {right: may[right] for right in ("configure", "read", "write")}
    return {"user": user, "vhost": may["vhost"], "permissions": allowed}


def _of(kind: str, name: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "apiVersion": GROUP, "kind": kind,
        "metadata": {"name": f"mashang-{name}"}, "spec": {**spec, **CLUSTER},
    }  # fmt: skip


def _yaml(value: Mapping[str, Any], depth: int = 0) -> str:
    lines = ""
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            lines += f"{'  ' * depth}{key}:\n{_yaml(inner, depth + 1)}"
        else:
            lines += f"{'  ' * depth}{key}: {json.dumps(inner)}\n"
    return lines
