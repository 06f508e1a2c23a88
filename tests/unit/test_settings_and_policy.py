"""Wrong settings and wrong policy files are told in one line each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import config, policy
from shared.config import Key, KeyRing, Settings
from shared.errors import Misconfigured
from shared.values.seal import SealBroken
from tests.support import INDEX_KEY, SEAL_KEYS, variables

POLICY = Path("deploy/policy.toml")
GOOD = {
    "DATABASE_URL": "postgresql://intake:secret-word@db/intake",
    "AMQP_URL": "amqp://broker",
    "MASHANG_HTTP_PORT": "8080",
    "MASHANG_OPS_PORT": "9080",
    "MASHANG_INDEX_KEY": INDEX_KEY,
    **variables(SEAL_KEYS),
}


class Sealing(Settings):
    """A service that opens phones and compares indexes."""

    seal_keys_phone: KeyRing
    index_key: Key


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_load(environment: pytest.MonkeyPatch) -> None:
    """A complete environment gives settings, and they do not print their secrets."""
    settings = config.load(Sealing)
    assert 8080 == settings.http_port
    assert "secret-word" not in repr(settings)
    assert [False, False] == [word in repr(settings) for word in ("BBBB", "CCCC")]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", None, "DATABASE_URL: field required"),
        ("MASHANG_HTTP_PORT", "eighty", "MASHANG_HTTP_PORT: input should be a valid integer"),
        ("MASHANG_OPS_PORT", "70000", "MASHANG_OPS_PORT: input should be less than"),
        ("MASHANG_INDEX_KEY", "short", "MASHANG_INDEX_KEY: should be"),
        ("MASHANG_SEAL_KEYS_PHONE", "no-colon", "MASHANG_SEAL_KEYS_PHONE: should be KEYID:BASE64"),
        ("MASHANG_SEAL_KEYS_PHONE", "1:AAAA", "MASHANG_SEAL_KEYS_PHONE: should be 32 bytes"),
    ],
)
def test_a_wrong_setting_is_named(
    environment: pytest.MonkeyPatch, name: str, value: str | None, told: str
) -> None:
    """The line names the variable as it is set, what is wrong with it, and not its value."""
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(Misconfigured) as error:
        config.load(Sealing)
    assert str(error.value).startswith(told)


def test_a_service_is_given_the_keys_that_it_declares(environment: pytest.MonkeyPatch) -> None:
    """Keys in the environment that its settings do not name are no use to it."""
    seal = config.load(Sealing).seal
    assert "+86" == seal.open(seal.close("+86", "phone:1"), "phone:1")
    with pytest.raises(SealBroken, match="no sealing key for words"):
        seal.close("x", "words:1")
    bare = config.load(Settings).seal
    with pytest.raises(SealBroken, match="no key for the blind index"):
        bare.index("+86")


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
    "misspelt": ("amount_fen", "amuont_fen", "reward.amuont_fen: Extra inputs"),
    "missing": ("amount_fen = 2000", "", "reward.amount_fen: Field required"),
    "no section": ("[policy.prominent]", "[policy.famous]", "prominent: Field required"),
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
    "no verdict": ('verdicts = ["substantiated", "partly"]', "verdicts = []", "reward.verdicts: "),
    "days and hours": ("[policy.acknowledgement]\n",
        "[policy.acknowledgement]\nworking_days = 3\nworking_hours = 8\n",
        "acknowledgement.working_hours: stands beside working_days; write one of them"),
    "acknowledged at once": ("[policy.acknowledgement]\n",
        "[policy.acknowledgement]\nworking_hours = 0\n", "acknowledgement.working_hours: Input"),
    "a word each night": ("every_days = 7", "every_days = 0", "progress.every_days: Input should"),
    "a word a year": ("every_days = 7", "every_days = 365", "progress.every_days: Input should"),
    "paged without end": ("page_minutes = 10", "page_minutes = 0", "urgent.page_minutes: Input"),
    "never paged": ("page_times = 3", "page_times = 0", "urgent.page_times: Input should"),
    "reminded at once": ("remind_hours = 8", "remind_hours = 0", "supervision.remind_hours: Input"),
    "no level": ('levels = ["unit", "county", "city", "city_leader"]', "levels = []",
        "supervision.levels: "),
    "level twice": ('"city", "city_leader"]', '"city", "city"]', "supervision.levels: city stands"),
    "name of a level": ('"city_leader"]', '"City leader"]', "supervision.levels.3: String should"),
    "copy to nobody": ('copy_first_to = "county"', 'copy_first_to = "village"',
        "supervision.copy_first_to: village is not one of levels"),
    "category without points": ("cold_attitude = 200\n", "",
        "assessment.officers_centipoints.cold_attitude: missing"),
    "points without category": ("cold_attitude = 100\n", "cold_attitude = 100\nrain = 1\n",
        "assessment.unit_centipoints.rain: not one of categories"),
    "category twice": ('key = "other"', 'key = "inefficiency"',
        "categories: inefficiency stands there twice"),
    "key of a category": ('key = "other"', 'key = "Other!"', "categories.7.key: String should"),
    "category without a name": ('en = "Something else"', 'en = ""', "categories.7.en: String"),
    "level without a name": ('zh = "窗口单位"', 'zh = ""', "levels.2.zh: String should"),
    "level of places twice": ('key = "county"', 'key = "city"', "levels: city stands there twice"),
    "tree level twice": ('key = "county"', 'key = "city"', "levels: city stands there twice"),
    "key of a tree level": ('key = "county"', 'key = "县"', "levels.1.key: String should"),
    "word of nothing": ('"准考证"', '""', "urgent.words.0: String should"),
    "word twice": ('"准考证"', '"高考"', "urgent.words: 高考 stands there twice"),
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
    "holiday in quotes": ("holidays = [\n", 'holidays = [\n"2026-01-09",\n',
        "calendar.holidays.0: write a day"),
    "one source for all": ("code_hour = 400", "code_hour = 120",
        "limits.code_hour: should be more than address_hour"),
    "easier puzzles": ("puzzle_most_bits = 19", "puzzle_most_bits = 14",
        "limits.puzzle_most_bits: should not be less than puzzle_bits"),
    "no purpose": ('request = ["callback"]', "request = []", "consent.request: "),
    "language for calls twice": ('key = "english"', 'key = "local"',
        "call_languages: local stands there twice"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "instead", "told"), list(MISTAKES.values()), ids=list(MISTAKES)
)
def test_a_mistake_in_a_rule_is_named(
    tmp_path: Path, written: str, instead: str, told: str
) -> None:
    """Refused in one line with the file, the edition by its day, the key, and what is wrong."""
    good = POLICY.read_text("utf-8")
    assert written in good
    file = tmp_path / "policy.toml"
    file.write_text(good.replace(written, instead, 1), "utf-8")
    lines = refused(file)
    assert any(line.startswith(f"{file}: {EDITION}{told}") for line in lines), lines
    if "Extra" not in told and "prominent" not in told:
        assert 1 == len(lines)


def refused(file: Path) -> list[str]:
    """What is said about a file that is not taken."""
    with pytest.raises(Misconfigured) as error:
        policy.load(file)
    return str(error.value).splitlines()


def edited(*editions: str) -> bytes:
    """Several editions in one file, as the first words of their text."""
    return "\n".join(editions).encode()


SHIPPED = POLICY.read_text("utf-8")
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
        "policy no. 1: effective_from: Field required"),
    "day in quotes": (SHIPPED.replace("2019-05-15", '"2019-05-15"').encode(),
        "policy no. 1: effective_from: write a day from 2000 to 2100"),
    "day of long ago": (SHIPPED.replace("2019-05-15", "1019-05-15").encode(),
        "policy of 1019-05-15: effective_from: write a day from 2000 to 2100"),
    "no tree": (SHIPPED.replace(LEVELS, "").encode(), f"{EDITION}levels: Field required"),
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
    assert [f"{file}: {told}"] == [line[: len(f"{file}: {told}")] for line in refused(file)]


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
