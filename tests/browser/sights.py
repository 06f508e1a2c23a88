"""Everything that a page of a service can look like: as it is asked for, and after each of its
forms was sent empty or with something wrong in every field.

The pages come from the services' own tables of endpoints, so that a new one is looked at too.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Literal

from aiohttp import ClientSession
from playwright.async_api import Page

from tests.integration.test_access_matrix import Objects, objects
from tests.town import PASSWORD, Town

Filling = Literal["", "empty", "wrong"]
STAFF = {
    "verification": "city", "rewards": "approver", "scoring": "city", "notifications": "admin",
}  # fmt: skip
# Addresses of no endpoint, and those of what has gone, was mistyped or never was.
STRANGE = ("/nowhere", "/w/forged", "/r/0000-0000-0000-0000")
NO_PAGE = (".txt", ".js", ".json", ".csv", ".svg", ".png", ".xml", ".tlog", ".pdf")
# The forms of the page itself: what is filled in is sent by its own first button.
SEND = """([number, filling]) => {
  const form = [...document.forms].filter(one => one.method === 'post')[number];
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
FORMS = "[...document.forms].filter(one => one.method === 'post').length"


@dataclass(frozen=True)
class Sight:
    """A page; perhaps after its form of this number was sent."""

    address: str
    form: int = -1
    filling: Filling = ""

    def __str__(self) -> str:
        sent = f", form {self.form + 1} sent {self.filling}" if self.filling else ""
        return f"{self.address}{sent}"

    async def show(self, page: Page) -> None:
        """Bring it before somebody."""
        await page.goto(self.address)
        if self.filling:
            async with page.expect_navigation():
                await page.evaluate(SEND, [self.form, self.filling])


async def addresses(place: Town, service: str) -> list[str]:
    """Where the service has pages, each with something on it."""
    async with ClientSession() as http:
        found = await objects(place, http)
        waiting = await place.complain(http, phone=None)
    places = [*_addresses(place, service, found)]
    if service == "intake":
        # Beside the receipt that has its answer: one that still waits, and has no phone.
        open_ = Objects(found.params | {"receipt": waiting["receipt"]["code"]})
        places += [one for one in _addresses(place, service, open_) if one not in places]
        places += [f"/k/{place.code('n1', kiosk=1)}", *STRANGE]
    return places


def _addresses(place: Town, service: str, found: Objects) -> Iterator[str]:
    for one in place.services[service].endpoints:
        if one.method == "GET" and not one.is_api and not one.path.endswith(NO_PAGE):
            yield found.address(one)


async def sights(
    page: Page, places: list[str], fillings: tuple[Filling, ...]
) -> AsyncIterator[Sight]:
    """Each page, and then each of its forms in every way."""
    for address in places:
        answer = await page.goto(address)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield Sight(address)
        await page.goto(address)
        for number in range(await page.evaluate(FORMS)):
            for filling in fillings:
                yield Sight(address, number, filling)


async def sign_in(page: Page, desk: str, username: str) -> None:
    """Through the desk's form."""
    await page.goto(f"{desk}/desk/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    async with page.expect_navigation():
        await page.press("#password", "Enter")
