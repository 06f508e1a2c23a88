"""The parts that a request handler needs, under one key of the application."""

from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from deploy.sandbox.book import Book
from deploy.sandbox.config import Config
from deploy.sandbox.faults import FaultBox

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, the book and the armed faults."""

    config: Config
    book: Book
    faults: FaultBox

    def account(self, kind: type[A]) -> A:
        """The customer's settings at the vendor to whose dialect this class belongs."""
        return next(a for a in self.config.accounts.values() if isinstance(a, kind))


PARTS = web.AppKey("parts", Parts)
