"""A wrong policy file is told in a line each: file, line, edition, key, what is wrong."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import policy
from shared.errors import Misconfigured
from shared.policy.lines import Lines
from tests.support import at

POLICY = Path("deploy/policy.toml")
SHIPPED = POLICY.read_text("utf-8")


def test_the_shipped_policy_is_valid() -> None:
    """The policy file in the repository loads, with the article's numbers."""
    (edition,) = policy.load(POLICY).editions
    assert (2000, 2) == (edition.reward.amount_fen, edition.reward.days)
    assert (2, 3) == (edition.strikes.accountability_at, edition.strikes.transfer_at)


EDITION = "policy of 2019-05-15: "
MISTAKES: dict[str, tuple[str, str, str]] = {
    # what is written · what stands there instead · how it is told
    "fraction": ("amount_fen = 2000", "amount_fen = 20.5", "reward.amount_fen: Input should be"),
    "number in quotes": ("attempts = 3", 'attempts = "3"', "callback.attempts: Input should be"),
    "truth for a number": ("days = 2 ", "days = true ", "reward.days: Input should be"),
    "misspelt": ("amount_fen", "amuont_fen",
        "reward.amuont_fen: unknown; did you mean amount_fen?"),
    "missing": ("amount_fen = 2000", "", "reward.amount_fen: missing"),
    "no section": ("[policy.prominent]", "[policy.famous]", "prominent: missing"),
    "yuan for fen": ("amount_fen = 2000", "amount_fen = 2000000", "reward.amount_fen: Input"),
    "reward of nothing": ("amount_fen = 2000", "amount_fen = 0", "reward.amount_fen: Input"),
    "days of years": ("days = 2 ", "days = 2000 ", "reward.days: Input should be less"),
    "no day at all": ("citizen_days = 15", "citizen_days = 0", "appeal.citizen_days: Input"),
    "minus": ("extensions = 1", "extensions = -1", "verification.extensions: Input"),
    "more than all": ("partly_percent = 50", "partly_percent = 150", "assessment.partly_percent: "),
    "points beyond sense": ("inefficiency = 200", "inefficiency = 20000000",
        "assessment.officers_centipoints.inefficiency: Input"),
    "hours": ("repeat_hours = 24", "repeat_hours = 2400", "supervision.repeat_hours: Input"),
    "time of day": ('cutoff = "18:00"', 'cutoff = "25:00"', "callback.cutoff: write a time of day"),
    "hour alone": ('cutoff = "18:00"', "cutoff = 18", "callback.cutoff: write a time of day"),
    "time zone": ('"Asia/Shanghai"', '"Asia/Atlantis"', "timezone: no such time zone"),
    "zone as an offset": ('"Asia/Shanghai"', '"+08:00"', "timezone: no such time zone"),
    "zone of the machine": ('"Asia/Shanghai"', '"localtime"', "timezone: no such time zone"),
    "folder of zones": ('"Asia/Shanghai"', '"Asia"', "timezone: no such time zone"),
    "time with an offset": ('cutoff = "18:00"', 'cutoff = "18:00+08:00"',
        "callback.cutoff: write a time of day"),
    "a year for days": ("days = 2 ", "days = 365 ", "reward.days: Input should be less"),
    "a year of extension": ("extension_days = 3", "extension_days = 365",
        "verification.extension_days: Input should be less"),
    "month below one reward": ("per_phone_month_fen = 6000", "per_phone_month_fen = 1999",
        "reward.per_phone_month_fen: less than one reward"),
    "budget below one reward": ("budget_month_fen = 1000000", "budget_month_fen = 0",
        "reward.budget_month_fen: less than one reward"),
    "window": ('window = "calendar_year"', 'window = "week"', "strikes.window: Input should be"),
    "transfer first": ("transfer_at = 3", "transfer_at = 1",
        "strikes.transfer_at: should be more than accountability_at"),
    "transfer at once": ("transfer_at = 3", "transfer_at = 2",
        "strikes.transfer_at: should be more than accountability_at"),
    "unknown verdict": ('verdicts = ["substantiated"', 'verdicts = ["proven"', "reward.verdicts."),
    "days and hours": ("[policy.acknowledgement]\n",
        "[policy.acknowledgement]\nworking_days = 3\nworking_hours = 8\n",
        "acknowledgement.working_hours: stands beside working_days; write one of them"),
    "acknowledged at once": ("[policy.acknowledgement]\n",
        "[policy.acknowledgement]\nworking_hours = 0\n", "acknowledgement.working_hours: Input"),
    "a word each night": ("every_days = 7", "every_days = 0", "progress.every_days: Input should"),
    "a word a year": ("every_days = 7", "every_days = 365", "progress.every_days: Input should"),
    "asked at once": ("ask_after_hours = 24", "ask_after_hours = 0",
        "messages.ask_after_hours: Input should"),
    "no money for codes": ("reserve_fen = 15000", "reserve_fen = 0",
        "messages.reserve_fen: nothing is left for one-time codes and urgent pages"),
    "told of money at night": ("alert_hours = 12", "alert_hours = 2",
        "reward.alert_hours: begins in the quiet hours, which end too late"),
    "told of money all day": ("alert_again_days = 1", "alert_again_days = 0",
        "reward.alert_again_days: Input should"),
    "quiet from a number": ('quiet_from = "22:00"', "quiet_from = 22",
        "messages.quiet_from: write a time of day"),
    "paged without end": ("page_minutes = 10", "page_minutes = 0", "urgent.page_minutes: Input"),
    "never paged": ("page_times = 3", "page_times = 0", "urgent.page_times: Input should"),
    "reminded at once": ("remind_hours = 8", "remind_hours = 0", "supervision.remind_hours: Input"),
    "no level": ('levels = ["unit", "county", "city", "city_leader"]', "levels = []",
        "supervision.levels: "),
    "level twice": ('"city", "city_leader"]', '"city", "city"]',
        "supervision.levels.3: city stands"),
    "name of a level": ('"city_leader"]', '"City leader"]', "supervision.levels.3: String should"),
    "ladder without its first step": ('levels = ["unit", "county"', 'levels = ["county"',
        "supervision.levels.0: should be unit, the last of levels"),
    "ladder that goes down": ('"unit", "county", "city", "city', '"unit", "city", "county", "city',
        "supervision.levels.2: county is no level higher"),
    "step that is nowhere": ('"city", "city_leader"]', '"city_leader", "city"]',
        "supervision.levels.2: city_leader is not one of levels"),
    "copy to nobody": ('copy_first_to = "county"', 'copy_first_to = "village"',
        "supervision.copy_first_to: village is not one of levels"),
    "category without points": ("cold_attitude = 200\n", "",
        "assessment.officers_centipoints.cold_attitude: missing"),
    "points without category": ("cold_attitude = 100\n", "cold_attitude = 100\nrain = 1\n",
        "assessment.unit_centipoints.rain: not one of categories"),
    "category twice": ('key = "other"', 'key = "inefficiency"',
        "categories.7.key: inefficiency stands there twice"),
    "key of a category": ('key = "other"', 'key = "Other!"', "categories.7.key: String should"),
    "category without a name": ('en = "Something else"', 'en = ""', "categories.7.en: String"),
    "level without a name": ('zh = "窗口单位"', 'zh = ""', "levels.2.zh: String should"),
    "level of places twice": ('key = "county"', 'key = "city"',
        "levels.1.key: city stands there twice"),
    "key of a tree level": ('key = "county"', 'key = "县"', "levels.1.key: String should"),
    "holiday twice": ("2026-01-02, ", "2026-01-02, 2026-01-02, ",
        "calendar.holidays.2: 2026-01-02 stands there twice"),
    "verdict twice": ('["substantiated", "partly"]', '["partly", "partly"]',
        "reward.verdicts.1: partly stands there twice"),
    "two terms": ('cutoff = "18:00"', 'cutoff = "18:00"\nwithin = { hours = 2, days = 1 }',
        "callback.within.days: stands with hours"),
    "no term": ('cutoff = "18:00"', 'cutoff = "18:00"\nwithin = {}',
        "callback.within.hours: missing; or days, or working_days"),
    "term of years": ('cutoff = "18:00"', 'cutoff = "18:00"\nwithin = { days = 400 }',
        "callback.within.days: Input should be less"),
    "term of less than nothing": (
        'cutoff = "18:00"', 'cutoff = "18:00"\nwithin = { working_days = -1 }',
        "callback.within.working_days: Input should be greater"),
    "term for no category": (
        'cutoff = "18:00"', 'cutoff = "18:00"\ncategory_within = { rain = { hours = 2 } }',
        "callback.category_within.rain: not one of categories"),
    "opens when it has closed": ('opens = "08:00"', 'opens = "19:00"',
        "opening.closes: should be later than opens"),
    "share below nothing": ("likeness_percent = 35", "likeness_percent = -35",
        "incident.likeness_percent: Input should be greater"),
    "points below nothing": ("cold_attitude = 200", "cold_attitude = -200",
        "assessment.officers_centipoints.cold_attitude: Input should be greater"),
    "money below nothing": ("budget_month_fen = 1000000", "budget_month_fen = -1",
        "reward.budget_month_fen: Input should be greater"),
    "truth in quotes": ("automatic = true", 'automatic = "maybe"', "assignment.automatic: Input"),
    "word of nothing": ('"准考证"', '""', "urgent.words.0: String should"),
    "word twice": ('"准考证"', '"高考"', "urgent.words.1: 高考 stands there twice"),
    "code of another level": ("1 = [115], 2 = [214]", "1 = [215], 2 = [214]",
        "categories.0.codes.1: 215 is not one of 108 to 115"),
    "code that the nation has not": ("5 = [510]", "5 = [518]",
        "categories.1.codes.5: 518 is not one of 510 to 517"),
    "code twice": ("1 = [108, 109]", "1 = [108, 108]",
        "categories.5.codes.1: 108 stands there twice"),
    "level without codes": ("1 = [113], ", "", "categories.2.codes: 1 is missing"),
    "level that there is not": ("5 = [517] }", "5 = [517], 6 = [] }",
        "categories.0.codes: 6 is no level"),
    "code in quotes": ("1 = [113]", '1 = ["113"]', "categories.2.codes.1.0: Input should be"),
    "praise in one language": ('good_en = "Friendly"\n', "",
        "categories.0.good_zh: stands with good_en"),
    "holiday and working day": ("workdays = [", "workdays = [2026-01-01, ",
        "calendar.workdays: 2026-01-01 is one of holidays"),
    "make-up day in the week": ("workdays = [", "workdays = [2026-01-05, ",
        "calendar.workdays: 2026-01-05 is a working day anyway"),
    "holiday in quotes": ("holidays = [\n", 'holidays = [\n"2026-01-09",\n',
        "calendar.holidays.0: write a day"),
    "one source for all": ("code_hour = 400", "code_hour = 120",
        "limits.code_hour: should be more than address_hour"),
    "easier puzzles": ("puzzle_most_bits = 19", "puzzle_most_bits = 14",
        "limits.puzzle_most_bits: should not be less than puzzle_bits"),
    "paid without consent": ('["callback", "thanks", "reward"]', '["callback", "thanks"]',
        "consent.complaint: reward is missing, and is done"),
    "called without consent": ('request = ["callback"]', 'request = ["thanks"]',
        "consent.request: callback is missing, and is done"),
    "no purpose": ('request = ["callback"]', "request = []", "consent.request: "),
    "language for calls twice": ('key = "english"', 'key = "local"',
        "call_languages.2.key: local stands there twice"),
}  # fmt: skip


# What is missing is told by the line of its section; of two that are alike, it is the second.
ELSEWHERE = {
    "missing": "[policy.reward]",
    "category without points": "[policy.assessment.officers_centipoints]",
    "points without category": "rain = 1",
    "level without codes": "codes = { 2 = [213]",
    "word twice": '"高考",\n  "中考"',
    "level of places twice": 'key = "city"\nzh = "县',
    "holiday and working day": "workdays = [",
    "holiday in quotes": '"2026-01-09"',
    "holiday twice": "2026-01-02, 2026-01-02",
    "no section": "[[policy]]\n",
    **dict.fromkeys(
        ("two terms", "no term", "term of years", "term of less than nothing"), "within = {"
    ),
    "term for no category": "category_within = {",
    "opens when it has closed": 'closes = "18:30"',
    "days and hours": "working_hours = 8",
    "acknowledged at once": "working_hours = 0",
    "praise in one language": 'good_zh = "态度热情"',
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_rule_is_named(tmp_path: Path, case: str) -> None:
    """In a line with the file, its line, the edition by its day, the key, and what is wrong."""
    written, instead, told = MISTAKES[case]
    assert written in SHIPPED
    wrong = SHIPPED.replace(written, instead, 1)
    place = wrong.index(ELSEWHERE[case]) if case in ELSEWHERE else SHIPPED.index(written)
    place += len(wrong[place:]) - len(wrong[place:].lstrip())
    file = tmp_path / "policy.toml"
    file.write_text(wrong, "utf-8")
    line = wrong.count("\n", 0, place) + 1
    mistakes = refused(file)
    assert any(one.startswith(f"{file}:{line}: {EDITION}{told}") for one in mistakes), mistakes
    assert (2 if case in ("misspelt", "no section") else 1) == len(mistakes)


def refused(file: Path) -> list[str]:
    """What is said about a file that is not taken."""
    try:
        return list(policy.examine(file).mistakes)
    except Misconfigured as error:
        return [str(error)]


def edited(*editions: str) -> bytes:
    """Several editions in one file, as the first words of their text."""
    return "\n".join(editions).encode()


LEVELS = SHIPPED[SHIPPED.index("[[policy.levels]]") : SHIPPED.index("[[policy.categories]]")]
FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "policy: missing; write at least one [[policy]]"),
    "one bracket": (b"[policy]\n", "policy: write it as [[policy]], in two brackets"),
    "something beside": (b"[[rules]]\n", "rules: unknown; rules stand below [[policy]]"),
    "syntax": (SHIPPED.replace("[policy.callback]", "[policy.callback").encode(), "not valid TOML"),
    "key twice": (SHIPPED.replace("days = 2 ", "days = 2\ndays = 2 ").encode(), "not valid TOML"),
    "GBK": (SHIPPED.encode("gbk", "replace"), "not UTF-8 (line "),
    "UTF-16": (SHIPPED.encode("utf-16"), "not UTF-8 (line 1), but UTF-16; save it as UTF-8"),
    "a day with an offset": (
        SHIPPED.replace("= 2019-05-15", "= 2019-05-15T00:00:00+08:00").encode(),
        "policy of 2019-05-15 00:00:00+08:00: effective_from: write a day"),
    "a day of another age": (
        SHIPPED.replace("= 2019-05-15", "= 9999-12-31").encode(),
        "policy of 9999-12-31: effective_from: write a day"),
    "two editions of one day": (
        edited(SHIPPED, SHIPPED), "policy of 2019-05-15: effective_from: stands twice"),
    "no day": (SHIPPED.replace("effective_from = 2019-05-15", "").encode(),
        "policy no. 1: effective_from: missing"),
    "day in quotes": (SHIPPED.replace("2019-05-15", '"2019-05-15"').encode(),
        "policy no. 1: effective_from: write a day from 2000 to 2100"),
    "day of long ago": (SHIPPED.replace("2019-05-15", "1019-05-15").encode(),
        "policy of 1019-05-15: effective_from: write a day from 2000 to 2100"),
    "no tree": (SHIPPED.replace(LEVELS, "").encode(), f"{EDITION}levels: missing"),
    "tree of one level": (
        SHIPPED.replace(LEVELS, LEVELS[: LEVELS.index("[[", 2)]).encode(),
        f"{EDITION}levels: Tuple should have at least 2 items"),
    "second edition": (
        edited(SHIPPED, SHIPPED.replace("2019-05", "2026-01").replace("days = 2 ", "days = 0 ")),
        "policy of 2026-01-15: reward.days: Input should be greater"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "told"), list(FILES.values()), ids=list(FILES))
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """What is wrong with the file or between its editions is one line, too."""
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    (line,) = refused(file)
    assert line.startswith(f"{file}:")
    assert re.sub(r"^:[0-9]+", "", line.removeprefix(str(file))).startswith(f": {told}")


def test_every_line_of_the_second_edition_is_its_own(tmp_path: Path) -> None:
    """Lines count from the file's first, whatever stands in lists, comments and line ends."""
    later = SHIPPED.replace("2019-05-15", "2027-01-01")
    wrong = later.replace('"救命"', "7").replace("kept_days = 180", "kept_days = 1 # [policy.x]")
    content = f"{SHIPPED}\n{wrong}"
    file = tmp_path / "policy.toml"
    file.write_bytes(content.replace("\n", "\r\n").encode("utf-8-sig"))
    lines = content.split("\n")
    assert [
        f"{file}:{lines.index('  7,') + 1}",
        f"{file}:{next(n for n, line in enumerate(lines, 1) if 'kept_days = 1 ' in line)}",
    ] == sorted(":".join(one.split(":", 2)[:2]) for one in refused(file))[::-1]


def test_a_line_is_found_for_whatever_is_asked() -> None:
    """The nearest above it that is there; the first of a file that holds nothing."""
    lines = Lines('# no\n[[policy]]\na = """\n[b]\n"""\n[policy.c]\nd.e = [1,\n 2]\n')
    asked = [("policy", 0, "a"), ("policy", 0, "c", "d", "e", 1), ("policy", 0, "c", "x"), ("y",)]
    assert [3, 8, 6, 1] == [lines.of(*one) for one in asked]


def test_what_is_not_yet_in_force_does_not_start_a_service(tmp_path: Path) -> None:
    """A gap: what came before the first edition would be judged by nothing."""
    file = tmp_path / "policy.toml"
    file.write_text(SHIPPED.replace("2019-05-15", "2027-01-01"), "utf-8")
    assert () == tuple(policy.examine(file).mistakes)
    with at(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)), pytest.raises(Misconfigured) as error:
        policy.load(file)
    line = SHIPPED[: SHIPPED.index("2019-05-15")].count("\n") + 1
    told = f"{file}:{line}: policy of 2027-01-01: effective_from: nothing is in force before"
    assert str(error.value).startswith(told)
    with at(datetime(2026, 12, 31, 16, 1, tzinfo=UTC)):
        assert policy.load(file).editions


def test_a_service_says_one_line(tmp_path: Path) -> None:
    """The first mistake, and how many more there are for `mashang policy check` to list."""
    file = tmp_path / "policy.toml"
    file.write_text("[[policy]]\neffective_from = 2019-05-15\n", "utf-8")
    mistakes = policy.examine(file).mistakes
    with pytest.raises(Misconfigured) as error:
        policy.load(file)
    assert f"{mistakes[0]} (and {len(mistakes) - 1} more)" == str(error.value)


@pytest.mark.parametrize(
    "content",
    [SHIPPED.encode("utf-8-sig"), SHIPPED.replace("\n", "\r\n").encode()],
    ids=["byte order mark", "Windows line ends"],
)
def test_what_editors_add_does_no_harm(tmp_path: Path, content: bytes) -> None:
    """A byte order mark and Windows line ends are read as if they were not there."""
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    assert policy.load(POLICY) == policy.load(file)


def test_a_missing_policy_is_told() -> None:
    """A wrong path is one line, with the variable to set."""
    with pytest.raises(Misconfigured, match=r"nowhere\.toml: No such file.*MASHANG_POLICY_FILE"):
        policy.load(Path("nowhere.toml"))


def test_a_case_is_judged_by_the_policy_of_its_day(tmp_path: Path) -> None:
    """A new edition holds from its day on and changes nothing before it."""
    old = POLICY.read_text("utf-8")
    new = old.replace("2019-05-15", "2026-12-01").replace("amount_fen = 2000", "amount_fen = 3000")
    file = tmp_path / "policy.toml"
    file.write_text(new + "\n" + old, "utf-8")
    policies = policy.load(file)
    first = datetime(2026, 11, 30, 16, tzinfo=UTC)  # midnight at the bureau
    assert 3000 == policies.at(first).reward.amount_fen
    assert 2000 == policies.at(first - timedelta(seconds=1)).reward.amount_fen
    assert 2000 == policies.at(datetime(2000, 1, 1, tzinfo=UTC)).reward.amount_fen


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("gbk", "probably GBK"), ("gb18030", "probably GBK"), ("utf-16", "but UTF-16")],
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, found: str) -> None:
    """Notepad's other choices: one line with what was found and what to save it as."""
    file = tmp_path / "policy.toml"
    file.write_bytes(SHIPPED.encode(encoding, "replace"))
    with pytest.raises(Misconfigured, match=rf"not UTF-8 \(line [0-9]+\), {found}; save it as"):
        policy.load(file)


def test_two_marks_at_the_beginning_are_none(tmp_path: Path) -> None:
    """A file that was saved with a mark by one editor and again by another."""
    file = tmp_path / "policy.toml"
    file.write_text(f"\ufeff\ufeff{SHIPPED}", "utf-8")
    assert policy.load(POLICY) == policy.load(file)
