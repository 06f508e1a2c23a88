"""What is signed and committed to is one text for ever, whichever library writes it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.intake.accept import receipts
from services.intake.accept.submission import Draft

# What PostgreSQL holds: no lone surrogates; other marks are the door's business.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(WORDS, st.integers(1, 5), st.integers(1, 99) | st.none())
def test_content_is_the_same_text_as_json_with_sorted_keys(
    words: str, satisfaction: int, counter: int | None
) -> None:
    """A commitment made by any version of the service is found again by every other."""
    draft = Draft.model_construct(
        code="", kind="rating", satisfaction=satisfaction, categories=("attitude",), words=words,
        officer_badge=None, urgent=False, phone="+8613912345678", language="zh",
    )  # fmt: skip
    written = receipts.content_of(draft, "3101", counter)
    read = json.loads(written)
    assert words == read["words"]
    assert json.dumps(read, ensure_ascii=False, separators=(",", ":"), sort_keys=True) == written
