"""What services do with a policy before they do anything else."""

import runpy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import uvloop

from deploy.local.keys import Keys
from deploy.local.ports import Ports
from deploy.local.settings import service_env
from shared.flows import SERVICES
from shared.observe import log
from shared.values import clock

SHIPPED = Path("deploy/policy.toml").read_text("utf-8")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str) -> Path:
    """Everything that a service is told; its policy file, still to be written."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    told = service_env(
        service, ports=Ports.default(), keys=Keys(), database_url="postgresql://x/y",
        amqp_url="amqp://x",
    )  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "policy.toml"
    monkeypatch.setenv("MASHANG_POLICY_FILE", str(file))
    return file


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_starts_with_a_wrong_policy(
    environment: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says the same one line, before it asks for a database, and ends with code 2."""
    environment.write_text(SHIPPED.replace("days = 2 ", "days = -2 "), "utf-8")
    line = SHIPPED[: SHIPPED.index("days = 2 ")].count("\n") + 1
    with pytest.raises(SystemExit) as left:
        runpy.run_module(f"services.{service}", run_name="__main__")
    told = f"{service}: {environment}:{line}: policy of 2019-05-15: reward.days: Input should be"
    err = capsys.readouterr().err
    assert (2, 1, True) == (left.value.code, len(err.splitlines()), err.startswith(told))


@pytest.mark.parametrize("service", ["scoring"])
def test_a_services_days_are_the_policys(
    environment: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zone of the newest edition is the one in which days are counted and times are shown."""
    environment.write_text(SHIPPED.replace("Asia/Shanghai", "Pacific/Auckland"), "utf-8")
    monkeypatch.setattr(uvloop, "run", lambda main: main.close())
    try:
        runpy.run_module(f"services.{service}", run_name="__main__")
        assert ZoneInfo("Pacific/Auckland") == clock.home()
    finally:
        clock.set_home(clock.SHANGHAI)
    assert clock.SHANGHAI == clock.home()
