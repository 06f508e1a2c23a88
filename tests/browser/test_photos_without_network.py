"""Photos while the network is cut: kept on the phone, sent once, and never lost without a word."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from shared.db import Database
from shared.events import CaseOpened, Envelope
from shared.files.opening import OPENED
from shared.values import clock
from tests import hostile
from tests.browser.test_without_network import (
    WAIT,
    WORDS,
    arrived,
    drafts,
    said,
    send,
    until,
    write,
)
from tests.integration.intake_site import UNIT, Site, site

SERVICE = "intake"
FILES = "document.querySelector('[name=photos]').files.length"
# How many photos the phone keeps.
KEPT = """new Promise((yes) => {
  const opening = indexedDB.open('mashang', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('files');
  opening.onsuccess = () => {
    const all = opening.result.transaction('files').objectStore('files').getAll();
    all.onsuccess = () => {
      opening.result.close();
      yes(all.result.map((one) => one.files.length));
    };
  };
})"""


@pytest.fixture
async def intake(database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """Intake with a folder for photos."""
    async with site(database, photos=str(tmp_path)) as running:
        await running.add_unit()
        yield running


def photo(number: int) -> Any:
    """As the phone's gallery hands it over."""
    return {
        "name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": hostile.J + bytes([number]),
    }  # fmt: skip


async def choose(phone: Page, *numbers: int) -> None:
    """Choose photos, and wait until the phone has them."""
    await phone.set_input_files("[name=photos]", [photo(n) for n in numbers])
    await until(phone, f"{KEPT}.then((all) => all.includes({len(numbers)}))")


async def told(intake: Site, kind: str = "submission.received.v1") -> list[dict[str, Any]]:
    """What the others are told."""
    rows = await intake.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY seq", kind)
    return [Envelope.model_validate_json(row["body"]).data for row in rows]


def opened() -> float:
    """How many files intake has opened."""
    return float(OPENED.labels("clean")._value.get())


def stored(folder: Path) -> int:
    """How many files lie in the storage."""
    return sum(path.is_file() for path in folder.rglob("*"))


async def test_a_closed_tab_keeps_photos_and_they_arrive_later(
    phone: Page, intake: Site, tmp_path: Path
) -> None:
    """They stand in the form again; sent offline and closed, any page of ours sends them."""
    await write(phone)
    await choose(phone, 1, 2)
    context = phone.context
    await phone.close()
    again = await context.new_page()
    await write(again)
    await said(again, "您上次写的还在这部手机上")
    assert 2 == await again.evaluate(FILES)
    await context.set_offline(True)
    await send(again)
    await said(again, "没有网络，还没有送到")
    await again.close()
    await context.set_offline(False)
    third = await context.new_page()
    await third.goto("/")
    await said(third, "您之前写的已经送到")
    assert [] == await third.evaluate(KEPT)
    (received,) = await told(intake)
    assert (2, 2) == (len(received["attachments"]), stored(tmp_path))


async def test_a_lost_answer_to_photos_is_one_case(
    phone: Page, intake: Site, tmp_path: Path
) -> None:
    """They came, nobody heard; sent again under the same key nothing is there twice."""
    await write(phone)
    await choose(phone, 1)

    async def lose(route: Route) -> None:
        if route.request.method == "POST" and not seen:
            seen.append((await route.fetch(max_redirects=0)).status)
            await route.abort()
        else:
            await route.continue_()

    seen: list[int] = []
    await phone.route("**/w/**", lose)
    await send(phone)
    await said(phone, "没有网络，还没有送到")
    await phone.click("#told button")
    await arrived(phone)
    (received,) = await told(intake)
    assert ([303], 1, 1) == (seen, len(received["attachments"]), stored(tmp_path))


async def test_a_phone_that_keeps_no_photos_says_so(
    phone: Page, intake: Site, tmp_path: Path
) -> None:
    """At once, and when they are gone; nothing is sent without them before somebody agrees."""
    await phone.context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {value: undefined})"
    )
    await write(phone)
    await phone.set_input_files("[name=photos]", [photo(1)])
    await said(phone, "这部手机存不下照片和录音")
    context = phone.context
    await context.set_offline(True)
    await send(phone)
    await said(phone, "请不要关这个页面")
    await phone.close()
    await context.set_offline(False)
    again = await context.new_page()
    await again.goto("/")
    await said(again, "照片和录音没能留在这部手机上")
    await again.click("#told a")
    await said(again, "请重新选好再提交")
    assert WORDS == await again.input_value("[name=words]")
    assert [] == await told(intake)
    await again.set_input_files("[name=photos]", [photo(1)])
    await send(again)
    await arrived(again)
    (received,) = await told(intake)
    assert (1, 1) == (len(received["attachments"]), stored(tmp_path))


async def test_what_the_server_has_is_not_sent_again(
    phone: Page, intake: Site, tmp_path: Path
) -> None:
    """A wrong phone: the page says that the photo has come; it is sent and kept no more."""
    await write(phone)
    await choose(phone, 1)
    await phone.fill("[name=phone]", "138")
    before = opened()
    await send(phone)
    await expect(phone.locator("[role=alert]")).to_contain_text("号码不完整", timeout=WAIT)
    await expect(phone.locator("#hint-photos")).to_contain_text("已经收到 1 份照片或录音")
    assert 1 == opened() - before
    await until(phone, f"{KEPT}.then((all) => all.length === 0)")
    assert 0 == await phone.evaluate(FILES)
    await phone.fill("[name=phone]", "")
    await send(phone)
    await arrived(phone)
    (received,) = await told(intake)
    assert (1, 1) == (len(received["attachments"]), stored(tmp_path))


async def test_a_photo_is_added_when_the_network_returns(
    phone: Page, intake: Site, tmp_path: Path
) -> None:
    """Behind the receipt, without a word, where the browser cannot fill in its field either."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    now = clock.now()
    await intake.tell(
        CaseOpened(
            submission_id=answer["submission_id"], case_id=answer["submission_id"],
            unit_code=UNIT, kind="complaint", urgent=False,
            opened_at=now, callback_due_at=now, verification_due_at=now,
        )
    )  # fmt: skip
    await phone.context.add_init_script("delete window.DataTransfer")
    await phone.goto(f"/r/{answer['receipt']['code']}/add")
    await choose(phone, 1)
    await phone.reload()
    await said(phone, "您上次写的还在这部手机上")
    await phone.context.set_offline(True)
    await phone.click("#say .btn")
    await said(phone, "没有网络，还没有送到")
    assert [] == await told(intake, "submission.added.v1")
    await phone.context.set_offline(False)
    await phone.wait_for_url("**done=add")
    assert {} == await drafts(phone)
    (added,) = await told(intake, "submission.added.v1")
    assert (1, 1) == (len(added["attachments"]), stored(tmp_path))
