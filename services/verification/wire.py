"""What the services tell each other, to read: a page, and the same as an AsyncAPI document."""

from functools import cache

import orjson

from shared import access, asyncapi
from shared.flows import FLOWS, queue_name
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.openapi import shape
from shared.web.replies import Page, Text

ADDRESS = f"{access.WINGS['console']}/flows"
DOCUMENT = f"{access.WINGS['console']}/asyncapi.json"
KEEPERS = staff(access.CONSOLE_KEEPERS)


def endpoints() -> list[Endpoint]:
    """Both."""
    return [
        Endpoint("GET", ADDRESS, show, "What the services tell each other, to read", KEEPERS),
        Endpoint("GET", DOCUMENT, tell, "The same as AsyncAPI 3", KEEPERS),
    ]


async def show(_: Call[None, None]) -> Page:
    """Every event: who says it to whom and why, with its fields."""
    values = {
        "flows": FLOWS,
        "about": asyncapi.about,
        "shape": shape,
        "sealed": asyncapi.sealed,
        "queue_name": queue_name,
        "document": DOCUMENT,
    }
    return Page("events.html", values)


async def tell(_: Call[None, None]) -> Text:
    """For tools."""
    return Text(text(), "application/json")


@cache
def text() -> str:
    """The document as JSON; made when first asked for."""
    return orjson.dumps(asyncapi.document(), option=orjson.OPT_INDENT_2).decode()
