"""What commands and the demo ask of intake: codes, draws, apps' keys, receipts, the review."""

from collections.abc import Sequence

from pydantic import ValidationError

from services.intake.accept import receipts
from services.intake.accept.codes import sign as code
from services.intake.accept.store.compared import KNOWN, TOLD
from services.intake.open.drawing import Drawn, Sending, draw
from services.intake.open.rules.visits import Visits, refused
from services.intake.open.rules.visits import read as read_visits
from services.intake.open311.keys import key_of
from services.intake.proof.checking import MOST, Checked, check
from services.intake.proof.store import list_all as list_keys
from services.intake.sample.replaying import Replayed, replay
from services.intake.sample.store import list_whole as list_sample_days
from services.intake.sample.views import WholeDay as SampleDay
from shared.errors import Misconfigured
from shared.values.notes import PublicKey

__all__ = [
    "KNOWN", "MOST", "TOLD", "Checked", "Drawn", "Replayed", "SampleDay", "Sending", "Visits",
    "check_receipt", "code", "draw", "key_of", "list_keys", "list_sample_days", "page",
    "read_sample_day", "read_visits", "refused", "replay",
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


def read_sample_day(raw: bytes, where: str) -> SampleDay:
    """A day of the random review as it was saved. Misconfigured if it is none."""
    try:
        return SampleDay.model_validate_json(raw.decode("utf-8-sig"))
    except (ValidationError, UnicodeDecodeError):
        raise Misconfigured(
            f"{where}: no day of the random review; they are at /api/v1/open/sample/DAY"
        ) from None
