"""People and numbers at the desk: badges in any spelling, names, what a phone can get."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.db import Database
from shared.values import phone
from tests.integration.verification_office import UNIT, Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
SPELLINGS = (
    "170001",
    "１７０００１",
    "17-0001",
    "No. 170001",
    "警号：170001",
    "0170001",
    " 170001 ",
)
NUMBERS: dict[phone.Kind, str] = {
    "mobile": "+8613800138000", "virtual": "+8617012345678", "satellite": "+8613490001234",
    "landline": "+863962912345;ext=802", "foreign": "+4930123456",
}  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def blame(bureau: Office, *officers: str) -> tuple[int, list[str]]:
    """A verdict by the county over these; its status and whom it then names."""
    case_id = await bureau.case()
    judged = await bureau.judge("county", case_id, attribution="officers", officers=officers)
    return judged.status, judged.json.get("officers", [])


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_verdict_names_an_officer_in_any_spelling(bureau: Office, spelling: str) -> None:
    """Programs write badges as people do; stored and told is the directory's own spelling."""
    assert (201, ["170001"]) == await blame(bureau, spelling)
    (told,) = await bureau.events("case.verified.v1")
    assert (["170001"], True) == (told["officers"], "170001" in told["kept_from"])


async def test_one_officer_in_two_spellings_is_one(bureau: Office) -> None:
    """Nobody gets two strikes for being written twice."""
    assert (201, ["170001", "170002"]) == await blame(bureau, *SPELLINGS, "170002")


@pytest.mark.parametrize("spelling", ["17-0009", "警号 170009"])
async def test_nobody_names_themselves_in_another_spelling(bureau: Office, spelling: str) -> None:
    """The one who decides is the officer of the badge, however it is written."""
    case_id = await bureau.case()
    judged = await bureau.judge("desk", case_id, attribution="officers", officers=[spelling])
    assert (422, "officers") == (judged.status, judged.json["errors"][0]["field"])


async def test_who_is_not_on_the_roster_stays_unknown(bureau: Office) -> None:
    """Another unit's badge, or nobody's, is refused as before."""
    for stranger in ("170003", "999", "", "警号"):
        assert 422 == (await blame(bureau, stranger))[0]


async def case_page(bureau: Office, case_id: UUID, who: str = "city", lang: str = "zh") -> str:
    """A case as somebody sees it."""
    browser = await tab(bureau, who)
    assert 200 == await browser.get(f"/desk/cases/{case_id}?lang={lang}")
    return browser.text


async def test_whom_a_case_is_kept_from_is_told_by_name(bureau: Office) -> None:
    """An operator without a badge is named, not called by the log-in name."""
    case_id = await bureau.case(words="那个邻所的人态度恶劣", unit_code="Runan-bu")
    body = {"decision": "recuse", "officer": "邻所", "reason": "当事人"}
    await bureau.ask("county", "POST", f"cases/{case_id}/recusals", body)
    shown = (await bureau.ask("city", "GET", f"cases/{case_id}")).json
    assert "@neighbour" in shown["recused"]
    page = await case_page(bureau, case_id)
    assert ("邻所" in page, "neighbour" in page) == (True, False)


async def test_the_citizens_spelling_finds_the_officers_name(bureau: Office) -> None:
    """Beside what was typed stands who is meant."""
    case_id = await bureau.case(officer_badge="17 0002")
    assert "乙 17 0002" in await case_page(bureau, case_id)


@pytest.mark.parametrize("kind", NUMBERS)
async def test_what_a_phone_can_get_is_said_before_a_promise(
    bureau: Office, kind: phone.Kind
) -> None:
    """The page and the API say what kind it is; where the calls are logged, what not to promise."""
    use = phone.use(NUMBERS[kind])
    assert kind == use.kind
    case_id = await bureau.case(phone=NUMBERS[kind])
    shown = (await bureau.ask("desk", "GET", f"cases/{case_id}")).json
    assert use._asdict() == shown["phone_use"]
    page = await case_page(bureau, case_id, "county")
    assert (use.sms, use.airtime) == ("可以收短信" in page, "可以充话费" in page)
    assert use.airtime != ("不要承诺" in page)
    assert NUMBERS[kind] not in page


async def test_without_a_phone_nothing_is_said_of_one(bureau: Office) -> None:
    """There is nobody to promise anything to."""
    case_id = await bureau.case(phone=None)
    assert (await bureau.ask("desk", "GET", f"cases/{case_id}")).json["phone_use"] is None
    assert "充话费" not in await case_page(bureau, case_id, "desk")


async def test_the_filters_come_along_into_the_other_language(bureau: Office) -> None:
    """The button beside them asks for the same list; every other page's link keeps its query."""
    await bureau.case()
    browser = await tab(bureau, "city")
    assert 200 == await browser.get(f"/desk?state=all&unit={UNIT}")
    form = browser.text.split('action="/desk"')[1].split("</form>")[0]
    assert (True, True) == ('name="lang" value="en"' in form, f'value="{UNIT}"' in form)
    await browser.get("/desk/sign-out?x=1&lang=zh")
    assert 'href="/desk/sign-out?x=1&lang=en"' in browser.text
