"""The set-up's decisions, without a network: what is ready, what is half-made, what to say."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import bootstrap
from deploy.local.bootstrap import SetupError


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A finished environment as the stamp describes it."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / bootstrap.STAMP).write_text(bootstrap.stamp(dev=False))
    return folder


def test_a_finished_environment_is_left_alone(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run at all when the stamp matches."""
    monkeypatch.setattr(bootstrap, "run", lambda *_: pytest.fail("ran a command"))
    bootstrap.ensure_environment(venv, dev=False)


def test_development_is_more_than_run_time(venv: Path) -> None:
    """A run-time environment is not ready for the tests, the other way round it is."""
    before = (bootstrap.is_ready(venv, dev=False), bootstrap.is_ready(venv, dev=True))
    (venv / bootstrap.STAMP).write_text(bootstrap.stamp(dev=True))
    after = (bootstrap.is_ready(venv, dev=False), bootstrap.is_ready(venv, dev=True))
    assert ((True, False), (True, True)) == (before, after)


def test_another_lock_file_or_a_lost_python_is_not_ready(venv: Path) -> None:
    """A stamp counts only for these very packages and a Python that is there."""
    (venv / bootstrap.STAMP).write_text(bootstrap.stamp(dev=False).replace("run ", "run 0"))
    assert not bootstrap.is_ready(venv, dev=False)
    (venv / bootstrap.STAMP).write_text(bootstrap.stamp(dev=False))
    (venv / "bin" / "python").unlink()
    assert not bootstrap.is_ready(venv, dev=False)


def test_an_interrupted_environment_is_made_again(
    venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an unfinished set-up left is removed before a new one is made."""
    (venv / bootstrap.STAMP).write_text(bootstrap.UNFINISHED)
    (venv / "half").touch()
    installed: list[Path] = []
    monkeypatch.setattr(bootstrap, "install", lambda _, lock: installed.append(lock))
    bootstrap.ensure_environment(venv, dev=False)
    assert [bootstrap.lock_file(dev=False)] == installed
    assert not (venv / "half").exists()
    assert bootstrap.is_ready(venv, dev=False)


def test_a_folder_that_is_not_ours_is_never_removed(tmp_path: Path) -> None:
    """An environment that somebody else made there is kept, and named."""
    (tmp_path / "notes").touch()
    with pytest.raises(SetupError, match="not ours to change"):
        bootstrap.ensure_environment(tmp_path, dev=False)
    assert (tmp_path / "notes").exists()


def answer(code: int, stderr: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A command that fails in a given way."""
    return lambda *_: subprocess.CompletedProcess([], code, "", stderr)


def test_a_missing_network_is_one_line(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's pages about connections become one sentence."""
    text = "WARNING: Retrying after NewConnectionError\nERROR: No matching distribution\n"
    monkeypatch.setattr(bootstrap, "run", answer(1, text))
    with pytest.raises(SetupError, match="the package index cannot be reached"):
        bootstrap.pip(venv, "something")


def test_without_root_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the package and the way round it."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("AMQP_URL", raising=False)
    monkeypatch.delenv("MASHANG_RABBITMQ_SERVER", raising=False)
    monkeypatch.setattr(bootstrap, "RABBITMQ", Path("/nowhere/rabbitmq-server"))
    with pytest.raises(SetupError) as caught:
        bootstrap.ensure_broker()
    assert (
        "RabbitMQ is missing: install it (Debian, Ubuntu: apt-get install rabbitmq-server) "
        "or set AMQP_URL to a running broker"
    ) == str(caught.value)


def test_a_broker_elsewhere_needs_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """With AMQP_URL nothing is looked for or installed."""
    monkeypatch.setenv("AMQP_URL", "amqp://elsewhere/")
    monkeypatch.setattr(bootstrap, "RABBITMQ", Path("/nowhere/rabbitmq-server"))
    monkeypatch.setattr(bootstrap, "run", lambda *_: pytest.fail("ran a command"))
    bootstrap.ensure_broker()


def test_a_browser_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution's Chromium, or one that is named, which must be a program."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MASHANG_CHROMIUM", raising=False)
    with pytest.raises(SetupError, match=r"apt-get install chromium\) or set MASHANG_CHROMIUM"):
        bootstrap.ensure_browser()
    monkeypatch.setenv("MASHANG_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(SetupError, match="is not a program"):
        bootstrap.ensure_browser()
    monkeypatch.setenv("MASHANG_CHROMIUM", sys.executable)
    bootstrap.ensure_browser()


@pytest.mark.parametrize("present", [True, False])
def test_the_packages_own_service_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: bool
) -> None:
    """The rule against starting exists while installing only; somebody else's stays."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(bootstrap, "POLICY", policy)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if present:
        policy.write_text("theirs")
    with bootstrap.services_not_started():
        during = policy.read_text()
    assert ("theirs" if present else "#!/bin/sh\nexit 101\n") == during
    assert present == policy.exists()
