"""What axe-core finds wrong with a page for people who see, hear or move otherwise.

The library stands in `vendor/` as it was published, with its licence (MPL 2.0) at its head.
"""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

LIBRARY = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
ASK = "axe.run(document, {resultTypes: ['violations']}).then(told => told.violations)"


async def violations(page: Page) -> list[str]:
    """Each with its place on the page; every rule that axe knows, its best practices too."""
    await page.evaluate(f"typeof axe === 'object' || (() => {{ {LIBRARY} }})()")
    found = await page.evaluate(ASK)
    return [_told(rule, node) for rule in found for node in rule["nodes"]]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = [one["message"] for kind in ("any", "all", "none") for one in node[kind]]
    return f"{rule['id']}: {node['html'][:160]} {'; '.join(why)}"
