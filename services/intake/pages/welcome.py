"""What stands at the address itself."""

from services.intake.pages.notices import notice
from shared.web.endpoints import PUBLIC, Call, Endpoint, Page, Text


def endpoints() -> list[Endpoint]:
    """`/` and `/robots.txt`."""
    return [
        Endpoint("GET", "/", welcome, "What this is: scan a code", PUBLIC),
        Endpoint("GET", "/robots.txt", robots, "Nothing here is for search engines", PUBLIC),
    ]


async def welcome(_: Call[None, None]) -> Page:
    """For people who typed the address."""
    return notice("welcome")


async def robots(_: Call[None, None]) -> Text:
    """Turns every robot away."""
    return Text("User-agent: *\nDisallow: /\n")
