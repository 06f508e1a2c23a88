"""`deploy/kubernetes`: who reaches whom, and by which port, is all written down here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from shared.flows import SERVICES
from tests.deployment.cluster import SIZES, one, rendered
from tests.deployment.settings import CADDYFILE, PLAIN, PUBLIC, STAFF

OURS = "mashang"


@dataclass(frozen=True)
class Place:
    """A pod, of ours or elsewhere, or an address."""

    name: str
    namespace: str = ""
    address: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def fits(self, peer: Mapping[str, Any]) -> bool:
        """Whether a policy's peer means it."""
        if block := peer.get("ipBlock"):
            return bool(self.address) and _within(self.address, block)
        if namespaces := peer.get("namespaceSelector"):
            return bool(
                {"kubernetes.io/metadata.name": self.namespace} == namespaces["matchLabels"]
            )
        return self.namespace == OURS and _has(self.labels, peer["podSelector"])


WORLD, BUREAU = Place("world", address="203.0.113.9"), Place("bureau", address="10.20.3.4")
INNER = Place("a machine inside", address="192.168.1.1")
NAMESPACES = tuple(Place(name, name) for name in (
    "kube-system", "monitoring", "keda", "cnpg-system", "rabbitmq-system", "default",
))  # fmt: skip
PORTS = (53, 80, 443, 4369, 5432, 5672, 6443, 8000, 8080, 8443, *STAFF.values(), 9080, 9187,
         15672, 15692, 25672)  # fmt: skip
SERVERS = (
    Place("postgres", OURS, labels={"cnpg.io/cluster": "postgres"}),
    Place("rabbitmq", OURS, labels={"app.kubernetes.io/name": "rabbitmq"}),
)


def _within(address: str, block: Mapping[str, Any]) -> bool:
    return ip_address(address) in ip_network(block["cidr"]) and not any(
        ip_address(address) in ip_network(other) for other in block.get("except", ())
    )


def _has(labels: Mapping[str, str], selector: Mapping[str, Any]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


@cache
def ours(size: str) -> tuple[Place, ...]:
    """Every pod in the namespace."""
    started = [each for each in rendered(size) if each["kind"] in ("Deployment", "Job")]
    return *(
        Place(each["metadata"]["name"], OURS, labels=each["spec"]["template"]["metadata"]["labels"])
        for each in started
    ), *SERVERS


@cache
def policies(size: str) -> list[dict[str, Any]]:
    """What is said of the network."""
    return [each["spec"] for each in rendered(size) if each["kind"] == "NetworkPolicy"]


def lets(size: str, kind: str, whose: Place, other: Place, port: int) -> bool:
    """Whether `whose` policies of Ingress, or Egress, let `other` and the port through."""
    if whose.namespace != OURS:
        return True
    mine = [each for each in policies(size)
            if kind in each["policyTypes"] and _has(whose.labels, each["podSelector"])]  # fmt: skip
    assert mine, f"nothing is said of {whose.name}"
    side = "from" if kind == "Ingress" else "to"
    return any(
        port in [each["port"] for each in rule["ports"]]
        and (side not in rule or any(other.fits(peer) for peer in rule[side]))
        for policy in mine for rule in policy.get(kind.lower(), ())
    )  # fmt: skip


def reached(size: str, source: Place, port: int) -> set[str]:
    """Whom it reaches there."""
    places = [*ours(size), WORLD, INNER, *NAMESPACES]
    return {
        other.name for other in places
        if other != source and lets(size, "Egress", source, other, port)
        and lets(size, "Ingress", other, source, port)
        and OURS in (source.namespace, other.namespace)
    }  # fmt: skip


def all_reached(source: Place, size: str = "city") -> dict[int, set[str]]:
    """By every port where there is somebody; Kubernetes' names are asked by all of ours."""
    found = {port: reached(size, source, port) for port in PORTS}
    if source.namespace == OURS:
        assert {"kube-system"} == found.pop(53)
    return {port: whom for port, whom in found.items() if whom}


def pod(name: str) -> Place:
    """One of ours."""
    (found,) = [each for each in ours("city") if each.name == name]
    return found


def test_the_world_reaches_the_proxys_public_side_and_nothing_else() -> None:
    """Citizens and vendors; who is on the bureau's network reaches the staff's side as well."""
    public = {PLAIN: {"proxy"}, PUBLIC: {"proxy"}}
    assert public == all_reached(WORLD)
    assert public | {port: {"proxy"} for port in STAFF.values()} == all_reached(BUREAU)
    assert public == all_reached(Place("default", "default"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_servers(service: str) -> None:
    """And who buys reaches vendors by TLS, yet nothing inside; no service reaches another."""
    vendors = {443: {"world"}} if service in ("rewards", "notifications") else {}
    assert {5432: {"postgres"}, 5672: {"rabbitmq"}} | vendors == all_reached(pod(service))


def test_the_proxy_reaches_services() -> None:
    """By the port that is theirs for it; their ops port is not."""
    assert {8080: set(SERVICES)} == all_reached(pod("proxy"))


def test_each_job_reaches_its_server() -> None:
    """Who migrates does not speak to the broker, who declares queues not to the database."""
    assert {5432: {"postgres"}} == all_reached(pod("migrate"))
    assert {5672: {"rabbitmq"}} == all_reached(pod("topology"))


def test_operators_reach_what_they_keep() -> None:
    """Each its own server, KEDA the page on which queues are counted, Prometheus its figures."""
    public = {PLAIN: {"proxy"}, PUBLIC: {"proxy"}}
    theirs = {each.name: all_reached(each) for each in NAMESPACES}
    assert public | {8000: {"postgres", "proxy"}, 5432: {"postgres"}} == theirs["cnpg-system"]
    assert public | {15672: {"rabbitmq"}} == theirs["rabbitmq-system"] == theirs["keda"]
    watched = {9080: set(SERVICES), 9187: {"postgres"}, 15692: {"rabbitmq"}}
    assert public | watched == theirs["monitoring"]


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.name)
def test_servers_reach_their_own_kind(server: Place) -> None:
    """And Kubernetes' own interface, wherever that is."""
    found = all_reached(server)
    assert {443, 6443} == found.keys()
    assert not {each.name for each in ours("city")} & (found[443] | found[6443])
    twin = Place("twin", OURS, labels=server.labels)
    between = [port for port in PORTS
               if lets("city", "Egress", server, twin, port)
               and lets("city", "Ingress", twin, server, port)]  # fmt: skip
    assert {"postgres": [5432, 8000], "rabbitmq": [4369, 25672]}[server.name] == [
        port for port in between if port != 53
    ]


@pytest.mark.parametrize("size", SIZES)
def test_whoever_is_not_named_reaches_nobody(size: str) -> None:
    """A pod that somebody puts there asks for names, and is reached by nobody."""
    stranger = Place("stranger", OURS, labels={"app.kubernetes.io/name": "stranger"})
    assert {} == all_reached(stranger, size)
    assert not any(lets(size, "Ingress", stranger, pod("intake"), port) for port in PORTS)


def test_the_proxys_ports_are_the_files() -> None:
    """Each site of the Caddyfile is a port of the container and of the Service, and no other."""
    (container,) = one("city", "Deployment", "proxy")["template"]["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert {"plain": PLAIN, "public": PUBLIC, **STAFF} == ports
    assert {f":{port} {{" for port in ports.values()} == {
        line for line in CADDYFILE.splitlines() if line.startswith(":")
    }
    service = one("city", "Service", "proxy")
    opened = {each["targetPort"]: each["port"] for each in service["ports"]}
    assert {"plain": 80, "public": 443, **STAFF} == opened
    assert "Local" == service["externalTrafficPolicy"]
    assert {"LoadBalancer"} == {
        each["spec"]["type"] for each in rendered("city")
        if each["kind"] == "Service" and "type" in each["spec"]
    }  # fmt: skip


@pytest.mark.parametrize("name", [*SERVICES, "proxy"])
def test_what_selects_pods_selects_just_those(name: str) -> None:
    """Deployment, Service, budget and spread all mean the same pods, and no other."""
    spec = one("city", "Deployment", name)
    selectors = [
        spec["selector"], one("city", "PodDisruptionBudget", name)["selector"],
        {"matchLabels": one("city", "Service", name)["selector"]},
        *(each["labelSelector"] for each in spec["template"]["spec"]["topologySpreadConstraints"]),
    ]  # fmt: skip
    for selector in selectors:
        assert [name] == [each.name for each in ours("city") if _has(each.labels, selector)]


def test_the_proxy_finds_services_by_their_names() -> None:
    """As the Caddyfile calls them."""
    ports = {name: one("city", "Service", name)["ports"][0]["port"] for name in SERVICES}
    assert {f"{name}:{port}" for name, port in ports.items()} == {
        word for word in CADDYFILE.split() if word.endswith(":8080")
    }
