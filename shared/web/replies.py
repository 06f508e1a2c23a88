"""The kinds of answer that a handler may give."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel

from shared.errors import Refused
from shared.events import Language

# A stream that says nothing for longer looks dead, to a browser as to whatever stands between.
SILENT_SECONDS = 15.0


@dataclass(frozen=True)
class Cookie:
    """A cookie to set, or to remove where the value is None; lives with the browser by default.

    Behind TLS every answer's cookies are Secure, whoever sets them.
    """

    name: str
    value: str | None
    same_site: Literal["Strict", "Lax"] = "Strict"
    max_age: int | None = None


@dataclass(frozen=True)
class Reply:
    """A model under another status than the endpoint's first, or with headers and cookies."""

    model: BaseModel | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True)
class Page:
    """A template of the service, with its values.

    `refused` is why a form is shown once more: its template is told, and has its status.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    language: Language | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()
    refused: Refused | None = None

    @property
    def code(self) -> int:
        """The status that it is answered with."""
        return int(self.refused.status) if self.refused else self.status


@dataclass(frozen=True)
class See:
    """After a form: go on by GET (303)."""

    location: str
    cookies: tuple[Cookie, ...] = ()

    @property
    def header(self) -> str:
        """The location as a header can carry it, whatever anybody typed into it."""
        return quote(self.location, safe="/:?#[]@!$&'()*+,;=%~")


@dataclass(frozen=True)
class Text:
    """Something that is neither JSON nor a page of ours."""

    content: str
    content_type: str = "text/plain"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Media:
    """A picture or a recording that was made here; never what somebody sent."""

    content: bytes
    content_type: Literal["image/jpeg", "audio/ogg"]


@dataclass(frozen=True)
class Download:
    """A file that was made here, for whoever asks to keep under `name`."""

    content: bytes
    content_type: str
    name: str

    @property
    def header(self) -> str:
        """To be saved, never shown, under its name in whatever script."""
        return f"attachment; filename*=UTF-8''{quote(self.name, safe='')}"


@dataclass(frozen=True)
class Stream:
    """What is told as it happens (server-sent events), until whoever listens goes away.

    `source` says each time what its listeners have to know, and None for nothing new, at least
    every SILENT_SECONDS; what it holds it gives back when it is closed. `page` is where a browser
    is led that asks without listening.
    """

    source: AsyncGenerator[BaseModel | None]
    page: str


Answer = BaseModel | Reply | Page | See | Text | Media | Download | Stream
