"""The network is cut at each step, in a real browser: no second case, and no word lost."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.integration.intake_site import Site, code

SERVICE = "intake"
# However loaded the machine is.
WAIT = 60_000
WORDS = "等了一上午没有人，下午又叫我明天来"
COMPLAINT = f"/w/{code(counter=3)}/complaint"
UNIT = f"/w/{code(counter=3)}"
PAGES = "caches.open('mashang-pages').then((pages) => pages.keys())"


async def write(phone: Page, words: str = WORDS) -> None:
    """Open the complaint's page and write."""
    await phone.goto(COMPLAINT)
    await phone.fill("[name=words]", words)


async def send(phone: Page) -> None:
    """Press the button that sends."""
    await phone.click("#send .btn:not([name=switch])")


async def stored(intake: Site) -> list[tuple[str, int | None]]:
    """What was taken in."""
    rows = await intake.fetch("SELECT kind, satisfaction FROM submissions ORDER BY received_at")
    return [tuple(row) for row in rows]


async def drafts(phone: Page) -> dict[str, Any]:
    """What the phone keeps, by window and kind."""
    kept = await phone.evaluate("JSON.stringify(Object.entries(localStorage))")
    return {name.removeprefix("mashang:"): json.loads(one) for name, one in json.loads(kept)}


async def said(phone: Page, words: str) -> None:
    """The page says so."""
    await expect(phone.locator("#told")).to_contain_text(words, timeout=WAIT)


async def until(phone: Page, promise: str) -> None:
    """Wait until it keeps it; a wait for a function would take the promise for the deed."""
    pause = "new Promise((over) => setTimeout(over, 20))"
    await phone.evaluate(f"async () => {{ while (!await {promise}) await {pause}; }}")


async def arrived(phone: Page) -> None:
    """The receipt or the thanks are on the screen, and the phone keeps nothing any more."""
    await phone.wait_for_url("**/r/**")
    await expect(phone.locator("h1")).to_be_visible()
    assert {} == await drafts(phone)


async def test_a_closed_tab_loses_no_word(phone: Page, intake: Site) -> None:
    """What was written stands in the form again, under the same repeat key, and can be removed."""
    await write(phone)
    await expect(phone.locator("#hint-kept")).to_contain_text("暂存在这部手机上")
    key = await phone.input_value("#send [name=key]")
    context = phone.context
    await phone.close()
    again = await context.new_page()
    await again.goto(COMPLAINT)
    await said(again, "您上次写的还在这部手机上")
    assert (WORDS, key) == (
        await again.input_value("[name=words]"), await again.input_value("#send [name=key]"),
    )  # fmt: skip
    await again.click("#told button")
    await expect(again.locator("[name=words]")).to_have_value("")
    assert {} == await drafts(again)


async def test_no_network_when_sending(phone: Page, intake: Site) -> None:
    """It says so, keeps the words, and sends by itself when the network returns."""
    await write(phone)
    await phone.context.set_offline(True)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    assert WORDS == await phone.input_value("[name=words]")
    assert [] == await stored(intake)
    await phone.context.set_offline(False)
    await arrived(phone)
    assert [("complaint", None)] == await stored(intake)


async def test_an_answer_that_is_lost(phone: Page, intake: Site) -> None:
    """It was taken in, nobody heard; sent again under the same key it is the same case."""
    await write(phone)

    async def lose(route: Route) -> None:
        if route.request.method == "POST" and not seen:
            seen.append(await route.fetch(max_redirects=0))
            await route.abort()
        else:
            await route.continue_()

    seen: list[Any] = []
    await phone.route("**/w/**", lose)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    assert [303] == [answer.status for answer in seen]
    assert [("complaint", None)] == await stored(intake)
    await phone.click("#told button")
    await arrived(phone)
    assert [("complaint", None)] == await stored(intake)


async def test_a_tab_closed_while_it_waits(phone: Page, intake: Site) -> None:
    """Whatever page of ours is opened next sends it, and leads to the receipt."""
    await write(phone)
    context = phone.context
    await context.set_offline(True)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    await phone.close()
    await context.set_offline(False)
    again = await context.new_page()
    await again.goto("/")
    await said(again, "您之前写的已经送到")
    await again.click("#told a")
    await arrived(again)
    assert [("complaint", None)] == await stored(intake)


async def test_a_double_tap(phone: Page, intake: Site) -> None:
    """Two quick taps on a face are one rating."""
    await phone.goto(UNIT)
    await phone.dblclick(".face[value='5']")
    await arrived(phone)
    assert [("rating", 5)] == await stored(intake)


async def test_changed_while_it_waits(phone: Page, intake: Site) -> None:
    """What is sent in the end is what stands there."""
    await write(phone)
    await phone.context.set_offline(True)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    await phone.fill("[name=words]", WORDS + "。还有一句")
    ((_, kept),) = (await drafts(phone)).items()
    assert [["words", WORDS + "。还有一句"]] == [one for one in kept["fields"] if one[0] == "words"]
    assert "sending" == kept["state"]
    await phone.context.set_offline(False)
    await arrived(phone)


async def test_what_the_server_minds_is_shown_by_its_page(phone: Page, intake: Site) -> None:
    """A wrong phone comes back as without script: the error, the words, the same key."""
    await write(phone)
    await phone.fill("[name=phone]", "138")
    key = await phone.input_value("#send [name=key]")
    await send(phone)
    await expect(phone.locator("[role=alert]")).to_contain_text("号码不完整")
    assert (WORDS, key) == (
        await phone.input_value("[name=words]"), await phone.input_value("#send [name=key]"),
    )  # fmt: skip
    assert [] == await stored(intake)
    await phone.fill("[name=phone]", "")
    await send(phone)
    await arrived(phone)
    assert [("complaint", None)] == await stored(intake)


async def scan(phone: Page) -> None:
    """Open the window, and wait until the phone has its pages."""
    await phone.goto(UNIT)
    await phone.evaluate("navigator.serviceWorker.ready")
    await until(phone, f"{PAGES}.then((all) => all.length === 6)")


@pytest.mark.parametrize("known", [True, False], ids=["it knows", "it does not know"])
async def test_a_low_face_without_network_keeps_its_level(
    phone: Page, intake: Site, known: bool
) -> None:
    """The phone asks what went wrong, nothing chosen between the two; the level arrives with it."""
    await scan(phone)
    await phone.reload()  # now the worker is in charge
    if not known:  # a network that is there and leads nowhere
        await phone.add_init_script("Object.defineProperty(navigator, 'onLine', {value: true})")
        await phone.reload()
    await phone.context.set_offline(True)
    await phone.tap(".face[value='2']")
    await expect(phone.locator("[name=kind][value=complaint]")).to_be_visible()
    assert 0 == await phone.locator("[name=kind]:checked").count()
    await expect(phone.locator(".title")).to_contain_text("不满意")
    await phone.check("[name=kind][value=complaint]")
    await phone.fill("[name=words]", WORDS)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    await phone.context.set_offline(False)
    await arrived(phone)
    assert [("complaint", 2)] == await stored(intake)


async def test_a_window_without_any_network(phone: Page, intake: Site) -> None:
    """The window that was scanned opens from the phone; what is tapped goes out by itself later."""
    await scan(phone)
    key = await phone.input_value("#send [name=key]")
    await phone.context.set_offline(True)
    await phone.goto(UNIT)
    await said(phone, "现在没有网络")
    assert key != await phone.input_value("#send [name=key]")
    await phone.tap(".face[value='4']")
    await said(phone, "没有网络，还没有送到")
    assert [] == await stored(intake)
    await phone.context.set_offline(False)
    await arrived(phone)
    assert [("rating", 4)] == await stored(intake)
    await phone.context.set_offline(True)
    await phone.goto("/r/0000-0000-0000-0000")
    await expect(phone.locator("h1")).to_have_text("现在没有网络")
