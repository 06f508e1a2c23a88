"""The recount: points, strikes, criticisms and rewards from the raw facts, in plain arithmetic.

Nothing here comes from the services' rules: the policy is read as TOML, ids are made anew as
README and the receipts tell them, and days are counted by the standard library.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

TRUE = ("substantiated", "partly")
MOST_ATTEMPTS = 40
Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A case by its newest verdict; `ever` if any verdict was one that is rewarded."""

    case_id: UUID
    submission_id: str
    unit_code: str
    incident_id: UUID
    received_at: datetime
    complaint: bool
    has_phone: bool
    revision: int
    verdict: str
    attribution: str
    officers: tuple[str, ...]
    categories: tuple[str, ...]
    ever: bool

    @property
    def counts(self) -> bool:
        """Found true 「經核查屬實」."""
        return self.complaint and self.verdict in TRUE

    @property
    def rewarded(self) -> bool:
        """Whether the citizen has earned the reward now."""
        return self.counts and self.has_phone


def policy(file: Path) -> Policy:
    """The only edition."""
    (edition,) = tomllib.loads(file.read_text("utf-8"))["policy"]
    return dict(edition)


def judged(
    cases: Iterable[Mapping[str, Any]], verdicts: Iterable[Mapping[str, Any]]
) -> list[Judged]:
    """Every case that has a verdict."""
    of: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for verdict in verdicts:
        of[verdict["case_id"]].append(verdict)
    return [_judged(case, of[case["case_id"]]) for case in cases if case["case_id"] in of]


def _judged(case: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]) -> Judged:
    newest = max(verdicts, key=lambda verdict: int(verdict["revision"]))
    complaint = case["kind"] == "complaint"
    return Judged(
        case["case_id"], case["submission_id"], case["unit_code"], case["incident_id"],
        case["received_at"], complaint, case["has_phone"], newest["revision"], newest["verdict"],
        newest["attribution"], tuple(newest["officers"]), tuple(newest["categories"]),
        complaint and case["has_phone"] and any(v["verdict"] in TRUE for v in verdicts),
    )  # fmt: skip


def points(cases: Sequence[Judged], rule: Policy) -> dict[str, int]:
    """What each unit has lost, in centipoints: its own cases, then its officers' repetitions."""
    lost: Counter[str] = Counter()
    for case in cases:
        lost[case.unit_code] += deduction(case, rule["assessment"])
    for unit, number in crossings(cases, rule):
        strikes = rule["strikes"]
        if number == strikes["accountability_at"]:
            lost[unit] += strikes["accountability_centipoints"]
        if number == strikes["transfer_at"]:
            lost[unit] += strikes["transfer_centipoints"]
    return {unit: points for unit, points in lost.items() if points}


def deduction(case: Judged, assessment: Policy) -> int:
    """The dearest of its categories, a part of it where only partly true."""
    if not case.counts or case.attribution not in ("officers", "unit"):
        return 0
    prices = assessment[f"{case.attribution}_centipoints"]
    price = max((prices[c] for c in case.categories if c in prices), default=min(prices.values()))
    return int(price * assessment["partly_percent"] // 100 if case.verdict == "partly" else price)


def strikes(cases: Iterable[Judged]) -> set[tuple[str, UUID, UUID]]:
    """Who is marked for which case of which incident."""
    return {
        (badge, case.case_id, case.incident_id)
        for case in cases
        if case.counts and case.attribution == "officers"
        for badge in case.officers
    }


def crossings(cases: Sequence[Judged], rule: Policy) -> list[tuple[str, int]]:
    """For each incident of each officer: the unit of its first case, its number in the year."""
    zone, of = ZoneInfo(rule["timezone"]), {case.case_id: case for case in cases}
    by_officer: dict[str, dict[UUID, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for badge, case_id, incident_id in strikes(cases):
        by_officer[badge][incident_id].append(of[case_id])
    found = []
    for incidents in by_officer.values():
        firsts = [
            min(group, key=lambda c: (c.received_at, c.case_id)) for group in incidents.values()
        ]
        firsts.sort(key=lambda c: (c.received_at, c.case_id))
        years: Counter[int] = Counter()
        for first in firsts:
            year = first.received_at.astimezone(zone).year
            years[year] += 1
            found.append((first.unit_code, years[year]))
    return found


def orders(cases: Iterable[Judged]) -> dict[str, Judged]:
    """Whose reward an order at the vendor is for, by each id that it can have."""
    return {
        sha256(
            f"{uuid5(NAMESPACE_URL, f'urn:mashang:reward:{case.case_id}')}/{n}".encode()
        ).hexdigest()[:32]: case
        for case in cases
        for n in range(1, MOST_ATTEMPTS)
    }


def has_room(
    case: Judged, others: Iterable[Judged], rule: Policy, phones: Mapping[UUID, str]
) -> bool:
    """Whether the caps of its incident leave a place, `others` being those that are not held."""
    same = [c for c in others if c.incident_id == case.incident_id and c.case_id != case.case_id]
    of_phone = sum(phones[c.case_id] == phones[case.case_id] for c in same)
    most = int(rule["reward"]["per_incident"])
    return len(same) < most and of_phone < int(rule["reward"]["per_phone_per_incident"])
