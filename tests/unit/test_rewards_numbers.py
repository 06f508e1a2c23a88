"""Which product a number gets by a vendor's word of it, and what nobody's word means."""

from datetime import timedelta

import pytest

from services.rewards.rules.numbers import (
    UNSOLD,
    Belongs,
    Refusal,
    Word,
    against,
    hold_reason,
    pause,
    serve,
)
from services.rewards.rules.routing import Offer
from shared.vendors.outcomes import Held, Rejected, TryLater, Unknown

MOBILE, UNICOM = (Offer("one", 2000, f"{name}-20", name) for name in ("mobile", "unicom"))
ANY = Offer("one", 2000, "20")
WRONG = Rejected("invalid_number", retriable=False)
BUSY, LOST, HELD = TryLater("busy", timedelta(seconds=30)), Unknown("lost"), Held("key")


@pytest.mark.parametrize(
    ("offers", "word", "found"),
    [
        ([MOBILE, UNICOM], Belongs("mobile"), MOBILE),
        ([MOBILE, UNICOM], Belongs("unicom"), UNICOM),
        ([MOBILE, UNICOM], Belongs("telecom"), UNSOLD),
        ([], Belongs("mobile"), UNSOLD),
        ([ANY], Belongs("mobile"), ANY),
        ([ANY], None, ANY),
        ([MOBILE, UNICOM], WRONG, WRONG),
        ([MOBILE, UNICOM], BUSY, BUSY),
        ([MOBILE, UNICOM], LOST, LOST),
        ([MOBILE, UNICOM], HELD, HELD),
    ],
)
def test_a_number_gets_what_its_network_is_sold(
    offers: list[Offer], word: Word, found: Offer | Refusal
) -> None:
    """That product and no other; a word that names no network chooses none."""
    assert found == serve(offers, word)


@pytest.mark.parametrize(
    ("words", "found", "reason"),
    [
        ([WRONG], WRONG, "number_refused"),
        ([UNSOLD], UNSOLD, "no_product"),
        ([WRONG, WRONG], WRONG, "number_refused"),
        ([WRONG, UNSOLD], UNSOLD, "no_product"),
        ([], None, ""),
        *(([WRONG, word], None, "") for word in (BUSY, LOST, HELD)),
        *(([word, UNSOLD], None, "") for word in (BUSY, LOST, HELD)),
    ],
)
def test_only_what_every_vendor_says_is_against_a_number(
    words: list[Refusal], found: Rejected | None, reason: str
) -> None:
    """One who cannot tell may still serve it; that nothing is sold is ours to mend."""
    assert found == against(words)
    assert reason == (hold_reason(found) if found else "")


def test_who_tells_nothing_is_asked_ever_more_seldom() -> None:
    """Not before the vendor wants it, up to ten minutes."""
    assert [1, 2, 4, 512, 600] == [pause([LOST], n).total_seconds() for n in (0, 1, 2, 9, 10)]
    assert [30, 32] == [pause([BUSY, LOST], n).total_seconds() for n in (0, 5)]
