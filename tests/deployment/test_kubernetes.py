"""`deploy/kubernetes`: what is applied is right by its kinds, and services start with it."""

import re
import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from aiohttp import web
from pydantic import ValidationError

from deploy.cluster import operators as rights
from deploy.cluster import secrets
from shared import budget, flows
from shared.budget import COMMANDS, Limits
from shared.errors import Misconfigured
from shared.flows import SERVICES
from shared.web.listening import DRAIN_SECONDS
from shared.web.ops import ops_app
from tests.deployment import operators
from tests.deployment.cluster import FOLDER, SIZES, environment, one, pods, rendered, secrets_named
from tests.deployment.settings import AT, ROOT, faults, started
from tests.deployment.test_compose import ONES, VENDORS, told

# The oldest that still gets repairs somewhere, and the newest that is described.
VERSIONS = ("1.31", "1.37")
HANDBOOK = (ROOT / "deploy" / "README.md").read_text("utf-8")
# What an operator makes itself.
THEIRS = {("rabbitmq-default-user", "connection_string")}


def is_theirs(resource: dict[str, Any]) -> bool:
    """Whether an operator brings the kind."""
    return (resource["apiVersion"], resource["kind"]) in operators.SPECS


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_own_kinds_are_right(version: str) -> None:
    """By the release's schemas, with no field too many; sizes change no more than numbers."""
    ours = [each for each in rendered("province") if not is_theirs(each)]
    assert {"ConfigMap", "Deployment", "Job", "Namespace", "NetworkPolicy", "PodDisruptionBudget",
            "PersistentVolumeClaim", "Service"} == {each["kind"] for each in ours}  # fmt: skip
    for each in ours:
        kubernetes_validate.validate(each, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    """A typing error deep inside."""
    (wrong,) = [each for each in rendered("small") if each["metadata"]["name"] == "photos"]
    wrong["spec"]["acessModes"] = wrong["spec"].pop("accessModes")
    with pytest.raises(kubernetes_validate.ValidationError, match="acessModes"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.parametrize("size", SIZES)
def test_the_operators_kinds_are_right(size: str) -> None:
    """Every one of them occurs, with fields that their operator knows and values that it takes."""
    theirs = [each for each in rendered(size) if is_theirs(each)]
    assert operators.SPECS.keys() == {(each["apiVersion"], each["kind"]) for each in theirs}
    for each in theirs:
        operators.check(each)


@pytest.mark.parametrize("kind", sorted(kind for _, kind in operators.SPECS))
def test_a_field_that_an_operator_does_not_know_is_found(kind: str) -> None:
    """In each kind."""
    wrong = next(each for each in rendered("city") if is_theirs(each) and each["kind"] == kind)
    wrong["spec"]["replica"] = 3
    with pytest.raises(ValidationError, match="replica"):
        operators.check(wrong)


def test_a_commit_waits_for_no_more_standbys_than_there_are() -> None:
    """Else nothing would ever be committed."""
    (wrong,) = [each for each in rendered("city") if each["kind"] == "Cluster"]
    wrong["spec"]["instances"] = 1
    with pytest.raises(ValidationError, match="more synchronous standbys"):
        operators.check(wrong)


def test_rights_at_the_broker_are_those_that_flows_gives() -> None:
    """The file is what `python -m deploy.cluster rights` prints, and all of it is applied."""
    printed = rights.text()
    assert printed == (FOLDER / "base" / "rights.yaml").read_text("utf-8")
    names = {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(printed)}
    applied = {(each["kind"], each["metadata"]["name"]) for each in rendered("small")}
    assert names <= applied


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("size", SIZES)
def test_no_variable_is_unknown_or_missing(size: str, service: str) -> None:
    """Each is read by the service or its vendor, each that is needed is there, as in Compose."""
    given = environment(size, service)
    assert [] == faults(service, given)
    assert told(service).keys() == given.keys()


def test_the_jobs_are_told_what_they_read() -> None:
    """The owner's connection, and the administrator's at the broker, each from a file."""
    assert {"DATABASE_URL_FILE": f"{AT}DATABASE_URL"} == environment("small", "migrate")
    assert {"AMQP_URL_FILE": f"{AT}connection_string"} == environment("small", "topology")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_built_from_its_secret_and_variables(service: str, tmp_path: Path) -> None:
    """With secrets as they are written, from the folder that becomes the Secret it mounts."""
    for file in secrets.write(tmp_path, "postgres-rw:5432", "rabbitmq:5672"):
        file.write_text("filled in by a person")
    pod = dict(pods("city"))[service]
    (mounted,) = [each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each]
    assert f"mashang-{service}" == mounted
    given = environment("city", service)
    filled = {name: value or VENDORS.get(name, "") for name, value in given.items()}
    settings, built = started(service, filled, tmp_path)
    assert (service, True) == (built.name, settings.secure_cookies)


def test_what_nobody_filled_in_stops_the_start(tmp_path: Path) -> None:
    """The example's empty lines are not taken for values."""
    for file in secrets.write(tmp_path, "postgres-rw:5432", "rabbitmq:5672"):
        file.write_text("filled in by a person")
    with pytest.raises(Misconfigured, match="MASHANG_ALIYUN_KEY_ID"):
        started("notifications", environment("city", "notifications"), tmp_path)


def test_secrets_are_named_and_nowhere_told(tmp_path: Path) -> None:
    """Each that is named is printed by `resources`, with that key; nothing else is printed."""
    secrets.write(tmp_path, "postgres-rw:5432", "rabbitmq:5672")
    items: Any = secrets.resources(tmp_path)["items"]
    printed = {each["metadata"]["name"]: each["data"].keys() for each in items}
    named = set(secrets_named(rendered("city"))) - THEIRS
    assert [] == [name for name, key in named if key and key not in printed[name]]
    assert printed.keys() - {"mashang-grafana"} == {name for name, _ in named}
    assert not [each for each in rendered("city") if each["kind"] == "Secret"]


@pytest.mark.parametrize("size", SIZES)
def test_containers_have_nothing_they_do_not_need(size: str) -> None:
    """Nobody's root, nothing to write in but what is named, no word with Kubernetes."""
    for name, pod in pods(size):
        whole = pod["securityContext"]
        assert (True, 10001, 10001) == (
            whole["runAsNonRoot"], whole["runAsUser"], whole["runAsGroup"],
        )  # fmt: skip
        assert {"type": "RuntimeDefault"} == whole["seccompProfile"]
        assert (False, False) == (pod["automountServiceAccountToken"], pod["enableServiceLinks"])
        (container,) = pod["containers"]
        own = container["securityContext"]
        more = {"add": ["NET_BIND_SERVICE"]} if name == "proxy" else {}
        assert {"drop": ["ALL"], **more} == own["capabilities"]
        assert (True, False) == (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"])
        assert {"cpu", "memory"} == container["resources"]["requests"].keys()
        assert {"memory"} == container["resources"]["limits"].keys()


def test_pods_are_held_to_that() -> None:
    """By Kubernetes itself, also those that operators start."""
    (namespace,) = [each for each in rendered("small") if each["kind"] == "Namespace"]
    assert "restricted" == namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]


@pytest.mark.parametrize("service", SERVICES)
def test_probes_ask_what_the_service_answers(service: str) -> None:
    """Its ops port, by paths that are there; it listens only once its database is ready."""

    async def check() -> dict[str, str]:
        return {}

    app: web.Application = ops_app(check)
    paths = {route.resource.canonical for route in app.router.routes() if route.resource}
    (container,) = dict(pods("city"))[service]["containers"]
    ports = {each["name"]: str(each["containerPort"]) for each in container["ports"]}
    given = environment("city", service)
    assert {"http": given["MASHANG_HTTP_PORT"], "ops": given["MASHANG_OPS_PORT"]} == ports
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in
             ("startup", "readiness", "liveness")}  # fmt: skip
    assert {"ops"} == {each["port"] for each in asked.values()}
    assert {each["path"] for each in asked.values()} <= paths
    assert "/readyz" == asked["readiness"]["path"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_ends_before_it_is_killed(service: str) -> None:
    """First the proxy learns of it; then it drains in three steps, in the time Compose gives."""
    pod = dict(pods("city"))[service]
    (container,) = pod["containers"]
    _, pause = container["lifecycle"]["preStop"]["exec"]["command"]
    grace = pod["terminationGracePeriodSeconds"]
    assert f"{grace}s" == ONES[service]["stop_grace_period"]
    assert grace > int(pause) + 3 * DRAIN_SECONDS


@pytest.mark.parametrize("size", SIZES)
def test_connections_fit_the_server(size: str) -> None:
    """As many of each as may run at once, by the budget that stops a service otherwise."""
    cluster = one(size, "Cluster", "postgres")
    roles = cluster["managed"]["roles"]
    assert [f"mashang_{service}" for service in SERVICES] == [each["name"] for each in roles]
    most = int(cluster["postgresql"]["parameters"]["max_connections"])
    together = sum(each["connectionLimit"] for each in roles)
    for role, service in zip(roles, SERVICES, strict=True):
        given = environment(size, service)
        limits = Limits(most, 3, role["connectionLimit"], -1, len(roles), together)
        instances = int(given["MASHANG_INSTANCES"])
        assert "" == budget.overdrawn(limits, int(given["MASHANG_POOL_SIZE"]), instances)
        surge = one(size, "Deployment", service)["strategy"]["rollingUpdate"]["maxSurge"]
        assert instances == one(size, "ScaledObject", service)["maxReplicaCount"] + surge
    assert together + COMMANDS <= most - 3


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_grows_with_its_own_queues(service: str) -> None:
    """With all of them and nobody else's; how many there are is said in one place."""
    scaled = one("city", "ScaledObject", service)
    pattern = scaled["triggers"][0]["metadata"]["queueName"]
    queues = {queue for queue, _ in flows.bindings()}
    own = {queue for queue in queues if queue.partition(".")[0] == service}
    assert own == {queue for queue in queues if re.search(pattern, queue)}
    assert service == scaled["scaleTargetRef"]["name"]
    assert "replicas" not in one("city", "Deployment", service)


def test_sizes_differ_in_size() -> None:
    """Each is larger than the one before, and what one server loses another has, but in small."""
    counts = [
        (one(size, "ScaledObject", "rewards")["maxReplicaCount"],
         int(one(size, "Cluster", "postgres")["storage"]["size"].removesuffix("Gi")))
        for size in SIZES
    ]  # fmt: skip
    assert sorted(set(counts)) == counts
    assert [1, 3, 3] == [one(size, "Cluster", "postgres")["instances"] for size in SIZES]
    assert [1, 3, 3] == [one(size, "RabbitmqCluster", "rabbitmq")["replicas"] for size in SIZES]
    for size in ("city", "province"):
        waits = one(size, "Cluster", "postgres")["postgresql"]["synchronous"]
        assert "required" == waits["dataDurability"]


def test_the_handbook_names_the_servers_as_they_are_called(tmp_path: Path) -> None:
    """Secrets that are written as it says lead to the names that the operators give."""
    words = shlex.split(re.findall(r'^make secrets ARGS="(.*)"$', HANDBOOK, re.M)[0])
    hosts = {"postgres-rw.mashang.svc:5432", "rabbitmq.mashang.svc:5672"}
    others = [word for word in words if word not in hosts]
    assert ["deploy/kubernetes/secrets", "--postgres", "--broker"] == others
    assert hosts < set(words)
    secrets.write(tmp_path, words[2], words[4])
    watched = (tmp_path / "scaling" / "host").read_text()
    assert watched.endswith("@rabbitmq.mashang.svc:15672/")
    named = {(each["kind"], each["metadata"]["name"]) for each in rendered("small")}
    assert {("Cluster", "postgres"), ("RabbitmqCluster", "rabbitmq"), ("Namespace", "mashang"),
            ("Job", "migrate"), ("Job", "topology")} <= named  # fmt: skip
