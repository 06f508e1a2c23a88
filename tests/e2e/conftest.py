"""All five processes, the sandbox and private servers, once for the e2e tests that share them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.demo import load_directory
from deploy.local.ports import Ports
from deploy.local.stack import Stack
from tests.collector import Collector


@pytest.fixture(scope="session")
async def collector() -> AsyncIterator[Collector]:
    """Where the installation's spans go."""
    async with Collector() as listening:
        yield listening


@pytest.fixture(scope="session")
async def stack(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> AsyncIterator[Stack]:
    """A running installation with the demo's directory; its logs are in `data/logs`."""
    data = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("MASHANG_TRACES", collector.url)
        async with Stack(data, Ports.free(), quiet=True) as running:
            await load_directory(running)
            yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that follows no redirect by itself."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        yield session
