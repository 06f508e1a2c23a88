"""The demo directory and the article's scenario: complete, consistent and harmless."""

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
DEMO = DEPLOY / "demo"
CITY = "411700"
COUNTIES = {
    CITY: "驻马店市",
    "411702": "驿城区",
    "411721": "西平县",
    "411722": "上蔡县",
    "411723": "平舆县",
    "411724": "正阳县",
    "411725": "确山县",
    "411726": "泌阳县",
    "411727": "汝南县",
    "411728": "遂平县",
    "411729": "新蔡县",
    "411771": "经济开发区",
}
ROLES = {
    "system_admin": 1,
    "security_admin": 1,
    "audit_admin": 1,
    "inspection": 2,
    "city_supervisor": 2,
    "county_supervisor": 11,
    "unit_operator": 6,
    "reward_approver": 2,
    "auditor": 1,
    "leadership": 1,
}
VERDICTS = {
    "substantiated",
    "unsubstantiated",
    "helped",
    "unverifiable",
    "out_of_scope",
}


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_mainland_mobile(phone: str) -> bool:
    number = phonenumbers.parse(phone)
    return (
        number.country_code == 86
        and phonenumbers.is_valid_number(number)
        and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone
    )


UNITS = {row["code"]: row for row in rows("units.csv")}
OFFICERS = {row["badge"]: row for row in rows("officers.csv")}
OPERATORS = {row["username"]: row for row in rows("operators.csv")}
ARTICLE = tomllib.loads((DEMO / "article.toml").read_text(encoding="utf-8"))
COMPLAINTS: list[dict[str, Any]] = ARTICLE["complaint"]
SUBSTANTIATED = [each for each in COMPLAINTS if each["verdict"] == "substantiated"]
POLICY = tomllib.loads((DEPLOY / "policy.toml").read_text(encoding="utf-8"))["policy"][-1]
CATEGORIES = {each["key"] for each in POLICY["categories"]}


@pytest.mark.parametrize(
    "name",
    ["places.csv", "units.csv", "officers.csv", "operators.csv", "duty_phones.csv", "article.toml"],
)
def test_files_are_plain_utf8(name: str) -> None:
    """Every demo file is UTF-8 without a byte order mark, with bare line feeds, ended by one."""
    content = (DEMO / name).read_bytes()
    assert content.decode("utf-8").encode() == content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not content.endswith(b"\n\n")


def test_exactly_242_different_units() -> None:
    """The directory covers the article's 242 windows, without a repeated code or name."""
    units = rows("units.csv")
    assert 242 == len(units)
    assert 242 == len(UNITS)
    assert 242 == len({unit["name"] for unit in units})


def test_unit_columns_hold_what_the_import_expects() -> None:
    """Every unit lies below a place of the tree, kinds and counters stay in range."""
    for unit in UNITS.values():
        assert ["code", "name", "parent", "kind", "counters", "matters"] == list(unit)
        assert unit["parent"] in COUNTIES
        assert unit["kind"] in {"household", "vehicle", "exit_entry", "combined"}
        assert int(unit["counters"]) in range(1, 7)
        assert len(set(unit["matters"].split(";"))) in range(5, 12)
    assert set(COUNTIES) == {unit["parent"] for unit in UNITS.values()}


def test_the_places_are_one_tree() -> None:
    """The city is the root, and its counties and districts lie directly below it."""
    places = {row["code"]: row for row in rows("places.csv")}
    assert COUNTIES == {code: place["name"] for code, place in places.items()}
    assert ("city", "") == (places[CITY]["level"], places[CITY]["parent"])
    below = {(p["level"], p["parent"]) for code, p in places.items() if code != CITY}
    assert {("county", CITY)} == below


def test_the_articles_own_stations_are_there() -> None:
    """The two stations that the article names can be found."""
    names = {unit["name"] for unit in UNITS.values()}
    assert "正阳县公安局寒冻派出所户籍室" in names
    assert "驻马店市公安局东高派出所户籍室" in names


def test_officers_are_unique_and_belong_to_known_units() -> None:
    """Badges and roster phones are unique and valid, and every unit has two to four."""
    officers = rows("officers.csv")
    assert len(officers) == len(OFFICERS)
    assert len(officers) == len({officer["phone"] for officer in officers})
    for officer in officers:
        assert officer["badge"]
        assert officer["name"]
        assert is_mainland_mobile(officer["phone"])
    per_unit = Counter(officer["unit_code"] for officer in officers)
    assert set(UNITS) == set(per_unit)
    assert {2, 3, 4} == set(per_unit.values())


def test_every_place_has_somebody_on_duty() -> None:
    """City and counties have a phone each, none of them an officer's, none that a vendor delays."""
    found = {row["place"]: row["phone"] for row in rows("duty_phones.csv")}
    assert set(COUNTIES) == set(found)
    assert len(found) == len(set(found.values()))
    assert not {officer["phone"] for officer in OFFICERS.values()} & set(found.values())
    for phone in found.values():
        assert is_mainland_mobile(phone)
        assert ("0", True) == (phone[-3], int(phone[-2:]) > 5)


def test_operators_have_a_role_and_a_place_in_the_tree() -> None:
    """Each role is filled as planned, and its scope is of the level that the role needs."""
    assert len(rows("operators.csv")) == len(OPERATORS)
    assert ROLES == Counter(operator["role"] for operator in OPERATORS.values())
    for operator in OPERATORS.values():
        assert re.fullmatch(r"[a-z][a-z0-9]+", operator["username"])
        if operator["role"] == "unit_operator":
            assert operator["scope"] in UNITS
        elif operator["role"] == "county_supervisor":
            assert operator["scope"] in set(COUNTIES) - {CITY}
        else:
            assert operator["scope"] == CITY


def test_expected_figures_follow_from_the_complaints() -> None:
    """The article's figures are those that its 54 complaints and the policy add up to."""
    rewards = [each for each in COMPLAINTS if each["verdict"] in POLICY["reward"]["verdicts"]]
    counted = {
        "received": len(COMPLAINTS),
        "called_back": sum(each["callback"]["outcome"] == "reached" for each in COMPLAINTS),
        "verified": sum(each["verdict"] in VERDICTS for each in COMPLAINTS),
        "substantiated": len(SUBSTANTIATED),
        "rewards": len(rewards),
        "paid_fen": len(rewards) * POLICY["reward"]["amount_fen"],
        "criticisms": len(SUBSTANTIATED),
        "thanks": sum("phone" in each for each in COMPLAINTS),
    }
    article = {
        "received": 54,
        "called_back": 54,
        "verified": 54,
        "substantiated": 26,
        "rewards": 26,
        "paid_fen": 520_00,
        "criticisms": 26,
        "thanks": 54,
    }
    assert article == ARTICLE["expected"]
    assert article == counted


def test_complaints_are_what_a_citizen_can_send() -> None:
    """Unit, counter, faces, categories and words are all such as the form accepts."""
    for each in COMPLAINTS:
        assert each["kind"] == "complaint"
        assert each["satisfaction"] in {1, 2}
        assert each.get("counter", 1) in range(1, int(UNITS[each["unit"]]["counters"]) + 1)
        assert each["categories"]
        assert CATEGORIES >= set(each["categories"])
        assert len(each["words"]) in range(10, 121)
        assert each["callback"]["note"]
        assert each["finding"]
        assert each["answer"]
    assert len(COMPLAINTS) == len({each["words"] for each in COMPLAINTS})


def test_citizens_phones_are_valid_unique_and_bring_no_special_outcome() -> None:
    """Every phone is a plain one: unique, off the roster, with no digits that steer the sandbox."""
    phones = {each["phone"] for each in COMPLAINTS}
    assert len(COMPLAINTS) == len(phones)
    assert not phones & {officer["phone"] for officer in OFFICERS.values()}
    for phone in phones:
        assert is_mainland_mobile(phone)
        assert int(phone[-2:]) > 7
        assert phone[-3] not in "123"


def test_attribution_fits_the_verdict() -> None:
    """Only substantiated complaints are attributed, and all three causes occur among them."""
    assert {"officers", "unit", "policy"} == {each["attribution"] for each in SUBSTANTIATED}
    for each in COMPLAINTS:
        assert (each["verdict"] == "substantiated") == (each["attribution"] != "none")
        assert (each["attribution"] == "officers") == bool(each.get("officers"))


def test_blamed_officers_serve_at_the_unit() -> None:
    """Named officers belong to the unit; one reaches the second strike and nobody the third."""
    strikes: Counter[str] = Counter()
    for each in COMPLAINTS:
        badges = each.get("officers", [])
        assert {each["unit"]} >= {OFFICERS[badge]["unit_code"] for badge in badges}
        assert len(badges) == len(set(badges))
        strikes.update(badges)
    assert POLICY["strikes"]["accountability_at"] == max(strikes.values())
    assert [2] == [count for count in strikes.values() if count > 1]


def test_substantiated_complaints_are_separate_incidents() -> None:
    """No two of one unit share a category, so grouping into incidents leaves all 26 apart."""
    seen = Counter((each["unit"], key) for each in SUBSTANTIATED for key in each["categories"])
    assert {1} == set(seen.values())


def test_the_exam_day_message_is_urgent_and_few_others_are() -> None:
    """The policy's urgent words catch the lost papers before an exam, not the daily complaints."""
    words = POLICY["urgent"]["words"]
    urgent = [each for each in COMPLAINTS if any(word in each["words"] for word in words)]
    exam = [each for each in urgent if "高考" in each["words"]]
    assert 1 == len(exam)
    assert "驻马店市公安局东高派出所户籍室" == UNITS[exam[0]["unit"]]["name"]
    assert len(urgent) <= 3


def test_every_category_has_a_deduction() -> None:
    """Both assessment tables price every category in whole centipoints that can be halved."""
    for table in ("officers_centipoints", "unit_centipoints"):
        points = POLICY["assessment"][table]
        assert CATEGORIES == set(points)
        for value in points.values():
            assert 0 == value * POLICY["assessment"]["partly_percent"] % 100
