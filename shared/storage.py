"""Sealed files beside the database: in a folder that services share, or in a store that speaks S3.

What comes here is sealed already, under a name of ours such as `photo/<id>`; a backup or the
store's operator can read none of it. Whatever goes wrong outside is Unavailable.
"""

import asyncio
import os
import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from shared import config
from shared.errors import NotFound, Unavailable

_NAME = re.compile(r"[a-z]+/[0-9a-f-]{36}", re.ASCII)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Storage(Protocol):
    """Where sealed files lie."""

    async def put(self, name: str, content: bytes) -> None:
        """Store a file, durably; the same name again takes its place."""
        ...

    async def get(self, name: str) -> bytes:
        """Its content; NotFound where there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Remove it; done is done, also where it had gone before."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder, private to the services that share it. Written beside and renamed: never half."""

    root: Path

    async def put(self, name: str, content: bytes) -> None:
        """Return when it would survive a power cut."""
        await self._do(self._put, self._path(name), content)

    async def get(self, name: str) -> bytes:
        """The whole file."""
        found: bytes = await self._do(Path.read_bytes, self._path(name))
        return found

    async def delete(self, name: str) -> None:
        """Unlink it."""
        await self._do(Path.unlink, self._path(name), True)

    async def _do(self, work: Any, *values: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *values)
        except FileNotFoundError:
            raise NotFound("refused.no_file") from None
        except OSError as error:  # a full disk, a folder that is not ours
            raise Unavailable() from error

    def _path(self, name: str) -> Path:
        return self.root / checked(name)

    @staticmethod
    def _put(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, _NEW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _keep(path.parent)


def _keep(folder: Path) -> None:
    """A name is as durable as the folder that holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a store that speaks S3; `options` are endpoint, region and log-in."""

    name: str
    prefix: str
    options: dict[str, Any] = field(repr=False)

    @cached_property
    def _store(self) -> Any:
        # Only who uses S3 loads its client.
        from obstore.store import S3Store

        return S3Store(
            self.name,
            prefix=self.prefix or None,
            client_options={"timeout": "10s", "connect_timeout": "3s", "allow_http": True},
            retry_config={"max_retries": 2},
            **self.options,
        )

    async def put(self, name: str, content: bytes) -> None:
        """Return when the store has said that it has it."""
        await self._ask(self._store.put_async(checked(name), content))

    async def get(self, name: str) -> bytes:
        """The whole object."""
        found = await self._ask(self._store.get_async(checked(name)))
        return bytes(await self._ask(found.bytes_async()))

    async def delete(self, name: str) -> None:
        """Ask the store to forget it."""
        try:
            await self._ask(self._store.delete_async(checked(name)))
        except NotFound:
            return

    @staticmethod
    async def _ask(answer: Any) -> Any:
        from obstore.exceptions import BaseError, NotFoundError

        try:
            return await answer
        except (FileNotFoundError, NotFoundError):
            raise NotFound("refused.no_file") from None
        except (BaseError, OSError) as error:
            raise Unavailable() from error


def checked(name: str) -> str:
    """The name, if it is one of ours; it becomes a path."""
    if not _NAME.fullmatch(name):
        raise NotFound("refused.no_file")
    return name


class StorageSettings(config.Settings):
    """Where photos and recordings lie: a folder, or `s3://bucket/prefix` with its log-in.

    Without `photos` none are taken in.
    """

    photos: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = Field(default=SecretStr(""), repr=False)

    @field_validator("photos")
    @classmethod
    def _a_place(cls, place: str) -> str:
        url = urlsplit(place)
        if url.scheme and (url.scheme != "s3" or not url.netloc):
            raise ValueError("should be a folder, or s3://BUCKET/PREFIX")
        return place

    @property
    def storage(self) -> Storage | None:
        """As it is configured."""
        if not self.photos:
            return None
        url = urlsplit(self.photos)
        if url.scheme != "s3":
            return Folder(Path(self.photos))
        return Bucket(url.netloc, url.path.strip("/"), self._s3())

    def _s3(self) -> dict[str, Any]:
        told = {
            "endpoint": self.s3_endpoint,
            "region": self.s3_region,
            "access_key_id": self.s3_access_key_id,
            "secret_access_key": self.s3_secret_access_key.get_secret_value(),
        }
        return {name: value for name, value in told.items() if value}
