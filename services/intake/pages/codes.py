"""A receipt's code on a page: in groups, to be kept, and the field where it did not help."""

from urllib.parse import quote

from services.intake.accept import receipts
from services.intake.pages.notices import find
from shared.errors import Refused, TooMany, Wrong
from shared.web import problems
from shared.web.replies import Page


def spelt(typed: str) -> str:
    """In groups of four, however it was typed."""
    return receipts.grouped(receipts.normalise(typed) or "")


def refused(typed: str, why: Refused) -> Page:
    """The field with what was typed: there is no such receipt, or too many codes were none."""
    if isinstance(why, TooMany):
        page = find("many_codes", 429, typed, Wrong("code", why.key))
        return Page(
            page.template, page.values, 429, headers={**page.headers, **problems.headers(why)}
        )
    return find("unknown_receipt", 404, typed, Wrong("code", "wrong.receipt_unknown"))


def to_oneself(text: str) -> str:
    """An address that opens the phone's messages with a text and no number."""
    return f"sms:?&body={quote(text)}"
