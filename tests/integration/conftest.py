"""The vendors' sandbox, and a town of all services, for every test that wants them."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession, ClientTimeout

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from services.verification.signin import rules
from tests.conftest import Clone
from tests.town import Town, town


@pytest.fixture(autouse=True)
def _prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests come from one address; what that is told late is a test's own matter."""
    monkeypatch.setattr(rules, "LATEST", timedelta())


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the module."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """A short time-out, to lose answers quickly."""
    async with ClientSession(timeout=ClientTimeout(total=2)) as opened:
        yield opened


@pytest.fixture
async def client(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """A client of an empty book without faults."""
    async with ClientSession() as own:
        opened = Client(own, sandbox.url)
        await opened.reset()
        yield opened
        await opened.reset()


@pytest.fixture(scope="module")
async def place(module_clone: Clone) -> AsyncIterator[Town]:
    """All services with a small directory, for a module's tests."""
    async with town(module_clone) as opened:
        yield opened
