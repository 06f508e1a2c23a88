"""`python -m deploy.cluster rights`: rights at the broker, as its topology operator takes them."""

from typing import Any

import yaml

from deploy.cluster import operators
from shared.bus import rights
from shared.flows import SERVICES

DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(operators.text()))


def specs(kind: str) -> list[dict[str, Any]]:
    """What is said of each user, in order."""
    return [one["spec"] for one in DOCUMENTS if one["kind"] == kind]


def test_the_rights_are_those_that_the_broker_imports() -> None:
    """Each service may do just what `mashang broker definitions` lets it; the watcher nothing."""
    imported = rights.definitions({})
    topics = [
        {"user": one["user"], "vhost": one["vhost"], **one["permissions"]}
        for one in specs("TopicPermission")
    ]
    assert imported["topic_permissions"] == topics
    *services, watcher = (
        {"user": one["user"], "vhost": one["vhost"], **one["permissions"]}
        for one in specs("Permission")
    )
    assert imported["permissions"] == services
    assert {rights.NOTHING} == {watcher[right] for right in ("configure", "read", "write")}


def test_a_log_in_is_a_secret_by_name() -> None:
    """No password stands there; each user names the Secret that `resources` prints for it."""
    named = [one["importCredentialsSecret"]["name"] for one in specs("User")]
    assert [f"mashang-broker-{name}" for name in (*SERVICES, "watcher")] == named
    assert "password" not in operators.text()
    assert {"rabbitmq"} == {one["spec"]["rabbitmqClusterReference"]["name"] for one in DOCUMENTS}
