"""Who may be meant by what a citizen wrote: no spelling hides anybody, ordinary words nobody."""

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from opencc import OpenCC

from services.verification.casework.rules.naming import Found, Person, find, find_typed
from shared.values import sounds, spelling, text

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
OFFICERS = list(csv.DictReader((DEMO / "officers.csv").read_text("utf-8").splitlines()))
OPERATORS = list(csv.DictReader((DEMO / "operators.csv").read_text("utf-8").splitlines()))
SHAO = Person("170004", "邵小芳", "170004")
XU = Person("170005", "徐庆磊", "170005")
UNIT = (SHAO, XU, Person("170321", "黄俊敏", "170321"))
TRADITIONAL = OpenCC("s2t")
SAID = (
    "窗口的{}态度恶劣",
    "{}",
    "今天上午在大厅,{},爱理不理",
    "等了半天!!{}\n还说我材料不齐",
    "我要投诉 {} ",
)
DIGITS = {
    "wide": "０１２３４５６７８９", "arabic": "٠١٢٣٤٥٦٧٨٩", "devanagari": "०१२३४५६७८९",
    "chinese": "零一二三四五六七八九", "read out": "洞幺两三四五六拐八勾",
}  # fmt: skip
MARKS = ("", "-", "－", " ", "\u3000", "·", "_", ".", "\u200b", "—")
AROUND = (
    ("", ""), ("警号", ""), ("警号：", "号"), ("No.", ""), ("P", ""), ("", "A"), ("00", ""),
    ("豫P-0", ""), ("-", "-"), ("（", "）"),
)  # fmt: skip


def named(found: list[Found]) -> set[str]:
    """By what they are known."""
    return {one.person.identity for one in found}


badges = st.from_regex(r"[1-9][0-9]{4,7}", fullmatch=True)


@given(badge=badges, digits=st.sampled_from([None, *DIGITS]), marks=st.lists(
    st.sampled_from(MARKS), min_size=8, max_size=8), around=st.sampled_from(AROUND),
    said=st.sampled_from(SAID))  # fmt: skip
def test_no_spelling_of_a_badge_hides_whose_it_is(
    badge: str, digits: str | None, marks: list[str], around: tuple[str, str], said: str
) -> None:
    """Digits of any script, marks between them, labels, letters and zeros around them."""
    other = [str(int(digit)) for digit in badge]
    written = [DIGITS[digits][int(digit)] for digit in other] if digits else list(badge)
    dressed = "".join(d + m for d, m in zip(written, marks, strict=False))
    typed = f"{around[0]}{dressed}{around[1]}"
    person = Person(badge, "无", badge)
    assert {badge} == named(find(said.format(typed), [person]))
    found, sure = find_typed(typed, [person])
    assert ({badge}, True) == (named(found), sure)


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A badge, and the same with one slip in it."""
    badge = draw(badges)
    at, digit = draw(st.integers(0, len(badge) - 1)), draw(st.sampled_from("0123456789"))
    kind = draw(st.sampled_from(["wrong", "missing", "too many", "turned", "zeros"]))
    slip = {
        "wrong": badge[:at] + digit + badge[at + 1 :],
        "missing": badge[:at] + badge[at + 1 :],
        "too many": badge[:at] + digit + badge[at:],
        "turned": badge[:at] + badge[at : at + 2][::-1] + badge[at + 2 :],
        "zeros": badge.replace("0", "") if badge.count("0") <= len(badge) - 3 else badge,
    }[kind]
    return badge, slip


@given(slips(), st.sampled_from(SAID))
def test_a_slip_of_the_pen_hides_nobody(pair: tuple[str, str], said: str) -> None:
    """One digit wrong, missing or too many, two changed over, the zeros lost: still found."""
    badge, slip = pair
    person = Person(badge, "无", badge)
    assert {badge} == named(find(said.format(slip), [person]))
    found, sure = find_typed(slip, [person])
    assert {badge} == named(found)
    if text.badge_core(slip) != badge:
        assert not sure


@given(badges)
def test_what_is_near_is_what_the_door_for_text_calls_near(badge: str) -> None:
    """The set that is looked up holds exactly slips, by the one rule for them."""
    assert all(text.is_near_badge(badge, slip) for slip in _some(badge))


def _some(badge: str) -> list[str]:
    # Zeros before a badge are nothing there; here one may stand for a digit.
    return [slip for slip in sorted(spelling.near(badge)) if slip[0] != "0"][::37]


@pytest.mark.parametrize(
    ("typed", "who", "sure"),
    [
        ("170004", {"170004"}, True),
        ("170004 170005", {"170004", "170005"}, False),
        ("170002", {"170004", "170005"}, False),
        ("170321", {"170321"}, True),
        ("17321", {"170321"}, False),
        ("999999", set(), False),
        ("SHAOXIAOFANG", {"170004"}, False),
        ("邵小芳", {"170004"}, True),
    ],
)
def test_the_field_for_the_officer(typed: str, who: set[str], sure: bool) -> None:
    """An exact badge means its officer alone; anything else leaves it open who is meant."""
    found, found_sure = find_typed(typed, UNIT)
    assert (who, sure) == (named(found), found_sure)


def test_a_short_badge_is_one_only_where_it_is_called_so() -> None:
    """`12` in a sentence counts something; after 警号, and in its own field, it is a badge."""
    short = Person("12", "无", "12")
    assert set() == named(find("等了12分钟,前面12个人", [short]))
    assert {"12"} == named(find("警号：12的那个", [short])) == named(find_typed("012", [short])[0])


def test_two_officers_of_one_number_are_both_meant() -> None:
    """Whose letters the citizen left out, nobody can say."""
    both = [Person("A-1001", "甲", "A-1001"), Person("B-1001", "乙", "B-1001")]
    found, sure = find_typed("1001", both)
    assert ({"A-1001", "B-1001"}, False) == (named(found), sure)
    assert ({"B-1001"}, True) == (named(find_typed("b1001", both)[0]), True)


names = st.sampled_from([officer["name"] for officer in OFFICERS])


@given(name=names, said=st.sampled_from(SAID), gap=st.sampled_from(["", " ", "·", "\u200b"]),
       traditional=st.booleans())  # fmt: skip
def test_no_way_of_writing_a_name_hides_whose_it_is(
    name: str, said: str, gap: str, traditional: bool
) -> None:
    """Spaces between the characters, and traditional ones."""
    written = gap.join(TRADITIONAL.convert(name) if traditional else name)
    assert {"x"} == named(find(said.format(written), [Person("x", name)]))


@given(name=names, said=st.sampled_from(SAID), data=st.data())
def test_a_name_by_ear_is_found(name: str, said: str, data: st.DataObject) -> None:
    """Another character of the same sound, as whoever only heard the name writes it."""
    at = data.draw(st.integers(0, len(name) - 1))
    alike = _alike(name[at])
    assume(alike)
    heard = name[:at] + data.draw(st.sampled_from(alike)) + name[at + 1 :]
    assert {"x"} == named(find(said.format(heard), [Person("x", name)]))


def _alike(character: str) -> list[str]:
    table = Path(sounds.__file__).with_name("sounds.txt").read_text("utf-8").split()
    return [c for c in "".join(table) if not sounds.of(c).isdisjoint(sounds.of(character))]


@given(names, st.sampled_from([" ", "", "  "]), st.booleans())
def test_a_name_in_latin_letters_is_found(name: str, gap: str, last: bool) -> None:
    """As in a passport, family name first or last."""
    spelt = [sorted(sounds.of(character)) for character in name]
    assume(all(spelt))
    family, given_name = spelt[0][0], "".join(s[0] for s in spelt[1:])
    parts = (given_name, family) if last else (family, given_name)
    person = Person("x", name)
    assert {"x"} == named(find(f"officer {gap.join(parts).title()} was rude", [person]))


@pytest.mark.parametrize(
    "said",
    ["邵警官爱理不理", "姓邵的那个", "小邵说不归他管", "那个叫小芳的", "小芳民警", "老邵",
     "邵芳同志", "邵某态度恶劣", "邵小方", "绍小芳", "邵芳小",
     "Shao Xiaofang", "xiaofang shao", "邵 小 芳"],
)  # fmt: skip
def test_half_a_name_is_enough_at_the_unit(said: str) -> None:
    """Family name and title, or part of the name: at this window there is only one such."""
    assert {"170004"} == named(find(said, UNIT))


def test_half_a_name_means_nobody_elsewhere() -> None:
    """A supervisor of the county is not meant by everybody of that family."""
    above = Person("@shao", "邵大伟", scope="ZY", of_unit=False)
    assert {"170004"} == named(find("邵警官爱理不理", [*UNIT, above]))


@pytest.mark.parametrize(
    ("name", "said"),
    [("Jón Jónsson", "Jon Jonson sagði"), ("Jón Jónsson", "jónsson jón"), ("Una", "hún UNA"),
     ("阿不都·艾力", "民警阿不都艾力")],
)  # fmt: skip
def test_names_of_other_languages(name: str, said: str) -> None:
    """Accents, order, marks and one slip do not matter."""
    assert {"x"} == named(find(said, [Person("x", name)]))


@pytest.mark.parametrize(
    "said",
    ["态度不文明", "网警不理人", "等了十年", "小时候办的", "老师说可以", "工作人员有上下班时间",
     "前面排了170个人", "2026年11月26日9:30去的", "电话13917000455", "交了10000元", "我很不高兴",
     "小区门口的派出所"],
)  # fmt: skip
def test_ordinary_words_name_nobody(said: str) -> None:
    """Common words, dates, sums and phones are neither names nor badges."""
    people = [SHAO, Person("x", "李文明"), Person("y", "王静"), Person("z", "高兴宇"), XU]
    assert set() == named(find(said, people))


def around(unit: str) -> list[Person]:
    """Everybody whom a complaint about a unit of the demo may mean."""
    own = [Person(o["badge"], o["name"], o["badge"]) for o in OFFICERS if o["unit_code"] == unit]
    return own + [_operator(o, unit) for o in OPERATORS if o["scope"] in (unit, unit[:6], "411700")]


def _operator(row: Mapping[str, str], unit: str) -> Person:
    return Person(
        f"@{row['username']}", row["name"], row["badge"] or None, row["scope"], row["scope"] == unit
    )


def test_what_citizens_really_write_seldom_names_somebody_by_chance() -> None:
    """The report's 54 complaints name nobody; held against every unit, under one in 200 would."""
    complaints = tomllib.loads((DEMO / "article.toml").read_text("utf-8"))["complaint"]
    own = [c["words"] for c in complaints if find(c["words"], around(c["unit"]))]
    assert [] == own
    units = sorted({officer["unit_code"] for officer in OFFICERS})[::4]
    people = [around(unit) for unit in units]
    chance = [bool(find(c["words"], unit)) for c in complaints for unit in people]
    assert sum(chance) / len(chance) < 0.005


def test_a_page_full_of_numbers_is_read() -> None:
    """The longest text there can be, all digits and marks, and nobody is missed in it."""
    noise = " ".join(f"{n % 7}{n % 9}" for n in range(640))
    assert {"170004"} == named(find(f"{noise} 窗口170004", UNIT))
