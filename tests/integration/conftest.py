"""The vendors' sandbox, for every test that talks to it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import ClientSession, ClientTimeout

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess


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
