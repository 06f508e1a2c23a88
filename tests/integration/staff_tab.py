"""For tests: a browser tab of somebody who signed in at the desk and went on to another service."""

import re
from html import unescape
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from shared import statements
from shared.access import Operator, Role
from shared.values import clock

CSRF = re.compile('name="csrf" value="([0-9a-f]+)"')

KEY = re.compile('name="key" value="([^"]+)"')


def somebody(role: Role, scope: str = "city", username: str = "") -> Operator:
    """An operator of a role, at the top of the tree unless told otherwise."""
    return Operator(username or role, username or role, role, scope)


class Tab:
    """One operator's browser without JavaScript; `text` and `location` are of the last answer.

    `confirmed` says whether the password was typed just now.
    """

    def __init__(
        self, client: TestClient[Any, Any], seed: bytes, who: Operator, language: str = "zh"
    ) -> None:
        self._client, self._seed, self._who, self._language = client, seed, who, language
        self.text, self.location, self.confirmed = "", "", True

    async def get(self, path: str) -> int:
        """Open a page."""
        return await self._ask("GET", path)

    async def send(self, path: str, csrf: str | None = None, /, **fields: str) -> int:
        """Send a form of the page that is open."""
        found = CSRF.search(self.text)
        shown = KEY.search(self.text)
        key = shown[1] if shown else ""
        token = csrf if csrf is not None else found[1] if found else ""
        return await self._ask("POST", path, {"csrf": token, "key": key, **fields})

    @property
    def forms(self) -> set[str]:
        """Where the page's own forms and their buttons lead, by the last part of the address."""
        paths = re.findall('formaction="([^"]+)"', self.text)
        paths = paths or re.findall('method="post" action="([^"]+)"', self.text)
        asked = (path.partition("?") for path in paths if "lang=" not in path)
        return {path.rpartition("/")[2] for path, *_ in asked} - {"sign-out"}

    @property
    def alerts(self) -> list[str]:
        """What the page says went wrong."""
        return [
            " ".join(re.sub("<[^>]+>", " ", told).split())
            for told in re.findall('role="alert">(.*?)</div>', self.text, re.S)
        ]

    @property
    def headers(self) -> dict[str, str]:
        """What this browser sends along."""
        confirmed = clock.now() if self.confirmed else None
        statement = statements.issue(self._who, self._seed, session="s", confirmed_at=confirmed)
        return {
            "Accept": "text/html",
            "Accept-Language": self._language,
            "Cookie": f"mashang-who={statement}",
            "Origin": str(self._client.make_url("")).rstrip("/"),
        }

    async def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> int:
        form = FormData(list(fields.items())) if fields else None
        async with self._client.request(
            method, path, data=form, headers=self.headers, allow_redirects=False
        ) as response:
            self.text = unescape(await response.text())
            self.location = response.headers.get("Location", "")
            return response.status
