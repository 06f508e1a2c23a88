"""An operator's browser at the desk, without JavaScript."""

import re
from html import unescape

from aiohttp import FormData

from tests.integration.verification_office import Office


class Tab:
    """One operator's browser: a session that stays, and the token of its forms."""

    def __init__(self, bureau: Office, token: str) -> None:
        self._bureau, self._token = bureau, token
        self.text, self.location, self.status, self.raw = "", "", 0, b""

    async def get(self, path: str) -> int:
        """Open a page."""
        headers = {"Cookie": f"mashang={self._token}", "Accept": "text/html"}
        async with self._bureau.client.get(
            path, headers=headers, allow_redirects=False
        ) as response:
            self.text = unescape(await response.text())
            return response.status

    async def send(self, path: str, *fields: tuple[str, str], csrf: str | None = None) -> int:
        """Send the form of the page that is open."""
        found = re.search('name="csrf" value="([0-9a-f]+)"', self.text)
        assert found is not None
        key = re.search('name="key" value="([^"]+)"', self.text)
        hidden = [("csrf", csrf or found[1]), ("key", key[1] if key else "")]
        return await self.post(path, FormData([*hidden, *fields]))

    async def post(self, path: str, form: FormData) -> int:
        """Send a form as it is."""
        headers = {
            "Cookie": f"mashang={self._token}",
            "Accept": "text/html",
            "Origin": self._bureau.origin,
        }
        async with self._bureau.client.post(
            path, data=form, headers=headers, allow_redirects=False
        ) as response:
            self.raw = await response.read()
            self.text = unescape(self.raw.decode(errors="replace"))
            self.location = response.headers.get("Location", "")
            return response.status


async def tab(bureau: Office, who: str) -> Tab:
    """A signed-in browser."""
    return Tab(bureau, await bureau.token(who))
