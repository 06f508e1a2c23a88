"""What a phone keeps of us: a worker that shows pages without network, and the window as an app.

All of it is extra; every page works without.
"""

import json
from dataclasses import dataclass

from services.intake.pages.notices import notice
from services.intake.pages.windows import Windows
from shared.errors import NotFound
from shared.web import assets
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, Text
from shared.web.texts import texts

MANIFEST = "application/manifest+json"


@dataclass(frozen=True)
class Phone:
    """`/sw.js`, `/offline` and every window's manifest."""

    windows: Windows

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("GET", "/sw.js", worker, "Keeps the scanned window's pages", PUBLIC),
            Endpoint("GET", "/offline", offline, "Where there is no network", PUBLIC),
            Endpoint(
                "GET", "/w/{code}/app.webmanifest", self.manifest, "A window as an app", PUBLIC,
                params={"code": str},
            ),
        ]  # fmt: skip

    async def manifest(self, call: Call[None, None]) -> Text:
        """The window's name and where it starts. NotFound for a code that is not genuine."""
        window = await self.windows.find(call.params["code"])
        if window is None:
            raise NotFound()
        words, mark = texts(call.language), assets.address("mark.svg")
        told = {
            "name": window.name,
            "short_name": words.text("brand"),
            "lang": words.tag,
            "dir": words.direction,
            "start_url": f"/w/{window.code}",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f6f3ec",
            "theme_color": "#f6f3ec",
            "icons": [{"src": mark, "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        }
        return Text(json.dumps(told, ensure_ascii=False), MANIFEST)


async def worker(_: Call[None, None]) -> Text:
    """At the root, so that it may keep every page below."""
    return Text(assets.content("sw.js").decode(), "text/javascript")


async def offline(_: Call[None, None]) -> Page:
    """For a page that the phone has not kept."""
    return notice("offline")
