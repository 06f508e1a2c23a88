"""Chromium 69 at 320 px, as many old phones' apps still hold it: every page for citizens.

It comes out of a package of 2018 (see tools/package.json) and runs only what it understands. Staff
have a newer one (see test_style_sheet), and their pages are measured in today's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.browser.old import SMALL, Tab, chrome
from tests.browser.sights import FORMS, SEND
from tests.browser.visits import visits
from tests.integration.test_access_matrix import Objects
from tests.town import Town

# What sticks out, and what is to be pressed and cannot be: too small for a finger (WCAG 2.5.8), or
# under something else.
WRONG = """(() => {
  const wide = document.documentElement.clientWidth, wrong = [];
  const told = (what, one) => wrong.push(what + ': ' + one.outerHTML.slice(0, 100));
  if (document.documentElement.scrollWidth > wide) wrong.push('scrolls sideways');
  for (const one of document.querySelectorAll('body *')) {
    const box = one.getBoundingClientRect();
    const scrolls = one.closest('.scroll, .rail, .tools .filters, pre');
    if (box.width > 1 && !scrolls && (box.left < -0.5 || box.right > wide + 0.5))
      if (!one.matches('.enter, .skip')) told('sticks out', one);
  }
  const pressed = 'button, .btn, select, textarea, summary, input:not([type=hidden])';
  for (const one of document.querySelectorAll(pressed)) {
    if (!one.offsetParent || one.matches('.enter')) continue;
    const folded = one.closest('details:not([open])');
    if (folded && one.tagName !== 'SUMMARY') continue;
    one.scrollIntoView({block: 'center'});
    const ticked = one.matches('[type=radio], [type=checkbox]') && one.labels[0];
    const label = one.closest('label') || ticked || one, box = label.getBoundingClientRect();
    if (box.width < 24 || box.height < 24) told('too small', one);
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!top || !(label.contains(top) || top.contains(label))) told('covered', one);
  }
  return wrong;
})()"""


async def faults(place: Town, found: Objects, browser: Path) -> tuple[int, list[str]]:
    """How many pages were looked at, and what is wrong with which."""
    faulty, seen = list[str](), 0
    async for what, wrong in _looks(place, found, browser):
        seen += 1
        faulty += [f"{what}: {one}" for one in wrong]
    return seen, faulty


async def _looks(
    place: Town, found: Objects, browser: Path
) -> AsyncIterator[tuple[str, list[str]]]:
    home = place.urls["intake"]
    async with _phone(browser) as tab:
        for address in [one.address for one in visits(place, "intake", found) if not one.who]:
            await tab.open(home + address)
            if await tab.run("document.contentType") != "text/html":
                continue
            yield address, await tab.run(WRONG)
            for number in range(await tab.run(FORMS)):
                await tab.open(home + address)
                async with tab.loading():
                    await tab.run(f"({SEND})([{number}, 'wrong'])")
                yield f"{address}, form {number + 1} sent wrong", await tab.run(WRONG)


@asynccontextmanager
async def _phone(browser: Path) -> AsyncIterator[Tab]:
    async with chrome(browser) as running, running.tab() as tab:
        assert running.version.split("/")[1].startswith("69."), running.version
        await tab.size(*SMALL)
        await tab.headers(Accept_Language="zh-CN")
        yield tab
