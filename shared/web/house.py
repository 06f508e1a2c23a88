"""What a service shows to the world."""

from dataclasses import dataclass

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

    @property
    def languages(self) -> tuple[Language, ...]:
        """What it speaks: for staff the languages that have every text."""
        return whole() if self.door else LANGUAGES
