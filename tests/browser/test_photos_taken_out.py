"""On the phone a wrong photo is seen small and taken out, before it is sent or after it came."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.test_photos_without_network import FILES, KEPT, choose, intake, told
from tests.browser.test_without_network import WAIT, arrived, send, until, write
from tests.integration.intake_site import Site

SERVICE = "intake"
__all__ = ["intake"]


async def test_one_of_the_chosen_is_taken_out(phone: Page, intake: Site, tmp_path: Path) -> None:
    """Each has a button with its picture; the phone keeps and sends only the other."""
    await write(phone)
    await choose(phone, 1, 2)
    chosen = phone.locator(".chosen")
    await expect(chosen).to_have_text(["不要第1张照片", "不要第2张照片"], timeout=WAIT)
    await expect(chosen.locator("canvas")).to_have_count(2, timeout=WAIT)
    await chosen.first.click()
    await expect(chosen).to_have_text(["不要第1张照片"], timeout=WAIT)
    assert 1 == await phone.evaluate(FILES)
    await until(phone, f"{KEPT}.then((all) => all.length === 1 && all[0] === 1)")
    await send(phone)
    await arrived(phone)
    (received,) = await told(intake)
    assert 1 == len(received["attachments"])


async def test_what_came_is_taken_out_of_a_draft(phone: Page, intake: Site) -> None:
    """Opened anew after an error: both that came stand there again, and one is left out."""
    await write(phone)
    await choose(phone, 1, 2)
    await phone.fill("[name=phone]", "138")
    await send(phone)
    await expect(phone.locator("[role=alert]")).to_contain_text("号码不完整", timeout=WAIT)
    came = [await one.input_value() for one in await phone.locator("[name=attachments]").all()]
    assert 2 == len(came)
    await phone.fill("[name=phone]", "")
    await write(phone)
    out = phone.locator("[name=out]")
    await expect(out).to_have_count(2, timeout=WAIT)
    await out.first.check()
    await write(phone)
    await expect(out.first).to_be_checked(timeout=WAIT)
    await send(phone)
    await arrived(phone)
    (received,) = await told(intake)
    assert came[1:] == received["attachments"]
