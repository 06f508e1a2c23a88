"""The language of an answer, and the cookies of a page."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Language
from shared.web.answers import put
from shared.web.choices import language, preferred
from shared.web.pages import Pages
from shared.web.replies import Cookie
from shared.web.texts import LANGUAGES, whole


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", "zh"),
        ("zh", "zh"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-Hant-TW", "zh"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "en"),
        ("ru-RU,ru;q=0.9,en-GB;q=0.8,zh;q=0.1", "en"),
        ("zh;q=0.8,en;q=0.9", "en"),
        ("zh;q=0.9,en;q=0.9", "zh"),
        ("en;q=0.9,zh;q=0.9", "en"),
        ("en;q=0", "zh"),
        ("en;q=0.0, zh;q=0.000", "ug"),
        ("en ; q = 0.5 , zh ; Q=0.4", "en"),
        ("en;q=1.000,zh", "en"),
        ("en;q=1.1,zh;q=0.1", "zh"),
        ("en;q=-1,zh;q=0.1", "zh"),
        ("en;q=NaN,zh;q=0.1", "zh"),
        ("en;q=inf,zh;q=0.1", "zh"),
        ("en;q=1e0,zh;q=0.1", "zh"),
        ("en;q=,zh;q=0.1", "zh"),
        ("en;level=1,zh;q=0.1", "en"),
        ("*", "zh"),
        ("en_US", "en"),
        ("zh-TW", "zh"),
        ("zh_TW,en;q=0.9", "zh"),
        ("yue-HK, en;q=0.8", "zh"),
        ("en;q=0, *", "zh"),
        ("zh;q=0, *", "en"),
        ("zh;q=0", "en"),
        ("zh;q=0, fr", "en"),
        ("fr, *;q=0.5", "zh"),
        ("fr, *;q=0.5, en;q=0.1", "zh"),
        ("fr, *;q=0, en;q=0.1", "en"),
        ("zh;q=0, *;q=0", "en"),
        ("en;q=abc", "en"),
        ("en;q=.5,zh;q=0.1", "en"),
        ("en;level=1;q=0.1,zh;q=0.5", "zh"),
        ("en;q=0.9;level=1,zh;q=0.5", "en"),
        ("english", "zh"),
        (",;,;=,", "zh"),
        ("de, ja, ko", "zh"),
        ("ug-CN, zh;q=0.5", "ug"),
        ("ug;q=0.4, en;q=0.5", "en"),
        ("zh;q=0, en;q=0", "ug"),
    ],
)
def test_the_most_wanted_language_of_ours(accepted: str, wanted: Language) -> None:
    """By q-value, then by order; what is no weight from 0 to 1 wants least; Chinese otherwise."""
    assert wanted == preferred(accepted)


@pytest.mark.parametrize(
    ("asked", "wanted"), [("ug", "zh"), ("ug, en;q=0.5", "en"), ("zh;q=0, en;q=0", "zh")]
)
def test_staff_are_not_offered_half_a_language(asked: str, wanted: Language) -> None:
    """Neither by their browser nor by the address or a cookie from a citizen's page."""
    assert wanted == preferred(asked, whole())
    headers = {"Accept-Language": asked, "Cookie": "mashang_lang=ug"}
    assert wanted == language(make_mocked_request("GET", "/?lang=ug", headers=headers), whole())


@given(st.text("enzhq=;,.0159- *é\0", max_size=60))
def test_any_header_is_a_language(accepted: str) -> None:
    """Whatever a browser sends, it is answered in a language that there is."""
    assert preferred(accepted) in LANGUAGES


@given(st.lists(st.sampled_from(["zh", "en", "fr", "de"]), min_size=1, max_size=6), st.randoms())
def test_the_order_of_the_header_does_not_matter(tags: list[str], random: Any) -> None:
    """Where the weights differ, they alone decide."""
    parts = [f"{tag};q=0.{9 - place}" for place, tag in enumerate(tags)]
    first = next((tag for tag in tags if tag in ("zh", "en")), "zh")
    random.shuffle(parts)
    assert first == preferred(",".join(parts))


@pytest.mark.parametrize(
    ("path", "headers", "wanted"),
    [
        ("/?lang=en", {}, "en"),
        ("/?lang=en", {"Cookie": "mashang_lang=zh", "Accept-Language": "zh"}, "en"),
        ("/?lang=xx", {"Accept-Language": "en"}, "en"),
        ("/?lang=", {"Cookie": "mashang_lang=en"}, "en"),
        ("/?LANG=en", {}, "zh"),
        ("/?lang=zh&lang=en", {"Accept-Language": "en"}, "zh"),
        ("/", {"Cookie": "mashang_lang=en", "Accept-Language": "zh"}, "en"),
        ("/", {"Cookie": "mashang_lang=xx", "Accept-Language": "en"}, "en"),
        ("/", {"Cookie": 'mashang_lang="en"'}, "en"),
        ("/", {"Cookie": "other=1; mashang_lang=en"}, "en"),
        ("/", {"Cookie": ";;;=", "Accept-Language": "en"}, "en"),
        ("/", {}, "zh"),
    ],
)
def test_a_choice_counts_more_than_the_browser(
    path: str, headers: dict[str, str], wanted: Language
) -> None:
    """The address first, then the cookie, then what the browser prefers."""
    assert wanted == language(make_mocked_request("GET", path, headers=headers))


def test_cookies_are_out_of_reach() -> None:
    """For the whole host, not for scripts, not for other sites, and gone when they are removed."""
    answer = web.Response()
    put(
        answer,
        (
            Cookie("here", "1"),
            Cookie("gone", None, "Lax"),
            Cookie("kept", "x", max_age=60),
        ),
    )
    here, gone, kept = (answer.cookies[name].OutputString() for name in ("here", "gone", "kept"))
    for told in (here, gone, kept):
        assert "Path=/" in told
        assert "HttpOnly" in told
        assert "Domain" not in told
    assert ["SameSite=Strict" in here, "SameSite=Lax" in gone] == [True, True]
    assert ["Max-Age" in here, "Max-Age=0" in gone, "Max-Age=60" in kept] == [False, True, True]


def test_what_a_template_calls(tmp_path: Path) -> None:
    """Macros with what stands between their tags, blocks above, loops and functions of ours."""
    (tmp_path / "above.html").write_text("{% block main %}above{% endblock %}")
    (tmp_path / "page.html").write_text(
        '{% extends "above.html" %}'
        "{% macro twice(text) %}{{ text }}{{ caller() }}{{ text }}{% endmacro %}"
        "{% block main %}{{ super() }} {% for n in range(3) %}"
        "{% call twice(t('comma')) %}{{ loop.cycle('a<', 'b') }}{% endcall %}"
        "{% endfor %}{% set ns = namespace(n=1) %}{{ ns.n }}{% endblock %}"
    )
    assert "above 、a&lt;、、b、、a&lt;、1" == Pages(tmp_path).html("zh", "/", "page.html")
