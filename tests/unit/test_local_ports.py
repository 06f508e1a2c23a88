"""The launcher's ports: defaults, variables, and who holds a taken one."""

import os
import socket

import pytest

from deploy.local.ports import LOOPBACK, PortError, Ports, check_free


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
