"""A language that lacks texts borrows them from Chinese, and says so."""

from babel import Locale
from markupsafe import Markup

from shared.errors import Wrong
from shared.web import borrowed
from shared.web.pages import Pages
from shared.web.texts import LANGUAGES, Texts, texts, whole

ZH, EN, UG = texts("zh"), texts("en"), texts("ug")


def poor(**own: str) -> Texts:
    """A language that has but these texts."""
    forms = {key: (text,) for key, text in own.items()}
    return Texts("xx", Locale("ug"), forms, lambda _: 0, ZH)


def test_a_further_language_is_a_further_file() -> None:
    """It is offered because its catalogue lies there, after the two that have every text."""
    assert ("zh", "en", "ug") == LANGUAGES
    assert ("zh", "en") == whole()
    assert ("ug", "rtl", "ltr", "ltr") == (UG.tag, UG.direction, ZH.direction, EN.direction)


def test_a_text_that_lacks_is_chinese() -> None:
    """Also with values, and as what to do about a field; its own texts are its own."""
    words = poor(send="Yolla")
    assert "Yolla" == words.text("send")
    assert ZH.text("counter", n=3) == words.text("counter", n=3)
    assert ZH.wrong(Wrong("x", "wrong.badge", most=20)) == words.wrong(
        Wrong("x", "wrong.badge", most=20)
    )
    assert ["send" in words, "counter" in words, "nobody" in words] == [True, True, False]
    assert [words.borrows("send"), words.borrows("counter"), ZH.borrows("x")] == [
        False,
        True,
        False,
    ]


def test_what_is_borrowed_is_marked_where_it_can_be() -> None:
    """In an element by one of its own, on a title or a choice itself; never in an attribute."""
    words = poor()
    said = borrowed.told(words, "send", "提交 & 走")
    page = str(
        Markup('<title>{0}</title><p class="{0}">a {0} b</p><option value=1>{0}</option>').format(
            said
        )
    )
    assert borrowed.marked(page, words) == (
        '<title lang="zh-CN" dir="ltr">提交 &amp; 走</title><p class="提交 &amp; 走">a '
        '<span lang="zh-CN" dir="ltr">提交 &amp; 走</span> b</p>'
        '<option lang="zh-CN" dir="ltr" value=1>提交 &amp; 走</option>'
    )


def test_a_page_of_its_own_words_stays_as_it_is() -> None:
    """Chinese and English pages have nothing to mark."""
    for words in (ZH, EN):
        assert "x" == borrowed.told(words, "send", "x")
        assert "<p>x</p>" == borrowed.marked("<p>x</p>", words)


def test_a_page_is_written_its_own_way() -> None:
    """From right to left in Uyghur, with the ways to the other languages in their own names."""
    page = Pages().html(
        "ug",
        "/x",
        "error.html",
        visit=None,
        staff=False,
        problem={"title": "T", "detail": "D", "key": "k"},
    )
    assert '<html lang="ug" dir="rtl">' in page
    assert 'href="?lang=zh" lang="zh-CN" hreflang="zh-CN">中文</a>' in page
    assert 'href="?lang=en" lang="en" hreflang="en">English</a>' in page
    assert "?lang=ug" not in page
