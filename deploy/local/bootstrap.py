"""Sets a machine up: the virtual environment from the lock file; servers and tools if wanted.

Runs on the system's Python with nothing installed, so it uses the standard library only. What is
already there is left alone; a second call takes a few milliseconds.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  this file also meets Pythons that are too old
    sys.exit(
        f"mashang needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}; "
        "name a newer one: make PYTHON=python3.12 ..."
    )

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMP = "mashang-stamp"
UNFINISHED = "unfinished\n"
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PROMETHEUS = ("prometheus", "promtool")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POLICY = Path("/usr/sbin/policy-rc.d")


class SetupError(Exception):
    """The machine lacks something that we may not or cannot install. The text is for a person."""


def main() -> int:
    """Exit code 0 when everything asked for is in place, else 1 after one line on stderr."""
    parser = argparse.ArgumentParser(description="Set up what mashang needs on this machine.")
    parser.add_argument("--dev", action="store_true", help="also the tools for checks and tests")
    parser.add_argument("--broker", action="store_true", help="also RabbitMQ, if AMQP_URL is unset")
    parser.add_argument("--browser", action="store_true", help="also Chromium, for the tests")
    parser.add_argument("--wrk", action="store_true", help="also wrk, for the benchmarks")
    parser.add_argument("--prometheus", action="store_true", help="also Prometheus and promtool")
    parser.add_argument("--proxy", action="store_true", help="also Caddy, for the tests")
    wanted = parser.parse_args()
    try:
        ensure_environment(venv_folder(), dev=wanted.dev)
        if wanted.broker:
            ensure_broker()
        if wanted.browser:
            ensure_browser()
        if wanted.wrk and not shutil.which("wrk"):
            install_packages("wrk", "wrk, which makes the benchmarks' load,")
        if wanted.prometheus:
            ensure_prometheus()
        if wanted.proxy:
            ensure_proxy()
    except SetupError as problem:
        print(f"mashang: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mashang: interrupted; the next start carries on from here", file=sys.stderr)
        return 130
    return 0


def say(text: str) -> None:
    """One line of progress, at once even into a pipe."""
    print(f"mashang: {text}", flush=True)


def venv_folder() -> Path:
    """Where the virtual environment lies: `.venv`, unless MASHANG_VENV moves it."""
    return Path(os.environ.get("MASHANG_VENV") or ROOT / ".venv").absolute()


def ensure_environment(venv: Path, *, dev: bool) -> None:
    """Make the virtual environment agree with the lock file."""
    if is_ready(venv, dev=dev):
        return
    with one_at_a_time(venv):
        if is_ready(venv, dev=dev):
            return
        found = read_stamp(venv)
        if found == "" or found == UNFINISHED or not has_pip(venv):
            make_venv(venv, found)
        dev = dev or found.startswith("dev")
        (venv / STAMP).write_text(UNFINISHED)
        install(venv, lock_file(dev=dev))
        (venv / STAMP).write_text(stamp(dev=dev))


def is_ready(venv: Path, *, dev: bool) -> bool:
    """True if the finished stamp matches today's lock files (development includes run time)."""
    found = read_stamp(venv)
    usable = found == stamp(dev=True) or (not dev and found == stamp(dev=False))
    return usable and (venv / "bin" / "python").exists()


def read_stamp(venv: Path) -> str:
    """What an earlier set-up left in the environment; empty if none did."""
    try:
        return (venv / STAMP).read_text()
    except OSError:
        return ""


def stamp(*, dev: bool) -> str:
    """What a finished installation is recognised by; the folder, because the project's path is."""
    digest = hashlib.sha256(lock_file(dev=dev).read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    return f"{'dev' if dev else 'run'} {digest.hexdigest()} {ROOT}\n"


def lock_file(*, dev: bool) -> Path:
    """The pinned and hashed requirements."""
    return ROOT / ("requirements-dev.lock" if dev else "requirements.lock")


@contextlib.contextmanager
def one_at_a_time(venv: Path) -> Iterator[None]:
    """Let a second set-up of the same environment wait for the first one."""
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(venv.name + ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this environment is running; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_venv(venv: Path, found: str) -> None:
    """A new virtual environment; what an interrupted set-up of ours left is made again."""
    if venv.exists() and found:
        say(f"{venv} is half-made or its Python is gone; making it again")
        shutil.rmtree(venv)
    if venv.exists() and any(venv.iterdir()):
        raise SetupError(f"{venv} is not ours to change; move it away or set MASHANG_VENV")
    ensure_venv_module()
    say(f"making the virtual environment {venv} (Python {sys.version.split()[0]})")
    venv.mkdir(parents=True, exist_ok=True)
    (venv / STAMP).write_text(UNFINISHED)
    result = run([sys.executable, "-m", "venv", str(venv)])
    if result.returncode:
        raise SetupError(f"cannot make {venv}: {last_line(result)}")


def has_pip(venv: Path) -> bool:
    """True if the environment's Python starts and has pip."""
    python = venv / "bin" / "python"
    return python.exists() and run([str(python), "-I", "-c", "import pip"]).returncode == 0


def ensure_venv_module() -> None:
    """Debian ships venv without ensurepip; install the missing package where we may."""
    if run([sys.executable, "-c", "import venv, ensurepip"]).returncode == 0:
        return
    install_packages("python3-venv", "Python's venv module")


def install(venv: Path, lock: Path) -> None:
    """Install exactly the locked distributions, then the project itself, editable."""
    count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalpha())
    say(f"installing {count} pinned packages from {lock.name}; about a minute the first time")
    pip(venv, "--require-hashes", "-r", str(lock))
    pip(venv, "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def pip(venv: Path, *arguments: str) -> None:
    """Run `pip install` quietly; its last error line becomes ours."""
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    environment |= {"PIP_ROOT_USER_ACTION": "ignore"}
    result = run([*command, *arguments], environment)
    if result.returncode == 0:
        return
    text = result.stderr
    if "NewConnectionError" in text or "ConnectTimeout" in text or "Max retries" in text:
        raise SetupError("the package index cannot be reached; check the network and repeat")
    raise SetupError(f"pip could not install {arguments[-1]}: {last_line(result)}")


def ensure_broker() -> None:
    """RabbitMQ's server program, unless the environment names a broker elsewhere."""
    if os.environ.get("AMQP_URL") or os.environ.get("AMQP_URL_FILE"):
        return
    named = os.environ.get("MASHANG_RABBITMQ_SERVER")
    if named and not os.access(named, os.X_OK):
        raise SetupError(f"MASHANG_RABBITMQ_SERVER={named} is not a program; correct or unset it")
    if not named and not RABBITMQ.exists():
        with services_not_started():
            install_packages("rabbitmq-server", "RabbitMQ", "or set AMQP_URL to a running broker")


def ensure_browser() -> None:
    """A Chromium, unless the environment names one elsewhere."""
    named = os.environ.get("MASHANG_CHROMIUM")
    if named and not shutil.which(named):
        raise SetupError(f"MASHANG_CHROMIUM={named} is not a program; correct or unset it")
    if not named and not any(map(shutil.which, BROWSERS)):
        install_packages("chromium", "Chromium", "or set MASHANG_CHROMIUM")


def ensure_prometheus() -> None:
    """Prometheus and promtool, which the package starts nothing of."""
    if not all(map(shutil.which, PROMETHEUS)):
        with services_not_started():
            install_packages(PROMETHEUS[0], "Prometheus")


def install_packages(package: str, what: str, otherwise: str = "") -> None:
    """Install a Debian package as root; without root, or elsewhere, say what to do instead."""
    by_hand = f"{what} is missing: install it (Debian, Ubuntu: apt-get install {package}) "
    by_hand = (by_hand + otherwise).rstrip()
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(by_hand)
    say(f"{what} is missing; installing the distribution's package {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], environment)
    result = run(
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", package], environment
    )
    if result.returncode:
        raise SetupError(f"{by_hand}; apt-get said: {last_line(result)}")


def ensure_proxy() -> None:
    """Caddy, for the tests of its configuration."""
    if not shutil.which("caddy"):
        with services_not_started():
            install_packages("caddy", "Caddy, whose configuration is tested,")


@contextlib.contextmanager
def services_not_started() -> Iterator[None]:
    """Keep an installation from starting the package's own service, then remove the rule again.

    A rule that somebody else put there is theirs, and stays as it is.
    """
    if os.geteuid() != 0 or POLICY.exists() or not POLICY.parent.is_dir():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def run(
    command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end without input, keeping what it prints."""
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    """The most telling line of a failed command's output."""
    if result.returncode < 0:
        return f"ended by signal {-result.returncode}"
    lines = [line.strip() for line in (result.stdout + result.stderr).splitlines()]
    lines = [line for line in lines if line and not line.startswith("WARNING")]
    errors = [line for line in lines if line.lower().startswith(("error", "e:"))]
    return (errors or lines or [f"exit code {result.returncode}"])[-1]


if __name__ == "__main__":
    sys.exit(main())
