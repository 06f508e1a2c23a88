"""Says of each submission whether a person looks at it before it counts."""

from collections.abc import Mapping
from datetime import date, datetime

from services.intake.abuse.counts import Counts
from services.intake.abuse.rules import Office, Rules, Sender, Sent
from services.intake.abuse.senders import Senders
from shared.events import HeldReason
from shared.policy import Policies

_UNKNOWN = Office()


class Gate:
    """Counts, and asks nobody: what it knows is refreshed by the clock (see `jobs`).

    `sender` tells who sends a call, and `mark` what their browser keeps for a day.
    """

    def __init__(self, policies: Policies, counts: Counts, senders: Senders) -> None:
        self._policies, self._counts, self.sender = policies, counts, senders.of
        self.mark = senders.mark
        self._rules: dict[date, Rules] = {p.effective_from: Rules(p) for p in policies.editions}
        self._offices: Mapping[str, Office] = {}

    def replace(self, offices: Mapping[str, Office]) -> None:
        """Take over the units as the directory tells them."""
        self._offices = offices

    def hold(self, sent: Sent, sender: Sender | None, now: datetime) -> HeldReason | None:
        """Why it is held, if it is. Who is not counted is never held."""
        if sender is None:
            return None
        rules = self._rules[self._policies.at(now).effective_from]
        office, at = self._offices.get(sent.unit_code, _UNKNOWN), now.timestamp()
        for reason, limit, key in rules.checks(sent, sender, office, now):
            if self._counts.add(limit, key, at) > limit.most:
                return reason
        return None
