"""What commands and the demo ask of intake: signed codes, draws, apps' keys, genuine receipts."""

from collections.abc import Sequence

from services.intake.accept import receipts
from services.intake.accept.codes import sign as code
from services.intake.open.drawing import Drawn, Sending, draw
from services.intake.open.rules.visits import Visits, refused
from services.intake.open.rules.visits import read as read_visits
from services.intake.open311.keys import key_of
from services.intake.proof.checking import MOST, Checked, check
from services.intake.proof.notes import PublicKey
from services.intake.proof.store import list_all as list_keys
from shared.errors import Misconfigured

__all__ = [
    "MOST", "Checked", "Drawn", "PublicKey", "Sending", "Visits", "check_receipt", "code", "draw",
    "key_of", "list_keys", "page", "read_keys", "read_visits", "refused",
]  # fmt: skip


def page(base: str, signed: str, *, kiosk: bool) -> str:
    """The address that a printed code leads to; a kiosk's page is one of its own."""
    return f"{base.rstrip('/')}/{'k' if kiosk else 'w'}/{signed}"


def check_receipt(raw: bytes, keys: Sequence[PublicKey], typed: str = "") -> Checked:
    """What a receipt's file proves; with a code as it was typed, whether it is that receipt's.

    Invalid says why not; Misconfigured if what was typed is no code.
    """
    bare = receipts.normalise(typed) if typed else None
    if typed and bare is None:
        raise Misconfigured("--code: not a receipt's code; it has 16 letters and digits")
    return check(raw, keys, bare)


def read_keys(text: str, where: str) -> list[PublicKey]:
    """Public keys, a line each. Misconfigured names the line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(PublicKey.parse(line.strip()))
        except ValueError:
            raise Misconfigured(f"{where}: line {number} is no key of receipts") from None
    if not found:
        raise Misconfigured(f"{where}: no keys; they stand at /receipt-keys")
    return found
