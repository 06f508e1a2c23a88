"""A complaint under each preset: taken in with a phone of that country, told in its language."""

from pathlib import Path

import pytest
from yarl import URL

from shared.db import Database
from tests.integration.intake_site import code, settings, site
from tests.support import living_by

SERVICE = "intake"
FOLDER = Path("deploy/policies")
# preset · a phone as people there write it · as it is called · what pages are in, unasked
CITIES = [
    ("article", "138 0013 8000", "+8613800138000", "zh-CN"),
    ("haochaping", "138 0013 8000", "+8613800138000", "zh-CN"),
    ("jiesujiban", "138 0013 8000", "+8613800138000", "zh-CN"),
    ("complaints-uk", "07911 123456", "+447911123456", "en"),
    ("ombudsman", "021 123 4567", "+64211234567", "en"),
]


@pytest.mark.parametrize(("name", "phone", "e164", "tag"), CITIES)
async def test_a_complaint_under_each(
    database: Database, name: str, phone: str, e164: str, tag: str
) -> None:
    """A phone of the city gets what citizens get there, and a stranger gets the city's language."""
    with living_by(FOLDER / f"{name}.toml") as rule:
        async with site(database, policy_file=FOLDER / f"{name}.toml") as intake:
            await intake.add_unit()
            category = rule.categories[0].key
            answer = await intake.submit("k" * 24, categories=[category], phone=phone)
            told = await answer.json()
            assert (201, "mobile", None) == (
                answer.status, told["phone"]["kind"], told["phone"]["note"],
            ), told  # fmt: skip
            (row,) = await intake.fetch("SELECT id, phone_sealed FROM submissions")
            assert e164 == settings().seal.open(row["phone_sealed"], f"phone:{row['id']}")
            page = await intake.client.get(f"/w/{code()}", headers={"Accept": "text/html"})
            assert tag == page.headers["Content-Language"]
            receipt = await intake.client.get(
                URL(told["receipt"]["url"]).path, headers={"Accept": "text/html"}
            )
            shown = await page.text() + await receipt.text()
            assert 200 == receipt.status
            abroad = [one for one in ("12345", "12389", "内地", "mainland") if one in shown]
            assert ([] if rule.country != "CN" else ["12345", "12389"]) == abroad


async def test_a_number_of_another_country_is_told_what_it_does_not_get(
    database: Database,
) -> None:
    """In England a Chinese mobile is foreign; of a reward that nobody gets there is no word."""
    file = FOLDER / "complaints-uk.toml"
    with living_by(file):
        async with site(database, policy_file=file) as intake:
            await intake.add_unit()
            answer = await intake.submit("k" * 24, categories=["delay"], phone="+8613800138000")
            told = (await answer.json())["phone"]
            assert ("foreign", False) == (told["kind"], told["sms"])
            assert "cannot get our SMS" in told["note"]
            assert "reward" not in told["note"]
