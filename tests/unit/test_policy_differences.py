"""`mashang policy diff`: what another policy changes, in words, and for whom."""

import re
from collections.abc import Callable
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.differences import lines
from deploy.cli.main import main
from shared import policy
from shared.events import Language
from shared.policy import Policy
from shared.policy.differences import CONCERNED, WHOM, concerned, differences, keys
from shared.policy.within import Within
from shared.web.texts import texts

PRESETS = {
    file.stem: policy.load(file).editions[-1] for file in Path("deploy/policies").glob("*.toml")
}
OURS = PRESETS["article"]
SHIPPED = Path("deploy/policy.toml").read_text("utf-8")
LATER = SHIPPED.replace("2019-05-15", "2027-01-01").replace("attempts = 3", "attempts = 2")


def changed(**sections: dict[str, Any]) -> Policy:
    """Ours with some keys of some sections changed."""
    return OURS.model_copy(
        update={
            name: getattr(OURS, name).model_copy(update=values) for name, values in sections.items()
        }
    )


ENDS = {"categories": ("new", "gone")}


@pytest.mark.parametrize("key", [*keys(), "reward.budget_month_fen.rewards"])
def test_every_rule_can_be_told(key: str) -> None:
    """Whom it concerns, and a sentence in both languages with what was and what will be."""
    assert concerned(key) in WHOM
    for name in [f"policy.{key}.{end}" for end in ENDS.get(key, ())] or [f"policy.{key}"]:
        for lang in ("zh", "en"):
            (told,) = texts(lang).forms[name]
            values = set(re.findall(r"{(\w+)}", told))
            assert values in ({"old", "new"}, {"old", "new", "what"}, {"change"}, {"what"})


def test_no_rule_is_forgotten_or_made_up() -> None:
    """Whom rules concern is said of rules that there are."""
    there = [*keys()]
    assert [] == [one for one in CONCERNED if not any(key.startswith(one) for key in there)]
    assert {f"policy_for_{whom}" for whom in WHOM} <= set(texts("zh").forms)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("one", "other"), [*pairwise([*sorted(PRESETS), "article"])])
def test_every_preset_can_be_compared(one: str, other: str, lang: Language) -> None:
    """Whatever differs between two of them is told without a defect, and in one line each."""
    told = list(lines(PRESETS[one], PRESETS[other], texts(lang)))
    assert len(told) > 60
    assert [] == [line for line in told if re.search(r"[{}\n]|None|Within|frozenset", line)]


TOLD: dict[str, tuple[Policy, str, str, str]] = {
    "money": (changed(reward={"amount_fen": 3000}), "citizens",
        "投诉查实，奖励话费 30.00 元（原 20.00 元）",
        "A substantiated complaint brings 30.00 yuan of airtime; it was 20.00 yuan"),
    "what the budget then pays": (changed(reward={"amount_fen": 4000}), "budget",
        "每月经费够奖励 250 次（原 500 次）", "The month's budget pays 250 rewards; it was 500"),
    "a time of day": (changed(callback={"cutoff": time(17)}), "citizens",
        "17:00 及以前来的，回访从当天算起（原 18:00）",
        "What comes by 17:00 counts as that day's for the callback; it was 18:00"),
    "a term": (changed(verification={"within": Within(working_days=10)}), "citizens",
        "核查时限：10 个工作日内（原 当天）",
        "A complaint is looked into within 10 working days; it was the same day"),
    "a term of some": (changed(verification={"category_within": {"other": Within(hours=1)}}),
        "citizens", "“其他”的核查时限：1 小时内（原 无）",
        "Term for looking into “Something else”: within 1 hour; it was none"),
    "days": (changed(verification={"extension_days": 1}), "units",
        "一次最多延 1 天（原 3 天）", "One extension gives at most 1 day; it was 3 days"),
    "verdicts": (changed(reward={"verdicts": frozenset({"substantiated", "helped"})}), "citizens",
        "有奖励的结论：新增 不属实但已帮办；取消 部分属实",
        "Verdicts that bring a reward: new: Not substantiated, but helped;"
        " no longer: Partly substantiated"),
    "words": (changed(urgent={"words": OURS.urgent.words[1:]}), "citizens",
        "一出现就按紧急处理的词：取消 准考证",
        "Words that make a request urgent: no longer: 准考证"),
    "holidays": (changed(calendar={"holidays": OURS.calendar.holidays | {date(2027, 1, 1)}}),
        "everybody", "放假日：新增 2027-01-01", "Holidays: new: 2027-01-01"),
    "points": (changed(assessment={"unit_centipoints":
                                   {**OURS.assessment.unit_centipoints, "other": 250}}), "units",
        "“其他”属实、责任在单位的，单位扣 2.5 分（原 1 分）",
        "“Something else”, the unit to blame: it loses 2.5 points; it was 1 point"),
    "window": (changed(strikes={"window": "rolling_365_days"}), "officers",
        "属实次数按 365 天内 计（原 自然年）",
        "Marks are counted over 365 days back; it was the calendar year"),
    "yes and no": (changed(assignment={"automatic": False}), "units",
        "自动派给手头最少的人：否（原 是）",
        "New cases go by themselves to who has the fewest: no; it was yes"),
    "a ladder": (changed(supervision={"levels": ("unit", "city")}), "units",
        "督办依次发给 窗口单位、市（原 窗口单位、县（区）、市、市领导）",
        "Supervision notices go to unit, city in turn; it was unit, county, city, the city leader"),
    "purposes": (changed(consent={"complaint": ("callback", "thanks")}), "citizens",
        "投诉时电话的用途：取消 发放奖励",
        "What a complaint's phone is used for: no longer: paying the reward"),
    "a reason gone": (OURS.model_copy(update={"categories": OURS.categories[:-1]}), "citizens",
        "可选的原因不再有“其他”", "No longer among the reasons: “Something else”"),
}  # fmt: skip


@pytest.mark.parametrize(("after", "whom", "zh", "en"), list(TOLD.values()), ids=list(TOLD))
def test_a_change_is_told(after: Policy, whom: str, zh: str, en: str) -> None:
    """Below whom it concerns, with both values as people say them."""
    for lang, sentence in (("zh", zh), ("en", en)):
        words = texts("zh" if lang == "zh" else "en")
        told = list(lines(OURS, after, words))
        at = told.index(f"  {sentence}")
        headings = [line for line in told[:at] if line and not line.startswith(" ")]
        assert words.text(f"policy_for_{whom}") == headings[-1]


def test_nothing_differs() -> None:
    """The day alone is one line."""
    later = OURS.model_copy(update={"effective_from": date(2027, 1, 1)})
    assert [] == list(differences(OURS, later))
    (line,) = lines(OURS, later, texts("en"))
    assert "Nothing differs but the day (2019-05-15, 2027-01-01)" == line


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """A file of that content."""

    def written(content: str) -> str:
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.toml"
        file.write_text(content, "utf-8")
        return str(file)

    return written


def test_two_files_or_the_last_two_editions(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same answer; whichever edition stands first in the file."""
    both = write(f"{LATER}\n{SHIPPED}")
    answers = []
    for files in [(write(SHIPPED), write(LATER)), (both,)]:
        assert 0 == main(["policy", "diff", *files, "--lang", "en"])
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert "Unreached after 2 logged calls; it was 3\n    callback.attempts\n" in answers[0]


@pytest.mark.parametrize(
    ("contents", "code", "told"),
    [
        ([SHIPPED], 1, "has one edition only; name a second file"),
        ([SHIPPED, SHIPPED.replace("days = 2 ", "days = 0 ")], 1, "reward.days: Input should be"),
        ([], 2, "A"),
    ],
)
def test_what_cannot_be_compared(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str],
    contents: list[str], code: int, told: str,
) -> None:  # fmt: skip
    """One line that says why."""
    assert code == main(["policy", "diff", *map(write, contents)])
    err = capsys.readouterr().err
    assert (1, True) == (len(err.splitlines()), told in err)
