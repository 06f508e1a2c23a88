"""Whoever was invited by SMS says that they want no more invitations, and is left out of draws."""

import re
from datetime import datetime, timedelta
from html import unescape

from services.intake.accept.store import phones
from tests.integration import test_inviting
from tests.integration.intake_site import Site, code
from tests.integration.test_inviting import LOCAL, NOW, PHONES, SEAL, hidden, look, sent, tab
from tests.support import at

SERVICE = "intake"
intake = test_inviting.intake


class Citizen:
    """A browser of somebody without any account; `text` is the last page."""

    def __init__(self, intake: Site, language: str = "zh") -> None:
        self._client, self.text = intake.client, ""
        self._headers = {"Accept": "text/html", "Accept-Language": language}

    async def get(self, path: str) -> int:
        """Open a page."""
        async with self._client.get(path, headers=self._headers) as answer:
            self.text = unescape(await answer.text())
            return answer.status

    async def press(self) -> int:
        """The button of the page, whatever it is; the page that follows."""
        found = re.search('<form class="card" id="say" method="post" action="([^"]+)"', self.text)
        assert found, self.text
        fields = dict(re.findall('type="hidden" name="(\\w+)" value="([^"]*)"', self.text))
        async with self._client.post(found[1], data=fields, headers=self._headers) as answer:
            self.text = unescape(await answer.text())
            return answer.status


async def invite(intake: Site, visit: str, phone: str, when: datetime = NOW) -> str:
    """A list of one is drawn from; the page that says how it went."""
    page = tab(intake)
    with at(when):
        await look(page, f"visit,phone\n{visit},{phone}\n", "1")
        assert 200 == await page.send("/invitations", **hidden(page))
    return page.text


async def link(intake: Site) -> str:
    """The newest SMS's link, as its path."""
    newest = (await sent(intake))[-1]
    opened = SEAL.open(newest["link_sealed"], f"code:{newest['invitation_id']}")
    return opened.removeprefix(LOCAL)


async def test_a_citizen_is_invited_no_more(intake: Site) -> None:
    """From the SMS's page, asked once; the next draw leaves the phone out and says so.

    Taken back on the same page, even after all was forgotten that was forgotten by then.
    """
    phone, later = Citizen(intake), NOW + timedelta(days=91)
    await invite(intake, "A1", PHONES[0])
    path = await link(intake)
    assert (200, True) == (await phone.get(path), f'href="{path}/no-more"' in phone.text)
    with at(NOW):
        assert 200 == await phone.get(f"{path}/no-more")
        assert "以后不要邀请我？" in phone.text
        assert "您自己提的投诉和诉求，有关的短信照样会发" in phone.text
        assert [] == await intake.fetch("SELECT FROM declined")
        assert (200, True) == (await phone.press(), "以后不再邀请您" in phone.text)
    with at(later):
        await intake.refresh()
        assert "不愿收邀请的1人没有问" in await invite(intake, "A2", PHONES[0], later)
        page = tab(intake)
        await page.get("/invitations")
        assert "发了0条，90天内问过的0人没有再问，不愿收邀请的1人没有问" in page.text
        assert "短信 139****" in await invite(intake, "A3", PHONES[1], later)
        await phone.get(f"{path}/no-more")
        assert (200, True) == (await phone.press(), "以后不要邀请我？" in phone.text)
    assert "短信 139****" in await invite(intake, "A4", PHONES[0], later)
    rows = await intake.fetch("SELECT phone_index, no_more FROM declined ORDER BY number")
    index = SEAL.index(f"+86{PHONES[0]}")
    assert [(index, True), (index, False)] == [tuple(row) for row in rows]


async def test_a_link_speaks_for_its_own_phone_alone(intake: Site) -> None:
    """A code on paper, a window's own and a forged one change nothing, and say what to do."""
    phone = Citizen(intake)
    page = await invite(intake, "A1", "")
    (paper,) = re.findall(f"<code>{LOCAL}([^<]+)</code>", page)
    await invite(intake, "A2", PHONES[0])
    other = await link(intake)
    for path in (paper, f"/w/{code()}"):
        assert (200, True) == (
            await phone.get(f"{path}/no-more"), "这个网址没有对应的手机" in phone.text
        )  # fmt: skip
        fields = {"no_more": "1", "key": "k" * 20}
        answer = await intake.client.post(
            f"{path}/no-more", data=fields, headers={"Accept": "text/html"}
        )
        assert 409 == answer.status
    assert 404 == await phone.get(f"{other[:-1]}0/no-more")
    assert "no-more" not in (await window(intake))
    assert [] == await intake.fetch("SELECT FROM declined")


async def window(intake: Site) -> str:
    """The page of the window's own code, which nobody was invited by."""
    phone = Citizen(intake)
    assert 200 == await phone.get(f"/w/{code()}")
    return phone.text


async def test_nobody_fills_the_table_with_a_changing_mind(intake: Site) -> None:
    """Ten changes a day of a phone, each kept with its time and its link; then the page says no."""
    phone = Citizen(intake)
    await invite(intake, "A1", PHONES[0])
    with at(NOW):
        await phone.get(f"{await link(intake)}/no-more")
        assert [200] * 10 == [await phone.press() for _ in range(10)]
        assert (429, True) == (await phone.press(), "今天改得太多次了" in phone.text)
    rows = await intake.fetch("SELECT said_at, link_hash FROM declined")
    assert (10, {NOW.date()}, 1) == (
        len(rows), {row["said_at"].date() for row in rows}, len({row["link_hash"] for row in rows})
    )  # fmt: skip


async def test_no_answer_is_joined_to_a_phone(intake: Site) -> None:
    """No value of the tables about phones stands in one about codes and answers, or the reverse."""
    phone = Citizen(intake)
    await invite(intake, "A1", PHONES[0])
    path = await link(intake)
    await phone.get(f"{path}/no-more")
    await phone.press()
    answer = await intake.submit(
        "answer-key-0000000000", code=path.removeprefix("/w/"), kind="rating", satisfaction=4,
        words=None, categories=None, phone=None,
    )  # fmt: skip
    assert 201 == answer.status
    told = await intake.fetch("SELECT phone_index, link_hash FROM declined NATURAL JOIN"
                              " (SELECT link_hash FROM invited_phones) AS p")  # fmt: skip
    used = await intake.fetch("SELECT code_hash, receipt_hash FROM invitations_used")
    assert (1, 1) == (len(told), len(used))
    assert set() == {*told[0]} & {*used[0]}


async def test_who_was_left_out_was_not_asked(intake: Site) -> None:
    """The public number of those whom draws invited counts nobody who wanted no invitation."""
    async with intake.database.transaction() as conn:
        for phone in PHONES[:3]:
            await phones.add_word(conn, SEAL.index(f"+86{phone}"), "before", NOW, no_more=True)
    page = tab(intake)
    with at(NOW):
        await look(page, size="20")
        assert 200 == await page.send("/invitations", **hidden(page))
        assert 3 == page.text.count("他说过不再收邀请，不问")
        await intake.refresh()
        told = await (await intake.client.get("/api/v1/open")).json()
    rows = [row for row in told["satisfaction"] if row["source"] == "invited"]
    assert {17} == {row["drawn"] for row in rows}
