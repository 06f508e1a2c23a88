"""What is played: complaints about a few units, and what the desk does to each of them.

judged       a verdict, for officers, the unit, a policy; substantiated, partly or not
withdrawn    substantiated first, later turned to unsubstantiated and confirmed
joined       with its first verdict, or a later one, the incident of an earlier case
split        joined, later taken apart again
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from deploy.demo import directory
from deploy.demo.scenario import Callback, Complaint
from shared.events import Attribution, Verdict

Fate = Literal["judged", "withdrawn", "joined", "joined later", "split"]
FATES: tuple[Fate, ...] = (
    "judged", "judged", "withdrawn", "judged", "joined", "judged", "joined later", "split",
)  # fmt: skip
UNITS = 6
CATEGORIES = ("cold_attitude", "extra_trips", "buck_passing", "inefficiency", "nobody_at_window")
RULINGS: tuple[tuple[Verdict, Attribution], ...] = (
    ("substantiated", "officers"),
    ("partly", "officers"),
    ("substantiated", "unit"),
    ("substantiated", "officers"),
    ("substantiated", "policy"),
    ("partly", "unit"),
    ("unsubstantiated", "none"),
)
# Every so many complaints comes from a phone that has complained about this unit before.
SAME_PHONE = 9


@dataclass(frozen=True)
class Play:
    """A complaint and its fate."""

    number: int
    complaint: Complaint
    fate: Fate


def plays(seed: int) -> Iterator[Play]:
    """Without end."""
    dice, rosters = random.Random(seed), _rosters()
    units = dice.sample(sorted(rosters), UNITS)
    latest: dict[str, str] = {}
    for number in range(10_000):
        unit = units[number % UNITS]
        fate = dice.choice(FATES)
        phone = phone_of(seed, number)
        if number % SAME_PHONE == SAME_PHONE - 1 and unit in latest:
            fate, phone = "joined", latest[unit]
        latest[unit] = phone
        yield Play(number, _complaint(dice, unit, rosters[unit], phone, fate), fate)


def phone_of(seed: int, number: int) -> str:
    """One that the sandbox treats as any other."""
    return f"+86198{seed % 10}{number // 400:04}{4 + number // 80 % 5}{11 + number % 80:02}"


def _complaint(
    dice: random.Random, unit: str, roster: list[str], phone: str, fate: Fate
) -> Complaint:
    verdict, attribution = dice.choice(RULINGS[:-1] if fate == "withdrawn" else RULINGS)
    many = dice.randint(1, 2)
    return Complaint(
        unit=unit,
        kind="complaint",
        satisfaction=1,
        categories=tuple(dice.sample(CATEGORIES, many)),
        words="等了一上午，窗口没有人。",
        phone=phone,
        callback=Callback(outcome="reached", note="群众反映窗口无人。"),
        verdict=verdict,
        attribution=attribution,
        officers=tuple(dice.sample(roster, many)) if attribution == "officers" else (),
        finding="调取监控核实。",
        answer="已核实，感谢您的监督。",
    )


def _rosters() -> dict[str, list[str]]:
    rosters: dict[str, list[str]] = defaultdict(list)
    text = (directory.HERE / "officers.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        rosters[row["unit_code"]].append(row["badge"])
    return {unit: badges for unit, badges in rosters.items() if len(badges) > 1}
