"""An SMS says nothing about the case and names no officer, of every kind and in every language."""

from pathlib import Path
from typing import get_args

import pytest

from deploy.sandbox.texts import TEXTS, VARIABLE
from services.notifications.providers.protocol import VALUES
from services.notifications.rules.messages import Purpose
from shared import policy
from shared.events import Verdict
from shared.policy.section import SPOKEN
from shared.web.texts import texts

EVERY = [(purpose, language) for purpose in get_args(Purpose) for language in SPOKEN]
EDITIONS = [policy.load(file).editions[-1] for file in Path("deploy/policies").glob("*.toml")]
# What would tell whoever reads over a shoulder, or finds the phone, what it is about.
TELLING = {
    "zh": ("投诉", "属实", "民警姓名", "警号", "差评", "处分", "追责", "派出所"),
    "en": ("complain", "substantiated", "officer", "badge", "verdict", "sanction"),
}


@pytest.mark.parametrize(("purpose", "language"), EVERY)
def test_only_an_amount_a_code_or_a_link_is_filled_in(purpose: Purpose, language: str) -> None:
    """Nothing else can get into an SMS: neither a name nor a number of a case has a place in it."""
    filled = tuple(VARIABLE.findall(TEXTS[purpose][language]))
    assert VALUES.get(purpose, ()) == filled
    assert set(filled) <= {"amount", "code", "link"}


@pytest.mark.parametrize(("purpose", "language"), EVERY)
def test_no_sms_says_what_it_is_about(purpose: Purpose, language: str) -> None:
    """No category of any policy, no verdict, no word for who was complained about."""
    said = TEXTS[purpose][language].casefold()
    named = {one.called(language).casefold() for edition in EDITIONS for one in edition.categories}
    named -= {"other", "其他"}
    verdicts = {texts(language).text(f"verdict_{one}").casefold() for one in get_args(Verdict)}
    assert [] == [word for word in (*named, *verdicts, *TELLING[language]) if word in said]


@pytest.mark.parametrize("language", SPOKEN)
def test_who_is_asked_is_told_how_to_answer_and_how_to_stop(language: str) -> None:
    """All three answers and the way out stand in the question and in the word on how to reply."""
    for purpose in ("question", "howto"):
        said = TEXTS[purpose][language]
        assert all(one in said for one in ("1", "2", "3", "T"))
