"""Words as pairs of characters, and the pairs as buckets."""

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.casework.rules.grams import BUCKETS, buckets, has_all, pairs

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=60)


def index(clear: str, key: bytes = b"one") -> str:
    """A keyed hash."""
    return hmac.new(key, clear.encode(), sha256).hexdigest()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("没人", {"没人"}), ("没 人，在", {"没人", "人在"}), ("沒人", {"没人"}), ("没", set()),
        ("", set()), ("ＡB 12", {"ab", "b1", "12"}), ("……！", set()),
    ],
)  # fmt: skip
def test_pairs_are_of_what_is_said(words: str, found: set[str]) -> None:
    """Spaces, marks, width, case and the old characters make no difference."""
    assert found == pairs(words)


@given(before=CHINESE, said=CHINESE, after=CHINESE)
def test_a_part_lies_in_the_buckets_of_the_whole(before: str, said: str, after: str) -> None:
    """Whatever stands in somebody's words is found by them."""
    whole = before + said + after
    assert set(buckets(said, index)) <= set(buckets(whole, index))
    assert has_all(whole, said)


def test_buckets_are_nobodys_without_the_key() -> None:
    """Another key gives others, all within what the table may tell."""
    words = "窗口没有人等了一个多小时也没有人来"
    own, other = buckets(words, index), buckets(words, lambda clear: index(clear, b"two"))
    assert set(own) != set(other)
    assert len(own) <= len(pairs(words))
    assert all(0 <= one < BUCKETS for one in own + other)


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("窗口", True),
        ("沒有人", True),
        ("窗口 一小时", True),
        ("窗口 两小时", False),
        ("人有", False),
    ],
)
def test_each_word_must_be_there(said: str, there: bool) -> None:
    """Several words are all meant, in whatever order."""
    assert there == has_all("等了一小时，窗口没有人", said)
