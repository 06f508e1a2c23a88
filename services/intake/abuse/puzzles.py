"""A puzzle for browsers while somebody presses: what is solved is work for one submission.

    ask ──▶ 15.1795000000.MARK ──▶ the browser finds N: SHA-256 of MARK.N begins with 15 zero bits
    solved ◀── 15.1795000000.MARK.N

Nothing is stored. The mark is ours, and made of the submission's repeat key: a solution serves no
second one.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from shared.values.seal import Seal

LIFE = timedelta(hours=1)
_PROOF = re.compile(r"([0-9]{1,2})\.([0-9]{10})\.([0-9a-f]{32})\.([0-9]{1,10})", re.ASCII)


@dataclass(frozen=True)
class Puzzles:
    """Makes them, and looks at solutions."""

    seal: Seal = field(repr=False)

    def ask(self, key: str, bits: int, now: datetime) -> str:
        """One for the submission of a repeat key; twice as much work for each bit."""
        until = int((now + LIFE).timestamp())
        return f"{bits}.{until}.{self._mark(key, bits, until)}"

    def solved(self, key: str, proof: str, now: datetime) -> bool:
        """Whether this is the solution of a puzzle of ours for this very submission."""
        found = _PROOF.fullmatch(proof)
        if found is None:
            return False
        bits, until, mark = int(found[1]), int(found[2]), found[3]
        if now.timestamp() >= until or not hmac.compare_digest(mark, self._mark(key, bits, until)):
            return False
        return begins(sha256(f"{mark}.{found[4]}".encode()).digest(), bits)

    def _mark(self, key: str, bits: int, until: int) -> str:
        return self.seal.index(f"puzzle:{key}:{bits}:{until}")


def begins(digest: bytes, bits: int) -> bool:
    """Whether it begins with so many zero bits."""
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - bits) == 0
