"""How many taps and keys each task takes, counted on the phone."""

from dataclasses import dataclass

from playwright.async_api import Page, expect

from tests.integration.intake_site import Site, code

SERVICE = "intake"
WINDOW = f"/w/{code(counter=3)}"
WORDS = "等了一上午没有人"
PHONE = "13800138000"


@dataclass
class Hand:
    """A finger that counts; a Chinese character is a key, as its input method has it at best."""

    page: Page
    taps: int = 0
    keys: int = 0

    async def tap(self, selector: str) -> None:
        """One tap."""
        await self.page.tap(selector)
        self.taps += 1

    async def write(self, name: str, text: str) -> None:
        """Into a field, which takes a tap first."""
        await self.tap(f"[name={name}]")
        await self.page.locator(f"[name={name}]").press_sequentially(text)
        self.keys += len(text)

    @property
    def counted(self) -> tuple[int, int]:
        """Taps and keys."""
        return self.taps, self.keys


async def receipt(phone: Page) -> None:
    """It has been received."""
    await phone.wait_for_url("**/r/*")


async def kinds(intake: Site) -> list[tuple[str, int | None]]:
    """What was taken in."""
    rows = await intake.fetch("SELECT kind, satisfaction FROM submissions ORDER BY received_at")
    return [tuple(row) for row in rows]


async def test_rating_badly(phone: Page, intake: Site) -> None:
    """Four taps, no key: the face, which of the two, why, send."""
    hand = Hand(phone)
    await phone.goto(WINDOW)
    await hand.tap(".face[value='1']")
    await hand.tap("[name=kind][value=rating]")
    await hand.tap("[name=categories][value=nobody_at_window]")
    await hand.tap("form .btn")
    await receipt(phone)
    assert ((4, 0), [("rating", 1)]) == (hand.counted, await kinds(intake))


async def test_complaining(phone: Page, intake: Site) -> None:
    """Three taps at least; with words and a phone three more, and what is written."""
    least, most = Hand(phone), Hand(phone)
    await phone.goto(WINDOW)
    await least.tap(f"a[href='{WINDOW}/complaint']")
    await least.tap("[name=categories][value=nobody_at_window]")
    await least.tap("form .btn")
    await receipt(phone)
    await phone.context.clear_cookies()
    await phone.goto(WINDOW)
    await most.tap(f"a[href='{WINDOW}/complaint']")
    await most.tap("[name=categories][value=nobody_at_window]")
    await most.write("words", WORDS)
    await most.write("phone", PHONE)
    await most.tap("[name=consent]")
    await most.tap("form .btn")
    await receipt(phone)
    assert (3, 0) == least.counted
    assert (6, len(WORDS) + len(PHONE)) == most.counted
    assert [("complaint", None)] * 2 == await kinds(intake)


async def test_asking_for_help(phone: Page, intake: Site) -> None:
    """Three taps and the words; two more to say that it is urgent, and to be called."""
    hand = Hand(phone)
    await phone.goto(WINDOW)
    await hand.tap(f"a[href='{WINDOW}/request']")
    await hand.write("words", "身份证丢了")
    await hand.tap("form .btn")
    await receipt(phone)
    assert ((3, 5), [("request", None)]) == (hand.counted, await kinds(intake))


async def test_finding_a_receipt(phone: Page, intake: Site) -> None:
    """Two taps and the sixteen characters; large print and another language are one tap each."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    hand = Hand(phone)
    await phone.goto("/")
    await hand.write("code", answer["receipt"]["code"].replace("-", "").lower())
    await hand.tap("form .btn")
    await receipt(phone)
    assert (2, 16) == hand.counted
    await hand.tap("header nav a[href='?size=large']")
    await hand.tap("header nav a[href='?lang=ug']")
    await expect(phone.locator("html.elder[lang=ug]")).to_be_visible()
    assert (4, 16) == hand.counted
