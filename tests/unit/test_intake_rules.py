"""Intake's decisions: what fits together, what is urgent, what a phone is."""

from datetime import UTC, datetime, timedelta
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

NOT_HERE = ["wrong.categories_not_here"]
NOW = datetime(2026, 7, 2, 7, tzinfo=UTC)


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
        ({"kind": "rating", "satisfaction": 5, "categories": ["cold_attitude"]}, []),
        ({"kind": "rating", "categories": ["other"]}, ["wrong.satisfaction_missing", *NOT_HERE]),
        ({"kind": "request", "words": "补证", "categories": ["other"]}, NOT_HERE),
        ({"kind": "complaint", "categories": ["bribes"]}, ["wrong.categories_unknown"]),
        ({"kind": "complaint"}, ["wrong.complaint_empty"]),
        ({"kind": "request", "words": " \n "}, ["wrong.words_missing"]),
    ],
)
def test_what_fits_together(in_force: Policy, fields: dict[str, object], texts: list[str]) -> None:
    """Each kind needs what it needs, and exactly the missing or superfluous part is named."""
    assert texts == [w.key for w in rules.wrong(draft(**fields), in_force, NOW)]


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


@pytest.mark.parametrize(
    ("hours", "key"),
    [(0.1, None), (0.2, "wrong.occurred_future"), (-24 * 900, None),
     (-24 * 1100, "wrong.occurred_long_ago")],
)  # fmt: skip
def test_when_it_happened_is_past_and_within_memory(
    in_force: Policy, hours: float, key: str | None
) -> None:
    """Clocks may differ by minutes; what is to come, or years ago, was mistyped."""
    sent = draft(kind="complaint", words="x", occurred_at=NOW + timedelta(hours=hours))
    assert [key] * bool(key) == [w.key for w in rules.wrong(sent, in_force, NOW)]


@pytest.mark.parametrize("at", [datetime.min, datetime.max])
def test_the_ends_of_time_are_refused_like_any_other(in_force: Policy, at: datetime) -> None:
    """No overflow: an hour that no clock has is only a wrong field."""
    sent = draft(kind="complaint", words="x", occurred_at=at.replace(tzinfo=UTC))
    assert ["occurred_at"] == [w.field for w in rules.wrong(sent, in_force, NOW)]
    assert sent.further["occurred_at"]


@pytest.mark.parametrize(
    "said", ["补证 139 7777 0100", "身份证４１１７２４19900", "0３９６－２９１２３"]
)
def test_a_matter_is_no_place_for_numbers(said: str) -> None:
    """It travels in clear, in whatever digits."""
    with pytest.raises(ValidationError, match=r"wrong\.matter"):
        draft(kind="complaint", words="x", matter=said)
    assert "补办身份证" == draft(kind="complaint", words="x", matter=" 补办身份证\n").matter


def test_a_plain_submission_says_nothing_further() -> None:
    """Its content, to which the receipt commits, is what it was before there was more to say."""
    plain = draft(kind="complaint", words="x", channel="page", consent=False, matter=" ")
    assert {} == plain.further
    said = draft(kind="complaint", words="x", channel="wechat", call_time="noon")
    assert {"channel": "wechat", "call_time": "noon"} == said.further


def test_consent_is_recorded_with_its_notice(in_force: Policy) -> None:
    """Which text, for what and by whom; nothing where no phone was left or nothing ticked."""
    left = {"kind": "complaint", "words": "x", "phone": "13977770100"}
    noted = rules.consent(draft(**left, consent=True), in_force, NOW)
    assert noted
    assert (in_force.consent.notice, NOW) == (noted.notice, noted.at)
    assert "reward" in noted.purposes
    rated = draft(**left | {"kind": "rating", "satisfaction": 1}, consent=True)
    plain = rules.consent(rated, in_force, NOW)
    assert plain
    assert "reward" not in plain.purposes
    assert rules.consent(draft(**left), in_force, NOW) is None
    assert rules.consent(draft(kind="request", words="x", consent=True), in_force, NOW) is None


def test_a_language_for_the_call_is_one_of_the_policys(in_force: Policy) -> None:
    """What the bureau can speak; anything else is named."""
    for key, found in (("local", []), ("klingon", ["call_language"])):
        sent = draft(kind="complaint", words="x", call_language=key)
        assert found == [w.field for w in rules.wrong(sent, in_force, NOW)]


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
