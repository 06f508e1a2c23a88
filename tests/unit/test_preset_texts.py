"""What people read under each preset is of that country: its words, its dates, its hours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args
from uuid import UUID

import pytest

from deploy.sandbox.texts import TEXTS
from services.intake.accept.submission import Draft
from services.notifications.rules.messages import Purpose
from services.scoring import papers
from services.scoring.store.papers import KINDS, Counted, Kind, Numbered
from services.verification.supervision import paper as notices
from services.verification.supervision.rules import Notice
from shared import policy
from shared.papers.paper import Paper
from shared.papers.wording import called, day, month
from shared.policy import Policies
from shared.web import terms
from shared.web.exports import written_at
from shared.web.texts import LANGUAGES, texts
from tests.support import living_by

FOLDER = Path("deploy/policies")
PRESETS = sorted(file.stem for file in FOLDER.glob("*.toml"))
NOON = datetime(2026, 7, 31, 12, 30, tzinfo=UTC)
# preset · that moment at the bureau, in a list, on a page, on a document, its month · a number
TOLD = {
    **dict.fromkeys(
        ("article", "haochaping", "jiesujiban"),
        ("2026-07-31 20:30", "7月31日 20:30", "2026年7月31日", "2026年7月", "某〔2026〕3号"),
    ),
    "complaints-uk":
        ("2026-07-31 13:30", "31 Jul 13:30", "31 July 2026", "July 2026", "某 2026-3"),
    "ombudsman":
        ("2026-08-01 00:30", "1 Aug 00:30", "1 August 2026", "August 2026", "某 2026-3"),
}  # fmt: skip
# Said nowhere: outside the mainland is abroad for some of its readers, and not for others.
NOWHERE = re.compile("内地|大陆|港澳台|mainland", re.IGNORECASE)
# Said in China only: whom to call there, whose mobiles, how days and sums are written.
CHINESE = re.compile(
    r"(?<!\d)(12345|12389|110)(?!\d)|移动、联通|China Mobile|境外|\d年|\d月\d+日|〔"
    "|CNY|[¥￥]|元话费"
)
CASE = UUID(int=1)


@contextmanager
def city(name: str) -> Iterator[Policies]:
    """Living by a preset."""
    file = FOLDER / f"{name}.toml"
    with living_by(file):
        yield policy.load(file)


def foreign(told: str, rule: policy.Policy) -> list[str]:
    """The words that are not said in that city."""
    found = [one[0] for one in NOWHERE.finditer(told)]
    if rule.country != "CN":
        found += [one[0] for one in CHINESE.finditer(told)]
    return found


def lines(one: Paper) -> str:
    """Every word of a document."""
    return "\n".join(str(part) for part in vars(one).values())


def document(kind: Kind, policies: Policies) -> Paper:
    """A document of a kind, with a case of each sort."""
    first = policies.editions[-1].categories[0].key
    told = [
        Counted(CASE, CASE, NOON, "substantiated", (first,), 1, "officers", "26-000001", recused)
        for recused in ((), ("!",))
    ]
    one = Numbered(
        kind, 2026, 3, "n1", "Window", "P-1", "Lee", (CASE,), "2026", "boss", "Boss", "Agreed.",
        NOON, NOON, None, None,
    )  # fmt: skip
    return papers.paper(one, told, policies)


def notice(policies: Policies) -> Paper:
    """A supervision notice of a late verification."""
    rule = policies.editions[-1]
    one = Notice(
        notice_id=CASE, year=2026, number=3, case_id=CASE, case_number="26-000001",
        categories=(rule.categories[0].key,), received_at=NOON, unit_code="n1",
        unit_name="Window", deadline_at=NOON, level=1, level_key=rule.level_keys[-1],
        place_code="n1", place_name="Window", copy_name="County", due_at=NOON, detected_at=NOON,
        policy_from=date(2026, 7, 31), stands=True, acknowledged_by=None, acknowledged_at=None,
        plan_sealed=None, reminded=0,
    )  # fmt: skip
    return notices.of(one, "climbs", policies)


@pytest.mark.parametrize("name", PRESETS)
def test_documents_are_of_that_city(name: str) -> None:
    """In its language, with its way of writing a day, whatever they are about."""
    with city(name) as policies:
        rule = policies.editions[-1]
        for one in (*(document(kind, policies) for kind in KINDS), notice(policies)):
            told = lines(one)
            named = re.sub(re.escape(rule.papers.issuer), "", told)
            assert [] == foreign(named, rule), one.title
            assert TOLD[name][2] in told
            assert texts(rule.language).tag == one.language
            if rule.language == "en":
                assert not re.search("[\u4e00-\u9fff]", named), named


@pytest.mark.parametrize("name", PRESETS)
def test_times_are_of_that_city(name: str) -> None:
    """At its hour, in lists that are taken away as well as on pages and documents."""
    with city(name) as policies:
        words = texts(policies.editions[-1].language)
        said = (written_at(NOON), words.when(NOON), day(NOON), month(NOON), called("某", 2026, 3))
        assert TOLD[name] == said


@pytest.mark.parametrize("name", PRESETS)
def test_sms_are_of_that_city(name: str) -> None:
    """Whatever may be sent there; what brings money only where there is some."""
    rule = policy.load(FOLDER / f"{name}.toml").editions[-1]
    sent = [one for one in get_args(Purpose) if one != "paid" or rule.reward.verdicts]
    assert [] == [
        (purpose, language, words)
        for purpose in sent
        for language, told in TEXTS[purpose].items()
        for words in foreign(told, rule)
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_citizens_pages_and_receipts_are_of_that_city(name: str) -> None:
    """Every text that a template of theirs or the house's names, in each language of its own."""
    with city(name) as policies:
        rule = policies.editions[-1]
        folders = (Path("services/intake/templates"), Path("shared/web/templates"))
        files = [file for folder in folders for file in folder.glob("*.html")]
        keys = {key for f in files for key in re.findall(r"\bt\('([\w.]+)'", f.read_text())}
        # In Chinese a day is typed like that anywhere; hotlines are shown where there are some.
        keys -= {"filing_day_hint", "call_12345", "call_12389"}
        # Shown by a condition: a line on airtime where there is a reward.
        keys -= set() if rule.reward.verdicts else {"phone_which", "phone_reward", "your_paid"}
        for language in ("zh", "en"):
            words = texts(language)

            def raw(key: str, words: object = words, **_: object) -> str:
                return " ".join(words.forms.get(key, ()))  # type: ignore[attr-defined]

            say = terms.by_policy(raw, words, rule)
            told = {key: foreign(say(key), rule) for key in sorted(keys)}
            assert {} == {key: found for key, found in told.items() if found}


def test_nobody_is_told_of_the_mainland() -> None:
    """No text of any catalogue, staff's neither."""
    assert [] == [
        (language, key)
        for language in LANGUAGES
        for key, forms in texts(language).forms.items()
        if NOWHERE.search(" ".join(forms))
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_whoever_names_no_language_is_told_in_the_citys(name: str) -> None:
    """A program that files without saying which, and its citizen's SMS."""
    with city(name) as policies:
        said = Draft.model_validate({"code": "x", "kind": "complaint", "categories": []})
        assert policies.editions[-1].language == said.language
