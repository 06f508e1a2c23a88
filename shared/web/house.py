"""What a service shows to the world."""

from dataclasses import dataclass

from shared.web.endpoints import Endpoint
from shared.web.pages import Pages
from shared.web.session import Door


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
