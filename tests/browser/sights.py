"""Everything that a page can look like: as it is asked for, and after each of its forms was sent
empty or with something wrong in every field.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle, product
from re import fullmatch, sub
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import FilePayload, Page, Response

from shared.web.session import cookie_name, statement_cookie
from tests import hostile
from tests.browser.visits import Visit
from tests.integration.verification_office import open_session
from tests.town import PASSWORD, Town

Filling = Literal["", "empty", "wrong"]
# From which page's endpoint which one is asked, by which of its forms there, filled in how.
Act = tuple[str, str, int, Filling]
# The page's own forms, each with its buttons that lead to different acts. A list that is taken away
# is a file, and no page follows; and who signs out sees nothing any more.
ACTS = """(() => {
  const leads = one => !one.formNoValidate && one.name !== 'switch' && one.type === 'submit';
  const own = [...document.forms].filter(one => one.method === 'post' && !one.closest('header')
    && !/\\/(exports|sign-out|file)$/.test(one.action));
  return own.flatMap(form => {
    const buttons = [...form.querySelectorAll('button')].filter(leads);
    const seen = buttons.filter(one => one.offsetParent);
    const acts = new Map((seen.length ? seen : buttons).map(one => [one.formAction, one]));
    return acts.size ? [...acts.values()].map(one => [form, one]) : [[form, null]];
  });
})()"""
SEND = f"""([number, filling]) => {{
  const [form, button] = {ACTS}[number];
  const long = {{words: 2001, finding: 4001, answer: 4001, reason: 2001, note: 2001}};
  form.noValidate = true;
  for (const one of form.elements) {{
    if (one.type === 'hidden' || one.tagName === 'BUTTON') continue;
    if (one.type === 'radio' || one.type === 'checkbox') {{ one.checked = false; continue; }}
    if (one.tagName === 'SELECT' || one.type === 'file') continue;
    const most = long[one.name.replace(/.*-/, '')];
    one.value = filling === 'empty' ? '' : most ? '字'.repeat(most) : 'x'.repeat(70);
  }}
  if (button && button.offsetParent) button.click(); else form.submit();
}}"""
PHOTO = FilePayload(name="1.jpg", mimeType="image/jpeg", buffer=hostile.J)
FORMS = f"{ACTS}.length"
LEAD_TO = f"{ACTS}.map(([form, button]) => button ? button.formAction : form.action)"
# What stands there, but for the keys of its forms.
SEEN = """document.title + document.querySelector('main').innerHTML
  .replace(/(name="(?:csrf|key)" value=")[^"]*/g, '$1')"""


@dataclass(frozen=True)
class Sight:
    """A page; perhaps after its form of this number was sent."""

    visit: Visit
    form: int = -1
    filling: Filling = ""

    def __str__(self) -> str:
        sent = f", form {self.form + 1} sent {self.filling}" if self.filling else ""
        return f"{self.visit.who or 'nobody'} at {self.visit.address}{sent}"


@dataclass
class Round:
    """Through the pages of a service, in one tab after another; `shown` are those that came.

    `sparing`, an act is done from one page of a kind only, and not from that of each case.
    """

    place: Town
    service: str
    tabs: Sequence[Page]
    sparing: bool = False
    asked: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    looks: int = 0
    _known: set[tuple[Page, str]] = field(default_factory=set)
    _signed: dict[Page, str] = field(default_factory=dict)
    _done: set[Act] = field(default_factory=set)

    async def sights(
        self, visits: Iterable[Visit], fillings: tuple[Filling, ...]
    ) -> AsyncIterator[tuple[Sight, Page]]:
        """Each page, and then each of its forms in every way; nothing twice in one tab."""
        turns = cycle(self.tabs)
        for visit in sorted(visits, key=lambda one: one.who):
            page = next(turns)
            self.asked.add(visit.path)
            if not await self._opened(page, visit):
                continue
            if await self._is_new(page):
                yield Sight(visit), page
            acts = await page.evaluate(LEAD_TO)
            for number, filling in product(range(len(acts)), fillings):
                sight = Sight(visit, number, filling)
                act = self._act(sight, acts)
                if self.sparing and act in self._done:
                    continue
                # What was refused is shown again, with all its forms; else it is asked for anew.
                if acts != await page.evaluate(LEAD_TO):
                    await self._go(page, visit)
                if await self._sent(page, sight):
                    self._done.add(act)
                    if await self._is_new(page):
                        yield sight, page

    def missing(self) -> list[str]:
        """Pages that nobody saw as they ought to be."""
        return sorted(f"{path}: not shown" for path in self.asked - self.shown)

    async def _opened(self, page: Page, visit: Visit) -> bool:
        """Bring a page before somebody; whether it is one, and not another that it led to."""
        answer = await self._go(page, visit)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            return False
        there = page.url.removeprefix(self.place.urls[self.service]).partition("?")[0]
        comes = visit.signs or there == visit.address.partition("?")[0]
        if not visit.path or (answer.status == HTTPStatus.OK and comes):
            self.shown.add(visit.path)
        return True

    async def _go(self, page: Page, visit: Visit) -> Response | None:
        home = self.place.urls[self.service]
        if visit.signs:
            await sign_in(page, home, visit.signs)
            self._signed[page] = visit.signs
            return await page.reload()
        if self._signed.get(page, "") != visit.who:
            await self._become(page, visit.who)
        answer = await page.goto(home + visit.address)
        if visit.who and page.url.partition("?")[0].endswith("/desk/sign-in"):
            # A form of theirs has ended all their sessions.
            await self._become(page, visit.who)
            answer = await page.goto(home + visit.address)
        return answer

    async def _become(self, page: Page, who: str) -> None:
        await become(self.place, page, who)
        self._signed[page] = who

    async def _is_new(self, page: Page) -> bool:
        self.looks += 1
        seen = (page, await page.evaluate(SEEN))
        if seen in self._known:
            return False
        self._known.add(seen)
        return True

    def _act(self, sight: Sight, acts: Sequence[str]) -> Act:
        paths = [self._path_of(one) for one in acts[: sight.form + 1]]
        return sight.visit.path, paths[-1], paths.count(paths[-1]), sight.filling

    def _path_of(self, address: str) -> str:
        """The endpoint of a form; where several fit, the one that says most."""
        path = urlsplit(address).path
        fitting = [
            one.path
            for one in self.place.services[self.service].endpoints
            if one.method == "POST" and fullmatch(sub(r"\{\w+\}", "[^/]+", one.path), path)
        ]
        return min(fitting, key=lambda one: one.count("{"), default=path)

    async def _sent(self, page: Page, sight: Sight) -> bool:
        """Send a form; not where an earlier one has done away with it."""
        if sight.form >= await page.evaluate(FORMS):
            return False
        # What is shown again has a photo that came, where photos are asked for.
        if sight.filling == "wrong":
            for files in await page.query_selector_all("[type=file][name=photos]"):
                await files.set_input_files([PHOTO])
        async with page.expect_navigation():
            await page.evaluate(SEND, [sight.form, sight.filling])
        return True


async def become(place: Town, page: Page, who: str) -> None:
    """A session of this person's, made without their password; or none."""
    for name in (cookie_name("mashang", secure=False), statement_cookie(secure=False)):
        await page.context.clear_cookies(name=name)
    if who:
        token = await open_session(place.databases["verification"], who)
        desk = place.urls["verification"]
        await page.context.add_cookies([{"name": "mashang", "value": token, "url": desk}])


async def sign_in(page: Page, desk: str, username: str) -> None:
    """Through the desk's form."""
    await page.goto(f"{desk}/desk/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    async with page.expect_navigation():
        await page.press("#password", "Enter")
