"""The import contracts bind: a wrong import anywhere breaks one, and no module stands outside."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from shared.flows import SERVICES

ROOT = Path(__file__).parents[2]
WRONG = {
    "services/intake/accept/codes.py": "services.intake.accept.writer",
    "services/intake/accept/receipts.py": "services.intake.pages.forms",
    "services/verification/directory/store/units.py": "services.verification.signin.sessions",
    "services/verification/signin/passwords.py": "services.verification.casework.views",
    "services/rewards/metrics.py": "services.rewards.approvals",
    "deploy/cli/main.py": "deploy.sandbox.app",
    "deploy/sandbox/book.py": "services.rewards.rules.payouts",
    "services/scoring/rules/strikes.py": "asyncpg",
    "services/verification/casework/store/cases.py": "services.verification.signin.store.sessions",
    "shared/values/phone.py": "shared.observe.log",
    "shared/bus/broker.py": "shared.web.texts",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, to be spoilt."""
    target = tmp_path_factory.mktemp("rooms")
    for name in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Check the contracts of a copy."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_house_keeps_its_contracts(copy: Path) -> None:
    """As it stands, every contract is kept."""
    done = lint(copy)
    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("file", WRONG)
def test_a_wrong_import_breaks_a_contract(copy: Path, file: str) -> None:
    """Each of these imports, alone, is refused."""
    place = copy / file
    before = place.read_text("utf-8")
    assert WRONG[file] == "asyncpg" or (copy / f"{WRONG[file].replace('.', '/')}.py").exists()
    try:
        place.write_text(f"{before}\nimport {WRONG[file]}  # noqa\n", "utf-8")
        done = lint(copy)
        assert 1 == done.returncode, done.stdout
        assert "BROKEN" in done.stdout
    finally:
        place.write_text(before, "utf-8")


@pytest.mark.parametrize(
    "place", ["shared/{}.py", "shared/web/{}.py", "services/rewards/{}.py", "deploy/{}.py"]
)
def test_a_module_without_a_layer_is_refused(copy: Path, place: str) -> None:
    """A new module must be given a layer before the check passes."""
    stranger = copy / place.format("stranger")
    stranger.write_text('"""Nobody knows me."""\n', "utf-8")
    try:
        assert 0 != lint(copy).returncode
    finally:
        stranger.unlink()


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_an_exhaustive_contract(service: str) -> None:
    """One that was added without a contract would have no layers at all."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    exhaustive = {
        container
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    assert f"services.{service}" in exhaustive
