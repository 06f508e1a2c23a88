"""Forms with files: parted while they arrive, nothing of a file in memory, every size bounded.

    read ──▶ field ──▶ its text, as long as all texts together are not too long
      │      file ──▶ a temporary file without a name, unless it is too large: then passed over
      └ however much comes: what was typed before a file is kept, so that it can be shown again

A preamble is refused at once: no browser sends one. What name a file had on somebody's phone is
nobody's business here; only that it had one tells an empty file from none.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from aiohttp import web
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from shared.errors import Invalid, Malformed, TooLarge, TooSlow, Wrong
from shared.values import text
from shared.values.household import household
from shared.web.forms import MOST_FIELDS, MOST_SHOWN, Fields

MEDIA_TYPE = "multipart/form-data"
# 30 s for a start, then 16 KiB/s on the average, as the slowest phone network still gives.
FIRST_SECONDS, SLOWEST, MOST_SECONDS = 30.0, 16 * 1024, 600.0
# Passed over up to here, so that a browser hears why; beyond, the connection ends.
MOST_READ = 128 * 1024 * 1024
# Files on their way at a time, in this process and of one caller: together they bound its disk.
AT_ONCE, OF_ONE = 48, 8


@dataclass(frozen=True)
class Uploads:
    """What a form may carry beside its fields: so many files by field, each of so many bytes."""

    fields: Mapping[str, int]
    each: int


@dataclass
class File:
    """What came in the file field of this name; `wrong` says why it was not kept, if it was not."""

    name: str
    content: BinaryIO = field(repr=False)
    size: int = 0
    wrong: Literal["", "too_large", "empty", "busy"] = ""


@dataclass
class Parts:
    """What has been read of a form so far."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    @property
    def fields(self) -> Fields:
        """What was typed."""
        return Fields(dict(self.values))


def content(files: Sequence[File], lacks: Wrong, too_large: Wrong) -> bytes:
    """The one file that was sent. Invalid where there is none, or not as it should be."""
    for file in files:
        if file.wrong == "too_large":
            raise Invalid(too_large)
        if not file.wrong:
            file.content.seek(0)
            return file.content.read()
    raise Invalid(lacks)


class _Places:
    """How many files are on their way, and whose."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextmanager
    def of(self, caller: str) -> Iterator[bool]:
        """A place for one form while its files arrive; whether there was one."""
        free = self._held.total() < AT_ONCE and self._held[caller] < OF_ONE
        self._held[caller] += int(free)
        try:
            yield free
        finally:
            self._held[caller] -= int(free)
            self._held += Counter()  # forgets those who hold none


_places = _Places()


async def read(request: web.Request, allowed: Uploads, parts: Parts) -> None:
    """Fill `parts`. TooLarge, TooSlow or Malformed leave in it what had come by then."""
    _, options = parse_options_header(request.headers.get("Content-Type", ""))
    if (request.content_length or 0) > MOST_READ:
        raise TooLarge("refused.too_large", kib=MOST_READ // 1024)
    with _places.of(household(request.remote or "")) as free:
        reader = _Reader(allowed, parts, free=free)
        try:
            parser = PushMultipartParser(
                options.get("boundary", ""), max_segment_count=MOST_FIELDS, strict=True
            )
            with parser:
                await _feed(request, parser, reader)
        except (MultipartError, UnicodeDecodeError):
            raise Malformed("refused.form_unreadable") from None
        except TimeoutError:
            raise TooSlow() from None
        except (web.RequestPayloadError, OSError, ValueError):
            raise Malformed("refused.body_cut") from None


async def _feed(request: web.Request, parser: PushMultipartParser, reader: "_Reader") -> None:
    begun, size = asyncio.get_running_loop().time(), 0
    async with asyncio.timeout(FIRST_SECONDS) as patience:
        while chunk := await request.content.readany():
            if not size and chunk[:1] != b"-":
                raise Malformed("refused.form_unreadable")
            size += len(chunk)
            if size > MOST_READ:
                raise TooLarge("refused.too_large", kib=MOST_READ // 1024)
            patience.reschedule(begun + min(FIRST_SECONDS + size / SLOWEST, MOST_SECONDS))
            for event in parser.parse(chunk):
                reader.take(event)


class _Reader:
    """Puts the parser's events where they belong."""

    def __init__(self, allowed: Uploads, parts: Parts, *, free: bool) -> None:
        self._allowed, self._parts, self._free = allowed, parts, free
        self._name, self._typed, self._most = "", bytearray(), MOST_SHOWN
        self._is_field = self._named = True
        self._file: File | None = None

    def take(self, event: "MultipartSegment | bytes | bytearray | None") -> None:
        """The beginning of a part, some of its content, or its end."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is None:
            self._end()
        elif self._is_field:
            self._most -= len(event)
            if self._most < 0:
                raise TooLarge("refused.form_too_large")
            self._typed += event
        elif self._file:
            self._keep(self._file, event)

    def _begin(self, part: MultipartSegment) -> None:
        self._name, self._typed, self._file = part.name, bytearray(), None
        self._is_field, self._named = part.filename is None, bool(part.filename)
        if self._is_field:
            return
        so_many = sum(file.name == part.name for file in self._parts.files)
        # One more than are allowed is kept in mind, to be told of.
        if so_many <= self._allowed.fields.get(part.name, -1):
            self._file = File(part.name, tempfile.TemporaryFile())  # noqa: SIM115
            self._parts.files.append(self._file)

    def _keep(self, file: File, content: bytes | bytearray) -> None:
        file.size += len(content)
        if not self._free:
            file.wrong = "busy"
        elif file.size > self._allowed.each:
            file.wrong = "too_large"
            file.content.truncate(0)
        else:
            try:
                file.content.write(content)
            except OSError:  # the disk is full
                self._free = False
                file.wrong = "busy"

    def _end(self) -> None:
        if self._is_field:
            typed = text.lines(self._typed.decode("utf-8"))
            before = self._parts.values.get(self._name, ())
            self._parts.values[self._name] = (*before, typed)
        elif self._file and not self._file.size:
            self._file.wrong = "empty"
            if not self._named:
                self._file.content.close()
                self._parts.files.remove(self._file)
