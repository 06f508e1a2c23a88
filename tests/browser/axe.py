"""What axe-core finds wrong with a page for people who see, hear or move otherwise.

The library stands in `vendor/` as it was published, with its licence (MPL 2.0) at its head.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.browser.sights import Filling, Round
from tests.browser.visits import Visit

# A language, a colour scheme, a size of print.
Look = tuple[str, str, str]
LIBRARY = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
# Of what a page loads nothing is fetched once more: only rules that are off would read it.
ASK = """rules => axe.run(document, {
  resultTypes: ['violations'], preload: false,
  ...(rules.length ? {runOnly: {type: 'rule', values: rules}} : {}),
}).then(told => told.violations)"""
# A value that the program has and a person has not.
UNSAID = r"""[...document.querySelectorAll('main *')]
  .filter(({textContent: said}) =>
    /^(None|True|False|nan|NaN|null|undefined|\[object \w+\])$/.test(said.trim()))
  .map(one => 'said by the program: ' + one.outerHTML.slice(0, 100))"""
# What a colour scheme can break: nothing else differs between day and night.
COLOURS = ("color-contrast", "link-in-text-block")
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")


async def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Each with its place on the page; every rule that axe knows, its best practices too."""
    await page.evaluate(f"typeof axe === 'object' || (() => {{ {LIBRARY} }})()")
    found = await page.evaluate(ASK, list(rules))
    unsaid: list[str] = await page.evaluate(UNSAID)
    return [_told(rule, node) for rule in found for node in rule["nodes"]] + unsaid


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = [one["message"] for kind in ("any", "all", "none") for one in node[kind]]
    return f"{rule['id']}: {node['html'][:160]} {'; '.join(why)}"


@asynccontextmanager
async def looking(
    chromium: Browser, home: str, look: Look, width: int = 390, *, plain: bool = False
) -> AsyncIterator[Page]:
    """A screen that shows pages in this way; `plain` where citizens' forms are to be sent by the
    browser itself. A browser whose requests somebody looks at keeps no script and no style sheet.
    """
    lang, scheme, size = look
    context = await chromium.new_context(
        base_url=home, viewport={"width": width, "height": 844}, service_workers="block",
        color_scheme="dark" if scheme == "dark" else "light", locale=lang,
    )  # fmt: skip
    if plain:
        await context.route("**/citizen*.js*", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(f"/?lang={lang}&size={size}")
    yield page
    await context.close()


async def complaints(
    round_: Round, visits: Iterable[Visit], fillings: tuple[Filling, ...], minded: str = "[]"
) -> list[str]:
    """What axe minds, by page, and what a script does; each page in one of the tabs, in turn."""
    found = list[str]()
    async for sight, page in round_.sights(visits, fillings):
        wrong = [*await violations(page), *await page.evaluate(minded)]
        found += [f"{sight}: {one}" for one in wrong]
    return found + round_.missing()


async def complaints_everywhere(
    round_: Round, visits: Iterable[Visit], fillings: tuple[Filling, ...], minded: str
) -> list[str]:
    """The same of each page on a phone and on a desk, by day and by night, brought there once."""
    found = list[str]()
    async for sight, page in round_.sights(visits, fillings):
        for width, scheme in product(WIDTHS, SCHEMES):
            await page.set_viewport_size({"width": width, "height": 844})
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            whole = scheme == SCHEMES[0]
            wrong = await violations(page, () if whole else COLOURS)
            wrong += await page.evaluate(minded) if whole else []
            found += [f"{sight}, {scheme}, {width}: {one}" for one in wrong]
    return found + round_.missing()
