"""The last thing `make run` prints: addresses, log-ins, and a code to scan, on one screen."""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from collections.abc import Iterator, Mapping

import segno

from deploy.local.settings import ROOT

GAP = 3
# Where there is something to look at: the citizen's phone, with its SMS and its airtime.
PAGES = {"sandbox": "/phone"}


def screen(urls: Mapping[str, str], password: str, complaint: Mapping[str, object]) -> list[str]:
    """The lines. `complaint["page"]` is the page to scan; the rest is shown by name."""
    code = qr(str(complaint["page"]))
    words = list(told(urls, password, complaint))
    width = shutil.get_terminal_size((120, 0)).columns
    if len(code[0]) + GAP + max(map(len, words)) > width:
        return [*words, *code]
    pairs = itertools.zip_longest(code, words, fillvalue="")
    return [f"{left:<{len(code[0])}}{' ' * GAP}{right}".rstrip() for left, right in pairs]


def told(urls: Mapping[str, str], password: str, complaint: Mapping[str, object]) -> Iterator[str]:
    """Where everything is, how to sign in, what came of the first complaint."""
    yield from addresses(urls)
    yield ""
    for role, username in demo_operators().items():
        yield f"{role.replace('_', ' '):<19}{username}"
    yield f"{'password':<19}{password}"
    yield ""
    for name, value in complaint.items():
        if name != "page":
            yield f"{name:<19}{value}"
    yield f"{'scan, or open':<19}{complaint['page']}"


def addresses(urls: Mapping[str, str]) -> Iterator[str]:
    """Where everything is: all that is known where a directory is not the demo's."""
    yield ""
    for name, url in urls.items():
        yield f"{name:<19}{url}{PAGES.get(name, '')}"


def qr(address: str) -> list[str]:
    """The code in half blocks, two rows of it a line."""
    out = io.StringIO()
    segno.make(address, error="m").terminal(out, compact=True, border=2)
    return out.getvalue().splitlines()


def demo_operators() -> dict[str, str]:
    """One log-in for each role of the demo."""
    with (ROOT / "deploy" / "demo" / "operators.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["role"]: row["username"] for row in reversed(rows)}
