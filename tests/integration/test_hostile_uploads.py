"""S5: whatever is sent as a photo or a recording, nothing of it comes through as it was sent."""

import io
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp import FormData
from PIL import Image

from services.intake.photos.taking import UPLOADS
from shared.config import key_ring
from shared.db import Database
from shared.files import decoder
from shared.values.seal import Seal
from tests import hostile
from tests.hostile import BAD, MARK, ODD, SOUNDS
from tests.integration.intake_site import Site, settings, site

SERVICE = "intake"
SEAL = Seal({"photo": key_ring(settings().seal_keys_photo)})
PATH = "/api/v1/attachments"
MIB = 1024 * 1024


@pytest.fixture
async def intake(database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """Intake with a folder for photos."""
    async with site(database, photos=str(tmp_path)) as opened:
        yield opened


async def sent(intake: Site, field: str, content: bytes, key: str = "") -> tuple[int, list[str]]:
    """Send one file: the status, and the names or the keys of what is wrong."""
    form = FormData()
    form.add_field(
        field, io.BytesIO(content), filename="../../etc/passwd.jpg", content_type="image/jpeg"
    )
    headers = {"Idempotency-Key": key or uuid4().hex}
    async with intake.client.post(PATH, data=form, headers=headers) as response:
        told = await response.json()
    return response.status, told.get("attachments") or [one["key"] for one in told["errors"]]


def kept(folder: Path, name: str) -> bytes:
    """What lies in the storage, opened."""
    sealed = folder.joinpath(name).read_bytes()
    return SEAL.open_file(sealed, f"photo:{UUID(name.partition('/')[2])}")


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_photo_is_made_anew(intake: Site, tmp_path: Path, name: str) -> None:
    """Of whatever kind, it becomes a plain JPEG: no position, no note, no second file behind."""
    status, (stored,) = await sent(intake, "photos", ODD[name]())
    assert 201 == status
    clean = kept(tmp_path, stored)
    assert MARK not in clean
    assert b"Exif" not in clean
    assert clean.endswith(b"\xff\xd9")
    with Image.open(io.BytesIO(clean)) as image:
        assert ("JPEG", "RGB", 0) == (image.format, image.mode, len(image.getexif()))
        assert max(image.size) <= decoder.SIDE
        assert {"jfif", "jfif_version", "jfif_unit", "jfif_density"} == set(image.info)


async def test_a_photo_stands_upright(intake: Site, tmp_path: Path) -> None:
    """What the phone noted about its way up is done, not told: dark is above afterwards."""
    _, (stored,) = await sent(intake, "photos", ODD["position"]())
    with Image.open(io.BytesIO(kept(tmp_path, stored))) as image:
        assert (48, 64) == image.size
        assert 128 > sum(image.getpixel((24, 4))) / 3  # type: ignore[arg-type]
        assert 128 < sum(image.getpixel((24, 60))) / 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "size"), [("heic", (512, 512)), ("heic of a phone", (1536, 2048))]
)
async def test_a_phones_own_kind_of_photo_is_taken(
    intake: Site, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    """A genuine HEIC, also of full size, becomes an upright JPEG that every desk can show."""
    _, (stored,) = await sent(intake, "photos", ODD[name]())
    with Image.open(io.BytesIO(kept(tmp_path, stored))) as image:
        assert ("JPEG", size) == (image.format, image.size)
        assert (0, 0, 128) == pytest.approx(image.getpixel((size[0] // 2, 20)), abs=4)


async def test_a_heic_that_is_too_large_is_told_so(intake: Site) -> None:
    """With what to do instead, and not that it were broken."""
    content = BAD["heic of too many pixels"]()
    assert (422, ["wrong.photo_too_large"]) == await sent(intake, "photos", content)


async def test_sixteen_bits_become_eight(intake: Site, tmp_path: Path) -> None:
    """A medium grey stays one, and does not become white."""
    _, (stored,) = await sent(intake, "photos", ODD["sixteen bits"]())
    with Image.open(io.BytesIO(kept(tmp_path, stored))) as image:
        assert abs(40000 // 256 - image.getpixel((5, 5))[0]) < 4  # type: ignore[index]


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_photo_is_refused(intake: Site, tmp_path: Path, name: str) -> None:
    """The answer says so at the field, and nothing is stored of it."""
    status, keys = await sent(intake, "photos", BAD[name]())
    assert 422 == status
    assert {"wrong.photo_not_one", "wrong.photo_broken", "wrong.photo_too_large"} >= set(keys)
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [] == await intake.fetch("SELECT FROM attachments")


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_recording_is_made_anew_or_refused(intake: Site, tmp_path: Path, name: str) -> None:
    """Opus in Ogg, whatever it was; a list of other files leads nowhere."""
    make, taken = SOUNDS[name]
    status, told = await sent(intake, "voice", make())
    assert (201 if taken else 422) == status
    if taken:
        clean = kept(tmp_path, told[0])
        assert (b"OggS", b"OpusHead") == (clean[:4], clean[28:36])
        assert MARK not in clean
    else:
        why = ("not_one", "broken", "too_long", "too_large")
        assert {f"wrong.voice_{one}" for one in why} >= set(told)


def part(name: str, content: bytes, more: str = "") -> bytes:
    """A part of a form."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


FILE = '; filename="x.jpg"'
END = b"--b--\r\n"
GOOD = part("photos", hostile.J, FILE)
NESTED = b"--c\r\nContent-Disposition: file; filename=x\r\n\r\n" + hostile.J + b"\r\n--c--"
REQUESTS = {
    "no boundary": ("multipart/form-data", GOOD + END, 400),
    "another boundary": ("multipart/form-data; boundary=c", GOOD + END, 400),
    "a long boundary": (f"multipart/form-data; boundary={'c' * 2000}", GOOD + END, 400),
    "no end": ("", GOOD, 400),
    "cut in the head": ("", b'--b\r\nContent-Disposition: form-data; name="pho', 400),
    "a preamble": ("", b"x" * 70_000 + b"\r\n" + GOOD + END, 400),
    "a long head": ("", part("photos", hostile.J, f'; filename="{"x" * 9000}"') + END, 400),
    "many heads": ("", b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\n\r\n" + END, 400),
    "a part without a name": ("", b"--b\r\nContent-Type: image/jpeg\r\n\r\nx\r\n" + END, 400),
    "many parts": ("", part("words", b"x") * 500 + END, 400),
    "words that are no text": ("", part("words", b"\xff\xfe\x00") + GOOD + END, 400),
    "too many words": ("", part("words", b"x" * 600_000) + GOOD + END, 413),
    "a form in a form": ("", part("photos", NESTED, FILE) + END, 422),
    "in base64": ("", part("photos", b"/9j/4AAQ", FILE + "\r\nContent-Transfer-Encoding: base64")
                  + END, 422),
    "nothing": ("", b"", 400),
    "no file": ("", part("words", b"x") + END, 422),
    "nothing chosen": ("", part("photos", b"", '; filename=""') + END, 422),
    "an empty file": ("", part("photos", b"", FILE) + END, 422),
    "four photos": ("", b"".join(part("photos", hostile.J + bytes(n), FILE) for n in range(4))
                    + END, 422),
    "a field nobody asks for": ("", part("other", hostile.J, FILE) + END, 422),
    "json": ("application/json", b"{}", 415),
    "another kind of form": ("application/x-www-form-urlencoded", b"photos=x", 415),
    "too large": ("", part("photos", bytes(UPLOADS.each + 1), FILE) + END, 422),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_strange_request_is_refused(intake: Site, tmp_path: Path, name: str) -> None:
    """With an answer that says what is wrong, and nothing is stored."""
    kind, body, wanted = REQUESTS[name]
    headers = {
        "Idempotency-Key": uuid4().hex,
        "Content-Type": kind or "multipart/form-data; boundary=b",
    }
    async with intake.client.post(PATH, data=io.BytesIO(body), headers=headers) as response:
        assert wanted == response.status, await response.text()
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_an_endless_preamble_ends_at_once(intake: Site) -> None:
    """A browser sends none, so it is refused with its first chunk, however it would go on."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(4000):
            yield b"no boundary here\r\n" * 4096

    headers = {
        "Idempotency-Key": uuid4().hex,
        "Content-Type": "multipart/form-data; boundary=b",
    }
    try:
        async with intake.client.post(PATH, data=endless(), headers=headers) as response:
            assert 400 == response.status
    except OSError:
        pass  # it went on sending, and the connection was closed


# What a child took is counted from the size of its parent, so the parent is a small one.
WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=0, stdout=subprocess.DEVNULL, env={})
_, status, used = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(used.ru_maxrss * 1024, child.returncode)
"""
BOMBS = {
    "one bit": lambda: hostile.bomb(30_000, 30_000),
    "all colours": lambda: hostile.bomb(6_300, 6_300, 8, 6, 4),
    "sixteen bits": lambda: hostile.bomb(6_300, 6_300, 16, 0),
    "palette": lambda: hostile.bomb(6_300, 6_300, 8, 3),
    "note": BAD["note that unfolds"],
    "profile": BAD["profile that unfolds"],
    "large": ODD["large"],
    "heic": ODD["heic of a new phone"],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stays_in_its_room(name: str) -> None:
    """The child that opens it never holds more than 256 MiB."""
    with tempfile.TemporaryFile() as file:
        file.write(BOMBS[name]())
        file.seek(0)
        told = subprocess.run(
            [sys.executable, "-c", WATCH, sys.executable, "-I", decoder.__file__, "photo"],
            stdin=file, capture_output=True, text=True, check=True,
        )  # fmt: skip
    used, code = map(int, told.stdout.split())
    assert used <= 256 * MIB
    assert code in (0, decoder.TOO_LARGE, decoder.BROKEN)


async def test_the_same_file_again_is_one(intake: Site) -> None:
    """A repetition under the same key stores nothing new, and three photos are the most."""
    key = uuid4().hex
    for _ in range(2):
        status, names = await sent(intake, "photos", hostile.J, key)
        assert (201, 1) == (status, len(names))
    for n in (1, 2):
        status, names = await sent(intake, "photos", hostile.J + bytes(n), key)
        assert (201, n + 1) == (status, len(names))
    assert (422, ["wrong.photo_too_many"]) == await sent(intake, "photos", hostile.P, key)


async def test_without_a_place_none_are_taken(database: Database) -> None:
    """An installation without storage says so."""
    async with site(database) as opened:
        headers = {"Idempotency-Key": uuid4().hex}
        form = FormData()
        form.add_field("photos", hostile.J, filename="x.jpg")
        async with opened.client.post(PATH, data=form, headers=headers) as response:
            assert (410, "refused.no_photos") == (response.status, (await response.json())["key"])


async def test_a_full_disk_is_told(database: Database, tmp_path: Path) -> None:
    """Nothing is promised of a photo that could not be stored."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    async with site(database, photos=str(blocked)) as opened:
        form, headers = FormData(), {"Idempotency-Key": uuid4().hex}
        form.add_field("photos", hostile.J, filename="x.jpg")
        async with opened.client.post(PATH, data=form, headers=headers) as response:
            assert 503 == response.status
