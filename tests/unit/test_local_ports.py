"""The launcher's ports: defaults, variables, and who holds a taken one."""

import os
import socket

import pytest

from deploy.local.ports import (
    BELOW_EPHEMERAL,
    LOOPBACK,
    PortError,
    Ports,
    check_free,
    free_port,
    variable,
)
from shared.flows import SERVICES


def test_free_ports_are_all_different() -> None:
    """No two parts of a free set share a port."""
    ports = list(Ports.free().numbers.values())
    assert len(ports) == len(set(ports))


def test_each_port_is_moved_by_its_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable moves one port and leaves the rest at their defaults."""
    monkeypatch.setenv("MASHANG_PORT_OPS_REWARDS", "19082")
    expected = {**Ports.default().numbers, "ops_rewards": 19082}
    assert expected == Ports.from_env().numbers


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80 80"])
def test_a_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The error names the variable and its value."""
    monkeypatch.setenv("MASHANG_PORT_INTAKE", text)
    with pytest.raises(PortError, match=f"MASHANG_PORT_INTAKE={text} is no port"):
        Ports.from_env()


def test_a_taken_port_names_its_variable_and_holder() -> None:
    """The one line says which port, who has it and what to set."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError) as caught:
            check_free("intake", port)
    text = str(caught.value)
    assert [True, True, True] == [
        part in text
        for part in (f"port {port} (intake)", f"(process {os.getpid()})", "MASHANG_PORT_INTAKE")
    ]


def test_a_variable_alone_is_no_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set to nothing it counts as not set, as in a compose file without a value."""
    monkeypatch.setenv("MASHANG_PORT_INTAKE", "")
    assert Ports.default() == Ports.from_env()


@pytest.mark.parametrize(
    ("moved", "one", "other"),
    [
        ({"MASHANG_PORT_INTAKE": "8081"}, "intake", "verification"),
        ({"MASHANG_PORT_OPS_SCORING": "8080"}, "intake", "ops_scoring"),
        ({"MASHANG_PORT_POSTGRES": "7000", "MASHANG_PORT_RABBITMQ": "7000"},
         "postgres", "rabbitmq"),
    ],
)  # fmt: skip
def test_two_on_one_port_are_refused(
    monkeypatch: pytest.MonkeyPatch, moved: dict[str, str], one: str, other: str
) -> None:
    """Before anything starts, instead of a service that cannot listen half a minute later."""
    for name, value in moved.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PortError, match=f"^{one} and {other} would both listen on port") as caught:
        Ports.from_env()
    assert variable(other) in str(caught.value)


def test_two_may_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the outcome counts."""
    monkeypatch.setenv("MASHANG_PORT_INTAKE", "8081")
    monkeypatch.setenv("MASHANG_PORT_VERIFICATION", "8080")
    ports = Ports.from_env()
    assert (8081, 8080) == (ports["intake"], ports["verification"])


def test_every_service_has_two_ports_of_its_own() -> None:
    """In the order of SERVICES, so that one added at the end moves nobody."""
    ports = Ports.default()
    assert [8080 + n for n, _ in enumerate(SERVICES)] == [ports[name] for name in SERVICES]
    assert [9080 + n for n, _ in enumerate(SERVICES)] == [ports[f"ops_{n}"] for n in SERVICES]
    ports.check_different()
    assert "http://127.0.0.1:8080" == ports.url("intake")


def test_only_what_is_started_needs_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of somebody else's may stand on ours; the first port in the way is named."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        numbers = {**Ports.free().numbers, "postgres": taken.getsockname()[1]}
        Ports(numbers).check_free(skip=("postgres",))
        with pytest.raises(PortError, match=r"\(postgres\) is in use"):
            Ports(numbers).check_free()


def test_free_ports_are_below_those_of_outgoing_connections() -> None:
    """Else a client of ours could take one before its server comes, and none is given twice."""
    given = [free_port() for _ in range(50)]
    assert 50 == len(set(given))
    assert (True, True) == (min(given) >= BELOW_EPHEMERAL[0], max(given) < BELOW_EPHEMERAL[1])
