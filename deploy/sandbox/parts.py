"""The parts that a request handler needs, under one key of the application."""

from dataclasses import dataclass

from aiohttp import web

from deploy.sandbox.book import Book
from deploy.sandbox.config import Config
from deploy.sandbox.faults import FaultBox


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, the book and the armed faults."""

    config: Config
    book: Book
    faults: FaultBox


PARTS = web.AppKey("parts", Parts)
