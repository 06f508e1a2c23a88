"""Where sealed files lie: a folder and a real S3 server keep them alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError

from shared.errors import NotFound, Unavailable
from shared.storage import Bucket, Folder, Storage, StorageSettings
from tests.integration import s3_server
from tests.integration.s3_server import BUCKET, READER, WRITER, Login


def settings(**changed: object) -> StorageSettings:
    """Settings with a place for photos."""
    needed = {"DATABASE_URL": "x", "AMQP_URL": "x", "http_port": 0, "ops_port": 0}
    return StorageSettings.model_validate(needed | changed)


def bucket(endpoint: str, login: Login) -> Storage:
    """The bucket by one log-in."""
    made = settings(
        photos=f"s3://{BUCKET}/town", s3_endpoint=endpoint, s3_access_key_id=login.name,
        s3_secret_access_key=SecretStr(login.secret),
    ).storage  # fmt: skip
    assert isinstance(made, Bucket)
    return made


@pytest.fixture(scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A server for this module."""
    async with s3_server.s3(tmp_path_factory.mktemp("s3")) as opened:
        yield opened


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str) -> Storage:
    """Each of the two."""
    return Folder(tmp_path / "photos") if request.param == "folder" else bucket(endpoint, WRITER)


async def test_what_was_put_is_got_until_it_is_deleted(storage: Storage) -> None:
    """Any bytes come back; the same name again takes their place; deleting twice does no harm."""
    name, content = f"photo/{uuid4()}", bytes(range(256)) * 4000
    for told in (b"before", content):
        await storage.put(name, told)
    assert content == await storage.get(name)
    for _ in range(2):
        await storage.delete(name)
    with pytest.raises(NotFound):
        await storage.get(name)


@pytest.mark.parametrize(
    "name", ["../secrets", "photo/../../x", "photo/x", "", "photo/" + "A" * 36]
)
async def test_only_our_names_lead_anywhere(storage: Storage, name: str) -> None:
    """A name becomes a path, so it must be one of ours."""
    with pytest.raises(NotFound):
        await storage.get(name)


async def test_a_reader_changes_nothing(endpoint: str) -> None:
    """The desk's log-in may be one that only reads."""
    name = f"photo/{uuid4()}"
    await bucket(endpoint, WRITER).put(name, b"sealed")
    assert b"sealed" == await bucket(endpoint, READER).get(name)
    with pytest.raises(Unavailable):
        await bucket(endpoint, READER).put(name, b"changed")
    assert b"sealed" == await bucket(endpoint, WRITER).get(name)


async def test_a_store_that_is_away_is_told() -> None:
    """Nobody waits before it for long, and nothing is promised."""
    with pytest.raises(Unavailable):
        await bucket("http://127.0.0.1:9", WRITER).get(f"photo/{uuid4()}")


async def test_a_folder_is_private_and_whole(tmp_path: Path) -> None:
    """Only its owner reads it, and no half-written file is left beside."""
    storage, name = Folder(tmp_path / "photos"), f"photo/{uuid4()}"
    await storage.put(name, b"sealed")
    file = tmp_path / "photos" / name
    assert [file] == list(file.parent.iterdir())
    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777)


@pytest.mark.parametrize("place", ["http://x/y", "s3:///x", "ftp://x"])
def test_a_place_that_is_none_is_told(place: str) -> None:
    """At the start, not when the first photo comes."""
    with pytest.raises(ValidationError, match="should be a folder, or s3://BUCKET/PREFIX"):
        settings(photos=place)


def test_no_place_is_a_place_too() -> None:
    """Then no photos are taken."""
    assert settings().storage is None
