"""Says of each submission whether a person looks at it before it counts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from services.intake.abuse.puzzles import Puzzles
from services.intake.abuse.rules import Office, Rules, Sender, Sent
from services.intake.abuse.senders import Senders
from services.intake.abuse.tally import Tally
from shared.events import HeldReason
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import Call

_UNKNOWN = Office()


class Gate:
    """Counts, and asks nobody: what it knows is refreshed by the clock (see `jobs`).

    `sender` tells who sends a call, and `mark` what their browser keeps for a day.
    """

    def __init__(
        self, policies: Policies, tally: Tally, senders: Senders, puzzles: Puzzles
    ) -> None:
        self._policies, self._tally, self._puzzles = policies, tally, puzzles
        self.sender, self.mark = senders.of, senders.mark
        self._rules: dict[date, Rules] = {p.effective_from: Rules(p) for p in policies.editions}
        self._offices: Mapping[str, Office] = {}

    def replace(self, offices: Mapping[str, Office]) -> None:
        """Take over the units as the directory tells them."""
        self._offices = offices

    def hold(self, sent: Sent, sender: Sender | None, now: datetime) -> HeldReason | None:
        """Why it is held, if it is. Who is not counted is never held."""
        if sender is None:
            return None
        rules = self._at(now)
        office, at = self._offices.get(sent.unit_code, _UNKNOWN), now.timestamp()
        for reason, limit, key in rules.checks(sent, sender, office, now):
            if self._tally.add(limit, key, at) > limit.most:
                return reason
        return None

    def form_sender(self, call: Call[Any, Any], key: str) -> Sender | None:
        """Who sends a form under this repeat key, and whether their browser worked for it."""
        sender, proof = self.sender(call), call.fields.one("proof")
        if sender and proof and self._puzzles.solved(key, proof, clock.now()):
            return replace(sender, worked=True)
        return sender

    def puzzle(self, call: Call[Any, Any], unit_code: str, code: str, key: str) -> str:
        """What a browser may work on while somebody types; nothing while nobody presses."""
        sender, now = self.sender(call), clock.now()
        if sender is None:
            return ""
        rules, at = self._at(now), now.timestamp()
        used = [
            2 * self._tally.look(limit, whose, at) // limit.most
            for share in (rules.usual, rules.worked)
            for limit, whose in zip(share, (sender.address, code, unit_code), strict=True)
        ]
        bits = rules.bits(max(used))
        return self._puzzles.ask(key, bits, now) if bits else ""

    def _at(self, now: datetime) -> Rules:
        return self._rules[self._policies.at(now).effective_from]
