"""The witnesses side by side: each line is a list of contradictions, and all must be empty."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from tests.chaos import recount
from tests.chaos.facts import Facts
from tests.chaos.recount import Judged, Policy

# Rewards of these states are not held back, so they take a place in their incident.
HELD = ("eligible", "held", "refused")
NOTHING: Mapping[str, Any] = {}
Lines = dict[str, Collection[object]]


@dataclass(frozen=True)
class Comparison:
    """One moment's facts, counted again."""

    facts: Facts
    rule: Policy

    @cached_property
    def cases(self) -> list[Judged]:
        """By their newest verdicts."""
        return recount.judged(self.facts.rows["cases"], self.facts.rows["verdicts"])

    @cached_property
    def phones(self) -> dict[UUID, str]:
        """Each case's phone, by the citizens' own list."""
        own = {filed.submission_id: filed.play.complaint.phone for filed in self.facts.filed}
        return {case.case_id: own.get(case.submission_id, "") for case in self.cases}

    @cached_property
    def rewards(self) -> dict[UUID, Mapping[str, Any]]:
        """What rewards holds, by case."""
        return {row["case_id"]: row for row in self.facts.rows["rewards"]}

    @cached_property
    def paid(self) -> Counter[UUID]:
        """How often the vendor paid for each case; those of no case under a zero id."""
        known = recount.orders(self.cases)
        return Counter(
            known[order["external_id"]].case_id if order["external_id"] in known else UUID(int=0)
            for order in self.facts.book["airtime"]["transactions"]
            if order["status"] == "COMPLETED"
        )

    def all(self) -> Lines:
        """Every line."""
        return self.submissions() | self.money() | self.scores() | self.shown() | self.left()

    def submissions(self) -> Lines:
        """From the citizen to the verdict."""
        acknowledged = {filed.submission_id for filed in self.facts.filed}
        stored = {row["id"] for row in self.facts.rows["submissions"]}
        opened = Counter(row["submission_id"] for row in self.facts.rows["cases"])
        return {
            "acknowledged but lost": acknowledged - stored,
            "without a case": acknowledged - set(opened),
            "with two cases": _repeated(opened),
            "without a verdict": acknowledged - {case.submission_id for case in self.cases},
        }

    def money(self) -> Lines:
        """The vendor's book against what the verdicts entitle to."""
        said = {case for case, row in self.rewards.items() if row["state"] == "paid"}
        return {
            "paid twice": _repeated(self.paid),
            "paid to another or another amount": list(self._strangers()),
            "paid without a verdict": [
                case for case in self.cases if case.case_id in self.paid and not case.ever
            ],
            "left after the withdrawal": self.facts.rows["left_after_withdrawal"],
            "unpaid": [case for case in self.cases if self._is_owed(case)],
            "held without cause": [case for case in self.cases if self._is_held_wrongly(case)],
            "rewards' and vendor's books differ": said ^ set(self.paid),
        }

    def _strangers(self) -> Iterable[object]:
        known, phones = recount.orders(self.cases), self.phones
        for order in self.facts.book["airtime"]["transactions"]:
            case = known.get(order["external_id"])
            own = case and phones[case.case_id].endswith(order["phone"][-11:])
            if not own or order["fen"] != self.rule["reward"]["amount_fen"]:
                yield order

    def _state(self, case: Judged) -> str:
        return str(self.rewards.get(case.case_id, NOTHING).get("state", "none"))

    def _is_owed(self, case: Judged) -> bool:
        held = self._state(case) == "held"
        return case.rewarded and not held and case.case_id not in self.paid

    def _is_held_wrongly(self, case: Judged) -> bool:
        if not case.rewarded or self._state(case) != "held":
            return False
        others = [other for other in self.cases if self._takes_a_place(other)]
        return recount.has_room(case, others, self.rule, self.phones)

    def _takes_a_place(self, case: Judged) -> bool:
        return case.case_id in self.rewards and self._state(case) not in HELD

    def scores(self) -> Lines:
        """Points, strikes and criticisms, as scoring holds them."""
        rows, wanted = self.facts.rows, recount.points(self.cases, self.rule)
        balances = {r["unit_code"]: -r["balance_centipoints"] for r in rows["balances"]}
        ledger = {r["unit_code"]: -r["balance"] for r in rows["ledger"]}
        marks = {(r["badge"], r["case_id"], r["incident_id"]): r["times"] for r in rows["strikes"]}
        criticised = Counter(r["case_id"] for r in rows["criticisms"])
        true = Counter(case.case_id for case in self.cases if case.counts)
        return {
            "units' points differ": _differing(balances, wanted),
            "points ledger differs": _differing(ledger, wanted),
            "strikes differ": _differing(marks, Counter(recount.strikes(self.cases))),
            "criticisms differ": _differing(criticised, true),
        }

    def shown(self) -> Lines:
        """The public figures, and the citizens' messages."""
        figures, stored = self.facts.figures, self.facts.rows["messages"]
        # The two questions are asked a day after the answer, when nobody recounts any more.
        stored = [row for row in stored if row["purpose"] != "question"]
        texts = Counter(
            message["out_id"]
            for message in self.facts.book["sms"]["messages"]
            if message["state"] == "delivered"
        )
        return {
            "figures differ": [
                (who, what, number, figures[who].get(what))
                for who, what, number in self._figures()
                if figures[who].get(what) != number
            ],
            "thanks not delivered": self._untold("thanks", {c.case_id for c in self.cases}),
            "news of money not delivered": self._untold("paid", set(self.paid)),
            "messages sent twice": _repeated(texts),
            "messages in one book only": {str(row["message_id"]) for row in stored} ^ set(texts),
        }

    def _untold(self, purpose: str, wanted: Iterable[UUID]) -> set[UUID]:
        told = {
            row["case_id"]
            for row in self.facts.rows["messages"]
            if (row["purpose"], row["state"]) == (purpose, "delivered")
        }
        return set(wanted) ^ told

    def _figures(self) -> Iterable[tuple[str, str, int]]:
        filed, true = len(self.facts.filed), sum(case.counts for case in self.cases)
        lost = sum(recount.points(self.cases, self.rule).values())
        yield "intake", "complaints", filed
        for who in ("verification", "scoring"):
            for what in ("complaints", "called_back", "verified"):
                yield who, what, filed
            yield who, "substantiated", true
        yield "scoring", "criticisms", true
        yield "scoring", "points_deducted_centipoints", lost
        for who, paid in (("rewards", "paid"), ("scoring", "rewards_paid")):
            yield who, paid, len(self.paid)
            yield who, f"{paid}_fen", self.rule["reward"]["amount_fen"] * len(self.paid)

    def left(self) -> Lines:
        """What is still on its way."""
        return {f"left: {name}": range(count) for name, count in self.facts.waiting.items()}


def _repeated(counts: Mapping[Any, int]) -> list[Any]:
    return [key for key, number in counts.items() if number > 1]


def _differing(held: Mapping[Any, int], wanted: Mapping[Any, int]) -> list[Any]:
    keys = {**held, **wanted}
    pairs = ((key, held.get(key, 0), wanted.get(key, 0)) for key in keys)
    return [pair for pair in pairs if pair[1] != pair[2]]
