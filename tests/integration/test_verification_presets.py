"""A case led to its end under each preset, by people of that city."""

from pathlib import Path

import pytest

from shared.db import Database
from tests.integration import verification_office as parts
from tests.integration.verification_office import import_all, opened
from tests.support import living_by

SERVICE = "verification"
FOLDER = Path("deploy/policies")
# preset · a phone there · as the desk shows it · what pages are in, unasked
CITIES = [
    ("article", "+8613800138000", "138****8000", "zh-CN"),
    ("haochaping", "+8613800138000", "138****8000", "zh-CN"),
    ("jiesujiban", "+8613800138000", "138****8000", "zh-CN"),
    ("complaints-uk", "+447911123456", "+44****56", "en"),
    ("ombudsman", "+64211234567", "+64****67", "en"),
]


@pytest.mark.parametrize(("name", "phone", "masked", "tag"), CITIES)
async def test_a_case_is_led_under_each(
    database: Database, name: str, phone: str, masked: str, tag: str
) -> None:
    """Received, judged, looked at twice where that policy wants it, and told with the answer."""
    file = FOLDER / f"{name}.toml"
    with living_by(file) as rule:
        root, below, *_ = rule.level_keys
        named = parts.PLACES.replace(",city,", f",{root},").replace(",county,", f",{below},")
        levels = rule.level_keys
        await import_all(
            database, named, parts.UNITS, parts.OFFICERS, parts.OPERATORS, levels=levels
        )
        async with opened(database, policy_file=file) as bureau:
            case_id = await bureau.case(categories=(rule.categories[0].key,), phone=phone)
            page = await bureau.browse("city", f"/desk/cases/{case_id}")
            assert (200, True) == (page.status, f'<html lang="{tag}"' in page.text)
            assert masked in page.text
            judged = await bureau.judge("county", case_id)
            assert 201 == judged.status, judged.text
            if judged.json["state"] == "in_review":
                judged = await bureau.review("city", case_id, 1)
            assert "verified" == judged.json["state"], judged.text
            (event,) = await bureau.events("case.verified.v1")
            assert "substantiated" == event["verdict"]
