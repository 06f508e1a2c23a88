"""What stands at the address itself."""

from services.intake.pages.notices import find
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, Text


def endpoints() -> list[Endpoint]:
    """`/` and `/robots.txt`."""
    return [
        Endpoint("GET", "/", welcome, "What this is, and a field for a receipt code", PUBLIC),
        Endpoint("GET", "/robots.txt", robots, "What is not for search engines", PUBLIC),
    ]


async def welcome(_: Call[None, None]) -> Page:
    """For people who typed the address."""
    return find("welcome")


async def robots(_: Call[None, None]) -> Text:
    """Receipts are secrets, and programs' answers are no pages; the rest may be found."""
    return Text("User-agent: *\nDisallow: /r/\nDisallow: /api/\n")
