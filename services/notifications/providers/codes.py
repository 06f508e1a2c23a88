"""A vendor's codes as data, and what each means. A code that is in no table is Held, and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.observe import log
from shared.vendors.outcomes import Held, Outcome, Rejected, TryLater, Unknown


@dataclass(frozen=True)
class Table:
    """Codes of one vendor, each in one of the four; a family (`A` of `A.B`) stands for the rest.

    retry    nothing was sent, and the cause passes by itself, after so long
    held     nothing was sent, and nothing will be until a person mends account or template
    final    nothing was sent, and nothing ever will be to this phone
    unknown  it may have been sent
    """

    vendor: str
    retry: Mapping[str, timedelta]
    held: frozenset[str]
    final: frozenset[str]
    unknown: frozenset[str] = field(default_factory=frozenset)

    def refusal(self, code: str) -> Outcome:
        """What an answer with this code means, which is not the one that says it was taken."""
        for name in (code, code.partition(".")[0]):
            if name in self.retry:
                return TryLater(code, self.retry[name])
            if name in self.final:
                return Rejected(code, retriable=False)
            if name in self.unknown:
                return Unknown(code)
            if name in self.held:
                return Held(code)
        log.get().error("vendor code was not in the table", vendor=self.vendor, code=code)
        return Held(code)

    def of_question(self, code: str) -> Outcome:
        """What it means where we only asked: nothing about the message itself."""
        refused = self.refusal(code)
        return refused if isinstance(refused, TryLater | Held) else Unknown(code)
