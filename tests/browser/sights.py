"""Everything that a page of a service can look like: as it is asked for, and after each of its
forms was sent empty or with something wrong in every field.

The pages come from the services' own tables of endpoints, so that a new one is looked at too.
"""

import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from typing import Literal
from uuid import uuid4

from aiohttp import ClientSession
from playwright.async_api import FilePayload, Page

from tests import hostile
from tests.integration.test_access_matrix import Objects, objects
from tests.town import PASSWORD, Town

Filling = Literal["", "empty", "wrong"]
STAFF = {
    "verification": "city", "rewards": "approver", "scoring": "city", "notifications": "admin",
    "intake": "city",
}  # fmt: skip
# Addresses of no endpoint, and those of what has gone, was mistyped or never was.
STRANGE = ("/nowhere", "/w/forged", "/r/0000-0000-0000-0000")
NO_PAGE = (
    ".txt", ".js", ".json", ".csv", ".svg", ".png", ".xml", ".tlog", ".pdf", "/export/{name}",
)  # fmt: skip
# The forms of the page itself: what is filled in is sent by its own first button. A list that is
# taken away is a file, and no page follows.
SEND = """([number, filling]) => {
  const form = [...document.forms].filter(
    one => one.method === 'post' && !one.action.endsWith('/exports'))[number];
  const long = {words: 2001, finding: 4001, answer: 4001, reason: 2001, note: 2001};
  form.noValidate = true;
  for (const one of form.elements) {
    if (one.type === 'hidden' || one.tagName === 'BUTTON') continue;
    if (one.type === 'radio' || one.type === 'checkbox') { one.checked = false; continue; }
    if (one.tagName === 'SELECT' || one.type === 'file') continue;
    const most = long[one.name.replace(/.*-/, '')];
    one.value = filling === 'empty' ? '' : most ? '字'.repeat(most) : 'x'.repeat(70);
  }
  const buttons = [...form.querySelectorAll('button:not([type=button])')];
  const own = buttons.filter(one => !one.formNoValidate && one.name !== 'switch');
  const seen = own.find(one => one.offsetParent);
  if (seen) seen.click(); else form.submit();
}"""
PHOTO = FilePayload(name="1.jpg", mimeType="image/jpeg", buffer=hostile.J)
FORMS = (
    "[...document.forms].filter("
    "one => one.method === 'post' && !one.action.endsWith('/exports')).length"
)


@dataclass(frozen=True)
class Sight:
    """A page; perhaps after its form of this number was sent."""

    address: str
    form: int = -1
    filling: Filling = ""

    def __str__(self) -> str:
        sent = f", form {self.form + 1} sent {self.filling}" if self.filling else ""
        return f"{self.address}{sent}"

    async def show(self, page: Page) -> bool:
        """Bring it before somebody; nothing is sent where an earlier form has done away with it."""
        await page.goto(self.address)
        if self.form >= await page.evaluate(FORMS):
            return False
        if self.filling:
            # What is shown again has a photo that came, where photos are asked for.
            if self.filling == "wrong":
                for field in await page.query_selector_all("[type=file][name=photos]"):
                    await field.set_input_files([PHOTO])
            async with page.expect_navigation():
                await page.evaluate(SEND, [self.form, self.filling])
        return True


async def addresses(place: Town, service: str, who: str = "") -> list[str]:
    """Where it has pages with something on them; of intake's, those for citizens or for `who`."""
    async with ClientSession() as http:
        found = await objects(place, http)
        waiting = await place.complain(http, phone=None)
        await praise(place, http)
    places = [*_addresses(place, service, found, who)]
    if service == "intake" and not who:
        # Beside the receipt that has its answer: one that still waits, and has no phone.
        open_ = Objects(found.params | {"receipt": waiting["receipt"]["code"]})
        places += [one for one in _addresses(place, service, open_, who) if one not in places]
        places += [f"/k/{place.code('n1', kiosk=1)}", *STRANGE]
    return places


def _addresses(place: Town, service: str, found: Objects, who: str) -> Iterator[str]:
    for one in place.services[service].endpoints:
        ours = service != "intake" or (one.caller.kind == "staff") == bool(who)
        if ours and one.method == "GET" and not one.is_api and not one.path.endswith(NO_PAGE):
            yield found.address(one)
            if one.path == "/filings":
                yield f"{one.path}?unit={found.params['unit_code']}"


async def praise(place: Town, http: ClientSession) -> None:
    """A commendation of officer A-1 with a photo."""
    said = {"kind": "rating", "satisfaction": 5, "categories": [], "phone": None, "words": None}
    receipt = (await place.complain(http, **said))["receipt"]["code"]
    url, key = f"{place.urls['intake']}/api/v1/receipts/{receipt}", {"Idempotency-Key": uuid4().hex}
    photo = {"photos": io.BytesIO(hostile.J)}
    async with http.post(f"{url}/attachments", data=photo, headers=key) as answer:
        named = await answer.json()
    words = {"words": "帮我妈妈填好了表，还扶她到门口", "officer_badge": "A-1", **named}
    async with http.post(f"{url}/additions", json=words, headers=key) as answer:
        assert 201 == answer.status, await answer.text()
    await place.carry()


async def sights(
    tabs: Sequence[Page], places: list[str], fillings: tuple[Filling, ...]
) -> AsyncIterator[tuple[Sight, Page]]:
    """Each page, and then each of its forms in every way, brought before one tab after another."""
    turns = cycle(tabs)
    for address in places:
        page = next(turns)
        answer = await page.goto(address)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        forms = await page.evaluate(FORMS)
        yield Sight(address), page
        for number, filling in product(range(forms), fillings):
            sight, page = Sight(address, number, filling), next(turns)
            if await sight.show(page):
                yield sight, page


async def sign_in(page: Page, desk: str, username: str) -> None:
    """Through the desk's form."""
    await page.goto(f"{desk}/desk/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    async with page.expect_navigation():
        await page.press("#password", "Enter")
