"""What citizens are promised is what their bureau's policy says."""

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.posters import Printer
from services.intake.pages.notices import find
from services.verification.commands import Window
from shared import policy
from shared.events import Language
from shared.policy.within import Within
from shared.web import terms
from shared.web.pages import Pages
from shared.web.texts import texts
from tests.support import living_by

PRESETS = {
    file.stem: policy.load(file).editions[-1] for file in Path("deploy/policies").glob("*.toml")
}
OTHERS = sorted(PRESETS.keys() - {"article"})
TEMPLATES = Path("services/intake/templates")
SAYS = re.compile(r"\bt\('(\w+)'")
PROMISES = re.compile("当天(给您|打|回|有回|核|查|24)|奖励")
# They speak of a reward that there is, or of what no policy changes.
TRUE_OF_ALL = {
    "phone_reward", "phone_which", "reward_heading", "your_reward_none", "filing_read_text",
    "privacy_stays",
}  # fmt: skip
TWINS = sorted(key for key in texts("zh").forms if key.endswith(terms.END) and key != "paid_terms")


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (Within(days=0), "当天", "the same day"),
        (Within(days=7), "7 天内", "within 7 days"),
        (Within(working_days=1), "1 个工作日内", "within 1 working day"),
        (Within(hours=24), "24 小时内", "within 24 hours"),
    ],
)
def test_a_term_in_words(span: Within, zh: str, en: str) -> None:
    """As people say it."""
    assert (zh, en) == (terms.within(texts("zh"), span), terms.within(texts("en"), span))


def test_no_promise_is_forgotten() -> None:
    """Whatever a citizen's page says of the same day or of a reward has its other wording."""
    said = {key for file in TEMPLATES.glob("*.html") for key in SAYS.findall(file.read_text())}
    made = {key for key in said if PROMISES.search("".join(texts("zh").forms.get(key, ())))}
    assert set() == {key for key in made if f"{key}{terms.END}" not in texts("zh")} - TRUE_OF_ALL


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_promises_what_it_keeps(name: str, lang: Language) -> None:
    """The article's the same day and 20 yuan; the others their own terms, and no reward."""
    words, rule = texts(lang), PRESETS[name]
    say = terms.by_policy(words.text, words, rule)
    given = {"yuan": "20", "days": 5, "reward_days": 2}
    told = " ".join(say(key.removesuffix(terms.END), **given) for key in TWINS)
    assert (name == "article") == bool(re.search(r"20|奖励", told))
    if name != "article":
        assert terms.within(words, rule.verification.within) in told
        assert terms.within(words, rule.callback.within) in told


@pytest.mark.parametrize("name", PRESETS)
def test_the_first_page_says_it(name: str) -> None:
    """Also in a language that has no other wording: there it is said in Chinese."""
    page, rule = find("welcome"), PRESETS[name]
    pages = Pages(TEMPLATES, rule=lambda: rule)
    values: dict[str, Any] = {"visit": None, "refused": None, **page.values}
    for lang, usual in (("en", "same day"), ("zh", "当天有回应")):
        html = pages.html(lang, "/", page.template, **values)
        assert (name == "article") == (usual in html)
    assert pages.html("ug", "/", page.template, **values)


@pytest.mark.parametrize(("name", "lent"), [("complaints-uk", "en"), ("jiesujiban", "zh")])
def test_what_a_language_lacks_is_told_whole_in_the_citys(name: str, lent: Language) -> None:
    """In Uyghur a sentence of terms is the city's own, term and all, not two languages in one."""
    with living_by(Path(f"deploy/policies/{name}.toml")) as rule:
        words, home = texts("ug"), texts(lent)
        assert words.borrows("phone_call_terms")
        told = terms.by_policy(words.text, words, rule)("phone_call")
        assert terms.by_policy(home.text, home, rule)("phone_call") == told


@pytest.mark.parametrize("name", OTHERS)
def test_a_poster_says_it(name: str) -> None:
    """What hangs at the window for years."""
    printer = Printer("en", PRESETS[name])
    said = printer.said(Window("1", "Somewhere"), "https://x/w/1")
    called = terms.within(texts("en"), PRESETS[name].callback.within)
    assert ("Rate, complain, ask: scan, and be answered", True, False) == (
        said["lead"], called in said["text3"], "yuan" in said["text3"]
    )  # fmt: skip
