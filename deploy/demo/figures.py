"""The table of rule 16, read back from the services and from the vendors' own book."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.table import Table

from deploy.demo.http import call
from deploy.demo.play import Desk
from deploy.demo.scenario import Expected
from deploy.local.stack import Stack
from shared.flows import SERVICES
from shared.values.money import yuan

Figures = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is expected, and what each witness says."""

    name: str
    expected: int
    witnesses: Mapping[str, int]

    @property
    def reconciles(self) -> bool:
        """Whether all witnesses agree with what is expected."""
        return all(self.expected == figure for figure in self.witnesses.values())


# For each line, who is asked for which of its figures.
LINES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "received": (
        ("intake", "complaints"),
        ("verification", "complaints"),
        ("scoring", "complaints"),
    ),
    "called_back": (("verification", "called_back"), ("scoring", "called_back")),
    "verified": (("verification", "verified"), ("scoring", "verified")),
    "substantiated": (("verification", "substantiated"), ("scoring", "substantiated")),
    "rewards": (("rewards", "paid"), ("scoring", "rewards_paid"), ("sandbox", "airtime")),
    "paid_fen": (
        ("rewards", "paid_fen"),
        ("scoring", "rewards_paid_fen"),
        ("sandbox", "airtime_fen"),
    ),
    "criticisms": (("scoring", "criticisms"),),
    "thanks": (("notifications", "thanks_delivered"), ("sandbox", "thanks")),
}
BOOK = "sandbox"
_ASKED = {who for asked in LINES.values() for who, _ in asked}
WITNESSES = tuple(who for who in (*SERVICES, BOOK) if who in _ASKED)


async def read(http: aiohttp.ClientSession, stack: Stack, desk: Desk) -> Figures:
    """What each service tells the desk, and the vendors' book says, now."""
    services = [who for who in WITNESSES if who != BOOK]
    answers = await asyncio.gather(*(desk.figures(service) for service in services))
    figures = dict(zip(services, answers, strict=True))
    book = await call(http, "GET", f"{stack.urls[BOOK]}/admin/book")
    return figures | {BOOK: book_figures(book, stack.env("notifications"))}


def book_figures(book: Mapping[str, Mapping[str, Any]], env: Mapping[str, str]) -> dict[str, int]:
    """What the vendors truly paid and delivered."""
    airtime, sms = book["airtime"], book["sms"]
    names = [part.partition(":")[0] for part in env["MASHANG_SMS_VENDORS"].split(",")]
    texts = [json.loads(env[f"MASHANG_{name.upper()}_TEMPLATES"])["thanks"] for name in names]
    ids = {own for of_vendor in texts for own in of_vendor.values()}
    delivered = (int(sms["by_template"].get(own, {}).get("delivered", 0)) for own in ids)
    return {
        "airtime": int(airtime["paid_count"]),
        "airtime_fen": int(airtime["sum_fen"].get("CNY", 0)),
        "thanks": sum(delivered),
    }


def rows(expected: Expected, figures: Figures) -> list[Row]:
    """The table, line by line."""
    return [
        Row(name, getattr(expected, name), {who: figures[who].get(what, -1) for who, what in asked})
        for name, asked in LINES.items()
    ]


def table(lines: list[Row]) -> Table:
    """The table as printed; a disagreeing figure is marked."""
    printed = Table("", "expected", *WITNESSES, "")
    for line in lines:
        told = (_told(line, who) for who in WITNESSES)
        printed.add_row(
            line.name.replace("_", " ").removesuffix(" fen") + (" CNY" if _money(line) else ""),
            _number(line, line.expected),
            *told,
            "[green]agrees" if line.reconciles else "[red]DIFFERS",
        )
    for column in printed.columns[1:-1]:
        column.justify = "right"
    return printed


def _told(line: Row, who: str) -> str:
    if who not in line.witnesses:
        return ""
    figure = line.witnesses[who]
    text = "not told" if figure < 0 else _number(line, figure)
    return text if figure == line.expected else f"[red]{text}"


def _money(line: Row) -> bool:
    return line.name.endswith("_fen")


def _number(line: Row, figure: int) -> str:
    return yuan(figure) if _money(line) else str(figure)
