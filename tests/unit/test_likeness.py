"""Which cases look like one event, by their words and phones."""

import pytest

from services.verification.casework.rules.likeness import LEAST, Told, alike, likeness

ONE = "等了一上午没有人，窗口一直关着"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (ONE, True),
        ("等了一上午也没有人，窗口一直关着！", True),
        ("窗口一直关着，等了一上午没有人", True),
        ("等了壹上午没有人，窗口壹直关着", True),
        ("让我回去补材料，跑了三趟", False),
        ("没人", False),
        ("", False),
    ],
)
def test_similar_words_are_found(other: str, same: bool) -> None:
    """Order, marks and a word more or less do not matter; other words do."""
    assert same == bool(alike(Told.of(None, ONE), Told.of(None, other), 40))


def test_written_otherwise_is_the_same() -> None:
    """Traditional characters, width and case are folded before anything is compared."""
    assert 100 == likeness(Told.of(None, "辦證ＡＢ要等兩小時"), Told.of(None, "办证ab要等两小时"))


def test_the_same_phone_is_enough() -> None:
    """Whatever the words are, and also without any."""
    assert ("phone", 0) == alike(Told.of("p", None), Told.of("p", ONE), 40)
    assert alike(Told.of("p", None), Told.of("q", None), 40) is None
    assert alike(Told.of(None, None), Told.of(None, None), 1) is None


def test_a_few_characters_say_nothing() -> None:
    """What everybody writes makes no two cases one."""
    assert 0 == likeness(Told.of(None, "没有人"), Told.of(None, "没有人"))
    assert LEAST > len(Told.of(None, "没有人").pairs)
