"""Photos and recordings, which lie sealed beside the databases: found, and sealed anew."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping

from pydantic import SecretStr

from deploy.cli import surroundings
from deploy.cli.backup.server import Server
from deploy.cli.keys.resealing import opened
from shared.errors import Misconfigured, NotFound
from shared.storage import Storage, StorageSettings
from shared.values.seal import Seal

AT_ONCE = 500
# Whose rows name them; what is erased has no file, or is about to lose it.
_LISTED = {
    "intake": """
        SELECT kind || '/' || attachment_id AS name FROM attachments
        WHERE erased_at IS NULL AND kind || '/' || attachment_id > $1 ORDER BY 1 LIMIT $2""",
    "verification": "SELECT name FROM evidence WHERE name > $1 ORDER BY 1 LIMIT $2",
}
_THERE = "SELECT erased_at IS NULL FROM attachments WHERE attachment_id = $1::text::uuid"


def storage() -> Storage | None:
    """Where they lie, as intake is told."""
    told = {**surroundings.local("intake"), **os.environ}
    return StorageSettings.model_construct(
        photos=told.get("MASHANG_PHOTOS", ""),
        s3_endpoint=told.get("MASHANG_S3_ENDPOINT", ""),
        s3_region=told.get("MASHANG_S3_REGION", "us-east-1"),
        s3_access_key_id=told.get("MASHANG_S3_ACCESS_KEY_ID", ""),
        s3_secret_access_key=SecretStr(told.get("MASHANG_S3_SECRET_ACCESS_KEY", "")),
    ).storage


async def needed(server: Server, databases: Mapping[str, str]) -> Storage | None:
    """The same; nothing only where there are none. Misconfigured where they lie somewhere else."""
    if found := storage():
        return found
    async for _, name in names(server, databases):
        raise Misconfigured(
            f"{name} lies somewhere, and MASHANG_PHOTOS is not set; set it as intake has it"
        )
    return None


async def names(server: Server, databases: Mapping[str, str]) -> AsyncIterator[tuple[str, str]]:
    """Whose each is, and its name in the storage."""
    for service, listed in _LISTED.items():
        async with opened(server, databases, service) as conn:
            last = ""
            while rows := await conn.fetch(listed, last, AT_ONCE):
                for row in rows:
                    yield service, row["name"]
                last = rows[-1]["name"]


async def sealed_with(
    server: Server, databases: Mapping[str, str], place: Storage, own: str
) -> int:
    """How many files this key sealed."""
    count = 0
    async for _, name in names(server, databases):
        count += (await _content(place, name)).startswith(own.encode() + b".")
    return count


async def reseal(
    server: Server, databases: Mapping[str, str], place: Storage, seal: Seal
) -> AsyncIterator[int]:
    """All that older keys sealed; how many so far, after every few."""
    current = next(iter(seal.rings["photo"])).encode() + b"."
    done = 0
    async for service, name in names(server, databases):
        content = await _content(place, name)
        if not content or content.startswith(current):
            continue
        own = name.partition("/")[2]
        context = f"photo:{own}"
        await place.put(name, seal.close_file(seal.open_file(content, context), context))
        if service == "intake":
            await _still_there(server, databases, place, name)
        done += 1
        if done % AT_ONCE == 0:
            yield done
    yield done


async def _content(place: Storage, name: str) -> bytes:
    try:
        return await place.get(name)
    except NotFound:  # erased since it was listed
        return b""


async def _still_there(
    server: Server, databases: Mapping[str, str], place: Storage, name: str
) -> None:
    """What was erased while it was sealed anew goes again."""
    async with opened(server, databases, "intake") as conn:
        if not await conn.fetchval(_THERE, name.partition("/")[2]):
            await place.delete(name)
