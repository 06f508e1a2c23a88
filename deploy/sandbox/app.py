"""The sandbox put together: dialects, admin API, the worker and the postman."""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, web
from aiohttp.typedefs import Handler

from deploy.sandbox import admin, phones
from deploy.sandbox.admin import admin_errors
from deploy.sandbox.book import Book
from deploy.sandbox.callbacks import Postman
from deploy.sandbox.config import Config
from deploy.sandbox.dialects import DIALECTS
from deploy.sandbox.faults import FaultBox
from deploy.sandbox.misbehave import misbehave, vendor_of
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.tasks import Action, Worker

log = logging.getLogger(__name__)
CALLBACK_TIMEOUT = ClientTimeout(total=5)


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure on a vendor's path in that vendor's words."""
    vendor = vendor_of(request.path)
    if vendor is None:
        return await handler(request)
    dialect = DIALECTS[vendor]
    try:
        dialect.check(request, request.app[PARTS])
        return await handler(request)
    except Exception as error:
        refused = dialect.refusal(error)
        if refused.status == 500:
            log.exception("a request to %s failed", vendor)
        return refused


def make_app(config: Config) -> web.Application:
    """Open the book and wire the routes; background work starts with the application."""
    book = Book(config.data)
    app = web.Application(middlewares=[admin_errors, misbehave, speak])
    app[PARTS] = Parts(config, book, FaultBox(book))
    app.add_routes([*admin.routes(), *phones.routes()])
    for dialect in DIALECTS.values():
        app.add_routes(dialect.routes())
    app.cleanup_ctx.append(background)
    return app


def actions(parts: Parts) -> dict[str, Action]:
    """What happens by the clock at every vendor."""
    every = (dialect.actions(parts) for dialect in DIALECTS.values())
    return {kind: action for life in every for kind, action in life.items()}


async def background(app: web.Application) -> AsyncIterator[None]:
    """The worker's life: what a kill left behind is taken up again."""
    parts = app[PARTS]
    async with ClientSession(timeout=CALLBACK_TIMEOUT, cookie_jar=DummyCookieJar()) as session:
        postman = Postman(parts.book, session, parts.config.delay_scale, DIALECTS)
        worker = Worker(parts.book, {**actions(parts), "callback": postman.deliver})
        running = asyncio.create_task(worker.run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    parts.book.close()
