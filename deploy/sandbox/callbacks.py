"""Callbacks to the customer: planned with the state change, sent until they are taken."""

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession

from deploy.sandbox.book import Book
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.faults import FaultBox
from deploy.sandbox.tasks import Task, add_task, finish_task, postpone_task

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Callback:
    """A message about one row, and the lie that a forger would send instead, who cannot sign.

    A body that is text is sent as it is, under `headers`; any other as JSON.
    """

    vendor: str
    ref: int
    url: str
    body: Any
    forged: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def plan_callback(
    db: sqlite3.Connection, faults: FaultBox, callback: Callback, scale: float
) -> None:
    """Queue the callback in the caller's transaction, as often and as wrongly as faults want."""
    vendor, url = callback.vendor, callback.url
    if faults.strike(vendor, {"forged_callback"}, url):
        enqueue(db, callback, callback.forged, 0)
    if faults.strike(vendor, {"no_callback"}, url):
        return
    held = faults.strike(vendor, {"reorder_callbacks"}, url)
    copies = 2 if faults.strike(vendor, {"duplicate_callback"}, url) else 1
    for _ in range(copies):
        enqueue(db, callback, callback.body, held.wait * scale if held else 0)


def enqueue(db: sqlite3.Connection, callback: Callback, body: Any, seconds: float) -> None:
    """One POST. Held back by ``seconds``, so that later ones overtake it."""
    payload = {"vendor": callback.vendor, "url": callback.url, "body": body}
    payload |= {"headers": dict(callback.headers)}
    add_task(db, "callback", callback.ref, seconds, payload)


class Postman:
    """Delivers callbacks, signed by the dialect if its vendor signs."""

    def __init__(
        self, book: Book, session: ClientSession, scale: float, dialects: Mapping[str, Dialect]
    ) -> None:
        self._book = book
        self._session = session
        self._scale = scale
        self._dialects = dialects

    async def deliver(self, task: Task) -> None:
        """Send once; strike off when taken or when the vendor would give up."""
        taken = await self._post(task.payload)
        retries = self._dialects[task.payload["vendor"]].retries
        with self._book.writing() as db:
            if taken or task.attempt >= len(retries):
                finish_task(db, task)
            else:
                postpone_task(db, task, retries[task.attempt] * self._scale)
        if not taken and task.attempt >= len(retries):
            log.warning("gave up a callback of %s about %s", task.payload["vendor"], task.ref)

    async def _post(self, payload: dict[str, Any]) -> bool:
        try:
            async with self._session.post(
                payload["url"], allow_redirects=False, **_content(payload)
            ) as answer:
                is_taken = self._dialects[payload["vendor"]].is_taken
                return is_taken(answer.status, await answer.read())
        except (ClientError, TimeoutError):
            return False


def _content(payload: Mapping[str, Any]) -> dict[str, Any]:
    body, headers = payload["body"], payload.get("headers", {})
    return {"data" if isinstance(body, str) else "json": body, "headers": headers}
