"""A real S3 server of our own: SeaweedFS, as its wheel ships it, with a bucket and two log-ins."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from deploy.local.ports import free_port
from tests.conftest import leashed

BUCKET = "mashang"
WEED = Path(sys.executable).with_name("weed")
_RUN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(frozen=True)
class Login:
    """A key of the store, and what it may do."""

    name: str
    secret: str
    actions: tuple[str, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """As the server's own file names it."""
        credentials = [{"accessKey": self.name, "secretKey": self.secret}]
        return {"name": self.name, "credentials": credentials, "actions": list(self.actions)}


WRITER = Login("writer", "w" * 40, ("Admin", "Read", "Write", "List"))
READER = Login("reader", "r" * 40, (f"Read:{BUCKET}",))


@asynccontextmanager
async def s3(folder: Path) -> AsyncIterator[str]:
    """Its endpoint, with BUCKET in it."""
    config = folder / "identities.json"
    config.write_text(json.dumps({"identities": [WRITER.identity, READER.identity]}))
    port = free_port()
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
              "filer.port.grpc", "s3.port.grpc")  # fmt: skip
    others = {name: free_port() for name in names}
    command = [
        str(WEED), f"-logdir={folder}", "server",
        f"-dir={folder}", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.port={port}", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-volume.max=8", "-master.volumeSizeLimitMB=32", "-master.volumePreallocate=false",
        *(f"-{name}={number}" for name, number in others.items()),
    ]  # fmt: skip
    with (folder / "weed.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: ASYNC220
            leashed("-c", _RUN, *command), cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        endpoint = f"http://127.0.0.1:{port}"
        await _make_bucket(endpoint)
        yield endpoint
    finally:
        child.kill()
        child.wait()
        # Killed, it leaves these, and for most of them knows no other place.
        for number in (port, *others.values()):
            for left in Path(gettempdir()).glob(f"seaweedfs-*-{number}.sock"):
                left.unlink()


async def _make_bucket(endpoint: str) -> None:
    """As soon as it answers; whoever may do all makes a bucket by putting something into it."""
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    store = S3Store(
        BUCKET, endpoint=endpoint, region="us-east-1", access_key_id=WRITER.name,
        secret_access_key=WRITER.secret, client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )  # fmt: skip
    for _ in range(300):
        try:
            await store.put_async("hello", b"hello")
        except BaseError:
            await asyncio.sleep(0.2)
        else:
            return
    raise TimeoutError("the S3 server does not answer")
