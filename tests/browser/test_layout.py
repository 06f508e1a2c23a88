"""The pages on a small screen: nothing sticks out, in any language, print or direction."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from shared.web.texts import LANGUAGES
from tests.integration import test_intake_kiosk
from tests.integration.intake_site import Site, code

SERVICE = "intake"
WIDTHS = (320, 390, 1024)
KIOSK = f"/k/{test_intake_kiosk.KIOSK}"
STICKS_OUT = """() => {
  const wide = document.documentElement.clientWidth;
  return [...document.querySelectorAll('body *')].filter((one) => {
    const {left, right, width} = one.getBoundingClientRect();
    return width > 1 && (left < -0.5 || right > wide + 0.5);
  }).map((one) => one.outerHTML.slice(0, 80))
    .concat(document.documentElement.scrollWidth > wide ? ['scrolls ' + wide] : []);
}"""
# What is pressed, as the finger finds it; a text's own links may be as low as its lines.
SMALL = """() => [...document.querySelectorAll('main button, main .btn, main select, main textarea,'
  + 'main input:not([type=hidden]), main summary, main .rows a, header a, header nav button')]
  .filter((one) => one.offsetParent && !one.classList.contains('enter'))
  .map((one) => [one.getBoundingClientRect().height, one.outerHTML.slice(0, 80)])
  .filter(([height]) => height < 44)"""
TINY = """() => [...document.querySelectorAll('body *')]
  .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
  .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture
async def receipt(intake: Site) -> str:
    """The address of a complaint's receipt."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    return f"/r/{answer['receipt']['code']}"


@pytest.fixture
async def plain(chromium: Browser, intake: Site) -> AsyncIterator[Page]:
    """A phone without JavaScript."""
    context = await chromium.new_context(
        base_url=str(intake.client.make_url("/")), java_script_enabled=False
    )
    yield await context.new_page()
    await context.close()


def places(receipt: str) -> tuple[str, ...]:
    """The pages that a citizen can come to."""
    window = f"/w/{code(counter=3)}"
    return (
        "/", "/r", window, f"{window}/complaint", f"{window}/request", f"{receipt}?new=1", receipt,
        "/w/forged", "/r/0000-0000-0000-0000", "/nowhere", "/offline", KIOSK, f"{KIOSK}/done",
    )  # fmt: skip


@pytest.mark.parametrize("size", ["normal", "large"])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_sticks_out(phone: Page, receipt: str, lang: str, size: str) -> None:
    """At 320, 390 and 1024 px; what is pressed is high enough, and no text is tiny."""
    await phone.goto(f"/?lang={lang}&size={size}")
    wrong: list[tuple[str, object, object]] = []
    for place in places(receipt):
        await phone.goto(place)
        for width in WIDTHS:
            await phone.set_viewport_size({"width": width, "height": 700})
            wrong += [(place, width, one) for one in await phone.evaluate(STICKS_OUT)]
        wrong += [(place, "small", one) for one in await phone.evaluate(SMALL)]
        wrong += [(place, "tiny", one) for one in await phone.evaluate(TINY)]
    assert [] == wrong


async def test_uyghur_runs_from_right_to_left(phone: Page, receipt: str) -> None:
    """The mark stands on the right; a code keeps its order, and borrowed words theirs."""
    await phone.set_viewport_size({"width": 320, "height": 700})
    await phone.goto("/?lang=ug")
    await phone.goto(f"{receipt}?new=1")
    brand = await phone.locator(".brand").bounding_box()
    assert brand
    assert 300 < brand["x"] + brand["width"] <= 320
    assert receipt.removeprefix("/r/") == (await phone.inner_text(".code")).replace("\n", "")
    assert "rtl" == await phone.evaluate("getComputedStyle(document.querySelector('h1')).direction")
    assert "ltr" == await phone.evaluate(
        "getComputedStyle(document.querySelector('.code')).direction"
    )
    foreign = await phone.evaluate(
        """() => [...document.querySelectorAll('main [lang="zh-CN"]')].map((one) => one.dir)"""
    )
    assert {"ltr"} >= set(foreign)


async def test_large_print_without_script(plain: Page) -> None:
    """One tap away, 23 px, and remembered on the next page; another tap takes it back."""
    window = f"/w/{code(counter=3)}"
    await plain.goto("/")
    await plain.click("header nav a[href='?size=large']")
    await plain.goto(window)
    assert "elder" == await plain.get_attribute("html", "class")
    size, line = await plain.locator("body").evaluate(
        "one => [getComputedStyle(one).fontSize, getComputedStyle(one).lineHeight].map(parseFloat)"
    )
    assert 23 == size
    assert line / size >= 1.3
    lefts = await plain.locator("button.face").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().left)"
    )
    assert 1 == len(set(lefts))
    assert 5 == len(lefts)
    await plain.click("header nav button[formaction$='?size=normal']")
    await plain.goto("/")
    assert await plain.get_attribute("html", "class") is None


async def test_a_change_of_print_or_language_loses_no_word(plain: Page, intake: Site) -> None:
    """Without script too: the buttons in the head send the form to be shown anew."""
    await plain.goto(f"/w/{code()}/complaint")
    await plain.fill("[name=words]", "等了一上午")
    for button in ("?size=large", "?lang=ug", "?lang=en"):
        await plain.click(f"header nav button[formaction$='{button}']")
        assert "等了一上午" == await plain.input_value("[name=words]")
    assert ("en", "elder") == (
        await plain.get_attribute("html", "lang"), await plain.get_attribute("html", "class"),
    )  # fmt: skip
    assert [] == await intake.fetch("SELECT FROM submissions")


async def test_night_is_dark(phone: Page) -> None:
    """The phone's own setting decides."""
    grounds = []
    for scheme in ("light", "dark"):
        await phone.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        await phone.goto("/")
        grounds.append(await phone.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert ["rgb(246, 243, 236)", "rgb(19, 22, 20)"] == grounds
