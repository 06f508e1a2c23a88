"""The catalogues: the same keys and values in both languages, plurals, times."""

import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.intake.follow.standing import RewardStands
from services.rewards.rules.states import State
from shared.errors import KINDS, Conflict, Wrong
from shared.events import Kind, Language, Verdict
from shared.web.texts import LANGUAGES, LOCALE, Texts, texts

ZH, EN = texts("zh"), texts("en")
NAMES = re.compile(r"{(\w+)")


def test_both_languages_have_the_same_keys() -> None:
    """A page in one language never finds a key missing that the other has."""
    assert set(ZH.forms) == set(EN.forms)


def test_texts_of_a_key_take_the_same_values() -> None:
    """Every form of a key, in both languages, is filled from the same names."""
    different = [
        key
        for key, forms in EN.forms.items()
        if {name for form in forms for name in NAMES.findall(form)}
        != {name for form in ZH.forms[key] for name in NAMES.findall(form)}
    ]
    assert [] == different


def test_no_language_speaks_the_other() -> None:
    """English texts have no Chinese character."""
    chinese = re.compile(r"[\u4e00-\u9fff]")
    mixed = {key for key, forms in EN.forms.items() if any(map(chinese.search, forms))}
    assert mixed <= {"criticism_title"}
    assert [] == [key for key, forms in (dict(ZH.forms) | dict(EN.forms)).items() if not all(forms)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_catalogues_are_sorted(lang: Language) -> None:
    """A key is found by looking, and two branches that add keys seldom meet."""
    keys = re.findall(r'^msgid "(.+)"$', (LOCALE / f"{lang}.po").read_text("utf-8"), re.M)
    assert sorted(keys) == keys


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_refusal_can_be_told(lang: Language) -> None:
    """Each has a title and a hint that needs no values but its own."""
    for kind in KINDS:
        assert f"problem.{kind.slug}.title" in texts(lang)
        assert f"problem.{kind.slug}.hint" in texts(lang)
    assert texts(lang).refused(Conflict("refused.window_closed"))


def test_every_kind_and_verdict_has_a_name() -> None:
    """What events may carry, pages can name."""
    wanted = {f"kind_{kind}" for kind in get_args(Kind)}
    wanted |= {f"verdict_{verdict}" for verdict in get_args(Verdict)}
    assert wanted <= set(ZH.forms)


def test_values_are_filled_in() -> None:
    """By name, and only where there are some."""
    assert "At most 2000 characters." == EN.wrong(
        Wrong("words", "wrong.string_too_long", max_length=2000)
    )
    assert "最多 2000 个字符。" == ZH.text("wrong.string_too_long", max_length=2000)


@pytest.mark.parametrize("key", ["wrong.nobody_wrote_this", "your_reward_paid"])
def test_a_key_or_value_that_is_not_there_is_a_defect(key: str) -> None:
    """It never becomes a text of its own, and nobody reads `{yuan}`."""
    with pytest.raises(KeyError):
        EN.text(key)


@pytest.mark.parametrize("words", [ZH, EN], ids=["zh", "en"])
def test_every_state_of_a_reward_has_a_word_and_a_sentence(words: Texts) -> None:
    """A word for the staff's lists and badges; for its citizen a sentence with the amount."""
    for state in get_args(State):
        assert len(words.text(f"reward_{state}")) < 30
    values = {"yuan": "20.00", "due": "24:00", "reason": "…"}
    for told in (*get_args(RewardStands), "scheduled_late"):
        assert words.text(f"your_reward_{told}", **values)


def test_a_number_takes_its_form() -> None:
    """English has two forms, Chinese one, by each catalogue's own rule."""
    assert [0, 1, 1] == [int(EN.plural(1)), int(EN.plural(0)), int(EN.plural(2))]
    assert {0} == {int(ZH.plural(n)) for n in range(5)}
    assert {1} == {len(forms) for forms in ZH.forms.values()}


@pytest.mark.parametrize(
    ("moment", "due", "zh", "en"),
    [
        (datetime(2026, 11, 26, 16, tzinfo=UTC), True, "11月26日 24:00", "26 Nov 24:00"),
        (datetime(2026, 11, 26, 16, tzinfo=UTC), False, "11月27日 00:00", "27 Nov 00:00"),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), True, "12月31日 24:00", "31 Dec 24:00"),
        (datetime(2026, 11, 26, 15, 59, tzinfo=UTC), True, "11月26日 23:59", "26 Nov 23:59"),
        (datetime(2026, 11, 26, 16, 1, tzinfo=UTC), True, "11月27日 00:01", "27 Nov 00:01"),
    ],
)
def test_a_days_end_is_24_00_where_it_is_due(moment: datetime, due: bool, zh: str, en: str) -> None:
    """A moment is told as the clock shows it, a due time as people say it."""
    told = [(words.due if due else words.when)(moment) for words in (ZH, EN)]
    assert [zh, en] == told
