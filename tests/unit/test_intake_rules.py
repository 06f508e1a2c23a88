"""Intake's decisions: what fits together, what is urgent, what a phone is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC
from pydantic import ValidationError

from services.intake.accept import rules
from services.intake.accept.submission import Draft
from shared import policy
from shared.policy import Policy
from shared.values import phone


@pytest.fixture(scope="module")
def in_force() -> Policy:
    """The demo policy."""
    path = Path(__file__).parents[2] / "deploy" / "policy.toml"
    return policy.load(path).at(datetime(2026, 7, 1, tzinfo=UTC))


def draft(**fields: object) -> Draft:
    """A draft with a code."""
    return Draft.model_validate({"code": "x", **fields})


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"kind": "rating", "satisfaction": 5}, []),
        ({"kind": "rating", "satisfaction": 2, "categories": ["other"]}, []),
        ({"kind": "rating", "satisfaction": 3, "words": "好"}, []),
        ({"kind": "complaint", "categories": ["other"]}, []),
        ({"kind": "complaint", "satisfaction": 5, "words": "差"}, []),
        ({"kind": "request", "words": "补证"}, []),
        ({"kind": "rating"}, ["wrong.satisfaction_missing"]),
        (
            {"kind": "rating", "satisfaction": 3, "categories": ["other"]},
            ["wrong.categories_not_here"],
        ),
        ({"kind": "complaint", "categories": ["bribes"]}, ["wrong.categories_unknown"]),
        ({"kind": "complaint"}, ["wrong.complaint_empty"]),
        ({"kind": "request", "words": " \n "}, ["wrong.words_missing"]),
    ],
)
def test_what_fits_together(in_force: Policy, fields: dict[str, object], texts: list[str]) -> None:
    """Each kind needs what it needs, and exactly the missing or superfluous part is named."""
    assert texts == [w.key for w in rules.wrong(draft(**fields), in_force)]


@pytest.mark.parametrize(
    ("fields", "urgent"),
    [
        ({"kind": "request", "words": "孩子明天高考,身份证丢了"}, True),
        ({"kind": "request", "words": "想问几点上班"}, False),
        ({"kind": "request", "words": "想问几点上班", "urgent": True}, True),
        ({"kind": "complaint", "words": "明天高考", "urgent": True}, False),
    ],
)
def test_what_is_urgent(in_force: Policy, fields: dict[str, object], urgent: bool) -> None:
    """A request with a listed word or the citizen's tick is urgent; a complaint never is."""
    assert urgent == rules.urgent(draft(**fields), in_force)


@pytest.mark.parametrize(
    "words",
    [
        "身份证 丢了，明天 考试",
        "身分证丢了",
        "身份證丟了，明天考試",
        "明天\u200b考试",
        "急 需",
        "高　考",
    ],
)
def test_spelling_hides_no_urgency(in_force: Policy, words: str) -> None:
    """Spaces, marks, traditional characters and variants: the duty operator is paged."""
    assert rules.urgent(draft(kind="request", words=words), in_force)


@pytest.mark.parametrize(
    ("typed", "badge"),
    [("170-004", "170004"), ("１７０００４", "170004"), ("170004－", "170004"), (" a 17 ", "A17")],
)
def test_a_badge_is_kept_as_badges_are_compared(typed: str, badge: str) -> None:
    """The spelling of the citizen does not hide from the officer's recusal who is meant."""
    assert badge == draft(kind="complaint", words="x", officer_badge=typed).officer_badge


def test_control_characters_are_no_reason_to_refuse() -> None:
    """What comes invisibly with pasted text is a line break or nothing."""
    sent = draft(kind="complaint", words="第一行\x0b第二行\x00\x1b\r完\x0c")
    assert "第一行\n第二行\n完" == sent.words


@given(st.from_regex(r"(\+?86|0086)?[ -]?1[0-9 -]{9,12}", fullmatch=True))
def test_the_short_way_to_a_phone_decides_like_the_library(typed: str) -> None:
    """Whatever looks like a mainland mobile gets the library's own answer, yes or no."""
    try:
        wanted: str | None = phone.parse(typed)
    except ValueError:
        wanted = None
    try:
        found = draft(kind="rating", phone=typed).phone
    except ValidationError:
        found = None
    assert wanted == found


@given(st.text(max_size=60))
def test_any_text_is_a_phone_or_a_named_error(typed: str) -> None:
    """Nobody can type something that breaks the check; errors name the field `phone`."""
    wrong, found = set(), None
    try:
        found = draft(kind="rating", phone=typed).phone
    except ValidationError as error:
        wrong = {e["loc"][0] for e in error.errors()}
    assert wrong <= {"phone"}
    assert found is None or found.startswith("+")


def test_blank_text_is_absent_and_line_breaks_are_one_character() -> None:
    """A form sends blanks and CRLF; neither counts as content or against the limit."""
    typed = "\r\n" + "x\r\n" * 999 + "yz"
    sent = draft(kind="request", words=typed, phone=" ", officer_badge="")
    assert "x\n" * 999 + "yz" == sent.words
    assert (None, None) == (sent.phone, sent.officer_badge)


def test_categories_are_counted_once() -> None:
    """A category named twice is one, in the order of naming."""
    sent = draft(kind="complaint", categories=["other", "extra_trips", "other"])
    assert ("other", "extra_trips") == sent.categories


SCRIPTS = [OpenCC(name) for name in ("s2t", "s2tw", "s2hk")]
BETWEEN = st.sampled_from(["", "", " ", "\u3000", "，", "、", "。", "\n", "\u200b", "-", "·", "*"])


@given(st.integers(0, 99), st.sampled_from(SCRIPTS), st.booleans(), st.data())
def test_every_urgent_word_is_found_however_it_is_written(
    in_force: Policy, number: int, script: OpenCC, traditional: bool, data: st.DataObject
) -> None:
    """Each word of the policy, in traditional characters of any place, with marks in between."""
    word = in_force.urgent.words[number % len(in_force.urgent.words)]
    typed = script.convert(word) if traditional else word
    spaced = "".join(character + data.draw(BETWEEN) for character in typed)
    assert rules.urgent(draft(kind="request", words=f"您好，{spaced}，谢谢"), in_force)
