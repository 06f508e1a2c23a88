"""What a service shows to the world."""

from dataclasses import dataclass
from functools import cached_property

from shared.events import Language
from shared.web.endpoints import Endpoint
from shared.web.pages import Pages
from shared.web.session import Door
from shared.web.texts import LANGUAGES, whole


@dataclass(frozen=True)
class House:
    """Its endpoints, its pages, its door for operators.

    `secure` when the world comes through TLS.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    pages: Pages
    door: Door | None = None
    secure: bool = False

    @cached_property
    def _rooms(self) -> frozenset[str]:
        """Where the staff's pages begin, in a house that is the citizens'; nowhere in another."""
        home = next((one for one in self.endpoints if one.path == "/"), None)
        theirs = home is None or home.caller.kind == "staff"
        pages = (one for one in self.endpoints if one.caller.kind == "staff" and not one.is_api)
        return frozenset() if theirs else frozenset(one.path.split("/")[1] for one in pages)

    def for_staff(self, path: str) -> bool:
        """Whether who asks for this address sees the staff's look."""
        return self.door is not None and (not self._rooms or path.split("/")[1] in self._rooms)

    def languages(self, path: str) -> tuple[Language, ...]:
        """What it speaks there: to staff the languages that have every text."""
        return whole() if self.for_staff(path) else LANGUAGES
