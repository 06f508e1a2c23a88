"""The commands in this process, as far as they get without a server: words in, one line out."""

import getpass
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pypdfium2
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.core import TyperGroup

from deploy.cli import directory, events, main, qr, secret, surroundings
from deploy.cli.main import app, failed, told
from deploy.cli.posters import Format
from deploy.local import envfiles
from services.verification.commands import Imported, Window
from shared import db
from shared.errors import Misconfigured, Retry
from shared.flows import SERVICES
from shared.observe import log
from tests.support import CODE_KEYS, INDEX_KEY


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Mashang = Callable[..., Result]


@pytest.fixture
def mashang(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Mashang:
    """Calls a command, away from any installation and with nothing in the environment."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    for name in [name for name in os.environ if name.startswith(("MASHANG_", "DATABASE", "AMQP"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MASHANG_DATA", str(tmp_path / "none"))

    def run(*arguments: str) -> Result:
        code = main(arguments)
        return Result(code, *capsys.readouterr())

    return run


def commands(group: object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command's words, groups included."""
    yield above
    if isinstance(group, TyperGroup):
        for name, command in group.commands.items():
            yield from commands(command, (*above, name))


COMMANDS = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(mashang: Mashang, words: tuple[str, ...], flag: str) -> None:
    """Its usage, a sentence, its options; exit code 0 and nothing on standard error."""
    result = mashang(*words, flag)
    assert (0, "") == (result.code, result.err)
    usage, *rest = result.out.strip().splitlines()
    assert usage.startswith(" ".join(("Usage: mashang", *words)))
    assert any(len(line.split()) > 3 for line in rest)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_named(mashang: Mashang, words: tuple[str, ...]) -> None:
    """Everywhere the same: exit code 2, one line with the option and where to read more."""
    result = mashang(*words, "--loud")
    assert (2, "", 1) == (result.code, result.out, len(result.err.splitlines()))
    assert ("--loud" in result.err, "--help" in result.err) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("directory", "import"), "FILE"),
        (("directory", "import", "a.csv", "b.csv"), "b.csv"),
        (("operator", "add"), "USERNAME"),
        (("operator", "add", "ada", "--role=auditor", "--scope=x"), "--name"),
        (("operator", "add", "ada", "--name=x", "--scope=x"), "--role"),
        (("operator", "add", "ada", "--name=x", "--role=auditor"), "--scope"),
        (("operator", "disable"), "USERNAME"),
        (("policy", "check"), "FILE"),
        (("policy", "diff"), "A"),
        (("policy", "diff", "a", "b", "--lang=tlh"), "lang"),
        (("policy", "chekc", "x"), "chekc"),
        (("events", "show", "--service=scoring"), "ID"),
        (("events", "parked", "--service="), "intake"),
        (("events", "replay", "7", "--service=scoring"), "UUID"),
        (("qr", "--format=gif", "--all"), "gif"),
        (("qr", "--unit"), "--unit"),
        (("broker", "topology", "now"), "now"),
    ],
    ids=" ".join,
)
def test_what_is_missing_or_wrong_is_named(
    mashang: Mashang, arguments: tuple[str, ...], named: str
) -> None:
    """By the word that the help uses for it."""
    result = mashang(*arguments)
    assert (2, "", 1) == (result.code, result.out, len(result.err.splitlines()))
    assert named.lower() in result.err.lower()


EITHER = "say either an event's ID or --all, --type, --error or --older"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("qr",), "say either --all or --unit CODE"),
        (("qr", "--all", "--unit=1"), "say either --all or --unit CODE"),
        (("qr", "--all"), "--all needs --out DIR, and takes no --counter"),
        (("qr", "--all", "--out=x", "--counter=1"),
         "--all needs --out DIR, and takes no --counter"),
        (("events", "replay", "--service=scoring"), EITHER),
        (("events", "replay", "--service=scoring", "--all", "0" * 32),
         EITHER),
    ],
)  # fmt: skip
def test_two_wishes_at_once_are_one_too_many(
    mashang: Mashang, arguments: tuple[str, ...], line: str
) -> None:
    """Before any database is asked."""
    assert Result(1, "", f"mashang: {line}\n") == mashang(*arguments)


@pytest.mark.parametrize(
    ("arguments", "variable", "service"),
    [
        (("operator", "disable", "ada"), "DATABASE_URL", "verification"),
        (("qr", "--unit", "1"), "DATABASE_URL", "verification"),
        *((("events", "parked", f"--service={name}"), "DATABASE_URL", name) for name in SERVICES),
        (("broker", "topology"), "AMQP_URL", "broker"),
    ],
    ids=str,
)
def test_without_an_installation_it_says_what_to_set(
    mashang: Mashang, tmp_path: Path, arguments: tuple[str, ...], variable: str, service: str
) -> None:
    """The variable, whose it is, and the other way."""
    line = (
        f"mashang: {variable} is not set, and there is no installation in {tmp_path / 'none'};"
        f" set it as {service} has it, or start one with `make run`\n"
    )
    assert Result(1, "", line) == mashang(*arguments)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"effective_from = ", b"", b"[policy]\n"])
def test_a_policy_file_that_is_none(mashang: Mashang, tmp_path: Path, content: bytes) -> None:
    """Bytes, half a file, nothing: one line with the file's name, exit code 1."""
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    result = mashang("policy", "check", str(file))
    assert (1, "", 1) == (result.code, result.out, len(result.err.splitlines()))
    assert str(file) in result.err


def test_a_policy_file_that_can_be_used(mashang: Mashang) -> None:
    """From when its editions hold, and for which years somebody has entered the holidays."""
    file = "deploy/policies/complaints-uk.toml"
    told = (
        f"{file}: usable; in force from 2026-01-01\nits calendar has the holidays of 2026, 2027\n"
    )
    assert Result(0, told, "") == mashang("policy", "check", file)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda text: text.replace("2026-01-01", "2099-01-01", 1), "nothing is in force before"),
        (lambda text: f"{text}\n{text}", "stands twice"),
    ],
)
def test_a_gap_and_an_overlap_have_their_line(
    mashang: Mashang, tmp_path: Path, changed: Callable[[str], str], told: str
) -> None:
    """What no service would start by is not usable; the line is that of the edition's day."""
    file = tmp_path / "policy.toml"
    file.write_text(changed(Path("deploy/policies/complaints-uk.toml").read_text("utf-8")), "utf-8")
    days = [
        n for n, line in enumerate(file.read_text().splitlines(), 1) if "effective_from" in line
    ]
    result = mashang("policy", "check", str(file))
    assert (1, "", 1) == (result.code, result.out, len(result.err.splitlines()))
    assert result.err.startswith(f"mashang: {file}:{days[-1]}: policy of ")
    assert told in result.err


def test_every_mistake_of_a_policy_file_is_a_line(mashang: Mashang, tmp_path: Path) -> None:
    """With its place, so that an editor leads there; then how many there are."""
    file = tmp_path / "policy.toml"
    file.write_text("[[policy]]\ntimezone = 'Mars'\n", "utf-8")
    result = mashang("policy", "check", str(file))
    *mistakes, last = result.err.splitlines()
    assert (1, "") == (result.code, result.out)
    assert f"mashang: {file} has {len(mistakes)} mistakes" == last
    assert f"{file}:2: policy no. 1: timezone: no such time zone: Mars" in mistakes
    assert {f"{file}:1", f"{file}:2"} == {line.partition(": ")[0] for line in mistakes}


@pytest.mark.parametrize("command", [("policy", "check"), ("directory", "import")])
@pytest.mark.parametrize(
    ("name", "reason"), [("", "Is a directory"), ("none", "No such file or directory")]
)
def test_a_path_that_cannot_be_read(
    mashang: Mashang, tmp_path: Path, command: tuple[str, str], name: str, reason: str
) -> None:
    """The path and the system's reason."""
    path = tmp_path / name
    result = mashang(*command, str(path))
    assert (1, "", 1) == (result.code, result.out, len(result.err.splitlines()))
    assert result.err.startswith(f"mashang: {path}: {reason}")


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (Misconfigured("say\nmore"), 1, "say more"),
        (ValueError("no"), 1, "no"),
        (FileNotFoundError(2, "No such file", "x"), 1, "x: No such file"),
        (typer.Abort(), 130, "interrupted"),
        (ConnectionRefusedError(), 1, "the database cannot be reached (ConnectionRefusedError)"),
        (asyncpg.CannotConnectNowError("starting"), 1, "the database cannot be reached"),
        (asyncpg.UndefinedTableError('relation "x" does not exist'), 1,
         'the database refused: relation "x" does not exist'),
        (asyncpg.InsufficientPrivilegeError("no"), 1, "the database refused: no"),
        (typer.BadParameter("choose"), 2, "Invalid value: choose"),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_whatever_goes_wrong_is_one_line(
    capsys: pytest.CaptureFixture[str], problem: Exception, code: int, line: str
) -> None:
    """With the exit code that tells a wrong call from a failure."""
    assert code == told(problem)
    err = capsys.readouterr().err
    assert (1, True) == (len(err.splitlines()), err.startswith(f"mashang: {line}"))


@pytest.mark.parametrize("problem", [KeyError("x"), ZeroDivisionError(), TypeError("x")])
def test_a_defect_is_not_hidden(problem: Exception) -> None:
    """What nobody foresaw keeps its traceback; it is ours to mend."""
    with pytest.raises(type(problem)):
        told(problem)


@given(st.text())
@settings(derandomize=True, deadline=None)
def test_a_line_is_a_line(text: str) -> None:
    """Whatever an error's text holds."""
    before, sys.stderr = sys.stderr, io.StringIO()
    try:
        assert 1 == failed(text)
        assert 1 == sys.stderr.getvalue().count("\n")
    finally:
        sys.stderr = before


@pytest.mark.parametrize(
    ("typed", "password"),
    [("secret\n", "secret"), ("secret", "secret"), ("two\nlines\n", "two"), ("crlf\r\n", "crlf"),
     (" spaces \n", " spaces "), ("密码\n", "密码")],
)  # fmt: skip
def test_a_password_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, typed: str, password: str
) -> None:
    """The first line as it is, without its end."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert password == secret.from_stdin()


@pytest.mark.parametrize("typed", ["", "\n", "\r\n"])
def test_no_password_on_standard_input(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """An empty pipe sets no empty password."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(Misconfigured, match="no password on standard input"):
        secret.from_stdin()


def typing(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """A person who types these and then leaves."""
    left = iter(words)

    def ask(_: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(getpass, "getpass", ask)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [(("a", "b"), "the two passwords differ"), (("a",), "no password"), ((), "no password")],
)
def test_a_password_typed_wrongly(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], wrong: str
) -> None:
    """Twice the same, or nothing is done."""
    typing(monkeypatch, *words)
    with pytest.raises(Misconfigured, match=wrong):
        secret.typed_twice()


def test_a_password_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut off it."""
    typing(monkeypatch, " a b ", " a b ")
    assert " a b " == secret.typed_twice()


VARIABLES = st.dictionaries(
    st.from_regex(r"MASHANG_[A-Z]{1,9}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=30),
    max_size=8,
)


@given(VARIABLES)
@settings(derandomize=True, deadline=None)
def test_what_the_launcher_writes_the_commands_read(variables: dict[str, str]) -> None:
    """Any value comes back as it was, with whatever signs in it."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASHANG_DATA", folder)
        envfiles.write(Path(folder) / "env", "intake", variables)
        assert variables == surroundings.local("intake")


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """What a launcher told verification at its last start."""
    for name in ("DATABASE_URL", "MASHANG_INDEX_KEY", "MASHANG_CODE_KEYS", "MASHANG_POLICY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASHANG_DATA", str(tmp_path))
    return lambda **env: envfiles.write(tmp_path / "env", "verification", env)


@pytest.mark.parametrize(
    ("given_", "own", "used"),
    [
        ("", "postgresql://own@h/mashang_verification", "own"),
        ("postgresql://given@h/mashang_verification", "", "given"),
        ("postgresql://given@h/mashang_verification",
         "postgresql://own@h/mashang_verification", "given"),
        ("postgresql://given@h/postgres", "postgresql://own@h/mashang_verification", "own"),
        ("postgresql://given@h/anything", "", "given"),
    ],
)  # fmt: skip
def test_whose_database_is_used(
    installation: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
    given_: str, own: str, used: str,
) -> None:  # fmt: skip
    """The environment's, unless it names the launcher's administrator beside an installation."""
    installation(**({"DATABASE_URL": own} if own else {}))
    monkeypatch.setenv("DATABASE_URL", given_)
    assert f"//{used}@" in surroundings.database_url("verification")


@pytest.mark.parametrize(
    ("environment", "file", "expected"),
    [("a", "b", "a"), ("a", None, "a"), ("", "b", "b"), (None, "b", "b")],
)
def test_the_environment_wins_over_the_file(
    installation: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
    environment: str | None, file: str | None, expected: str,
) -> None:  # fmt: skip
    """And what is set to nothing counts as not set."""
    installation(**({} if file is None else {"MASHANG_INDEX_KEY": file}))
    if environment is not None:
        monkeypatch.setenv("MASHANG_INDEX_KEY", environment)
    assert expected == surroundings.needed("MASHANG_INDEX_KEY", "verification")


def test_keys_are_read_as_services_read_them(installation: Callable[..., None]) -> None:
    """The current one first; what is no key is named with what it should be."""
    second = CODE_KEYS.replace("1:A", "2:B")
    installation(MASHANG_INDEX_KEY=INDEX_KEY, MASHANG_CODE_KEYS=f"{second},{CODE_KEYS}")
    assert 32 == len(surroundings.key("MASHANG_INDEX_KEY", "verification"))
    assert ["2", "1"] == list(surroundings.key_ring("MASHANG_CODE_KEYS", "verification"))
    installation(MASHANG_INDEX_KEY="x", MASHANG_CODE_KEYS="x")
    with pytest.raises(Misconfigured, match="MASHANG_INDEX_KEY: should be"):
        surroundings.key("MASHANG_INDEX_KEY", "verification")
    with pytest.raises(Misconfigured, match="MASHANG_CODE_KEYS: should be KEYID:BASE64"):
        surroundings.key_ring("MASHANG_CODE_KEYS", "verification")


def test_the_policy_is_the_services_own(
    installation: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The house's, unless the installation or the environment names another."""
    assert date(2019, 5, 15) == surroundings.policies("verification").editions[0].effective_from
    installation(MASHANG_POLICY_FILE=str(tmp_path / "none.toml"))
    with pytest.raises(Misconfigured, match=r"none\.toml"):
        surroundings.policies("verification")
    monkeypatch.setenv("MASHANG_POLICY_FILE", str(db.ROOT / "deploy" / "policy.toml"))
    assert surroundings.policies("verification").level_keys


def test_a_relative_data_folder_is_where_one_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`MASHANG_DATA=here` means the same to the launcher and to the commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MASHANG_DATA", "here")
    assert tmp_path / "here" == surroundings.data_folder()
    monkeypatch.setenv("MASHANG_DATA", "")
    assert db.ROOT / ".mashang" == surroundings.data_folder()


@pytest.mark.parametrize(
    ("errors", "lines"),
    [
        ([(1, "", "empty")], ["x.csv has 1 error; nothing was imported", "line 1: empty"]),
        ([(2, "kind", "a"), (3, "code", "b")],
         ["x.csv has 2 errors; nothing was imported", "line 2, kind: a", "line 3, code: b"]),
    ],
)  # fmt: skip
def test_errors_of_a_file_are_lines_for_a_program(
    capsys: pytest.CaptureFixture[str], errors: list[tuple[int, str, str]], lines: list[str]
) -> None:
    """Where nobody watches they can be searched; all go to standard error."""
    directory.show_errors("x.csv", errors)
    out, err = capsys.readouterr()
    assert ("", lines) == (out, err.removeprefix("mashang: ").splitlines())


def test_errors_of_a_file_are_a_table_for_a_person(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line and column apart from what to do."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    directory.show_errors("x.csv", [(7, "kind", "must be one of household, vehicle")])
    err = capsys.readouterr().err
    assert [True] * 3 == [word in err for word in ("what to do", "7", "household, vehicle")]


def test_an_import_is_summed_up_in_a_line() -> None:
    """What came, what changed, what was there."""
    assert "units: 3 added, 2 changed, 1 unchanged" == directory.summary(Imported("units", 3, 2, 1))


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"a":1}', '{\n  "a": 1\n}'),
        ('{"词":"好"}', '{\n  "词": "好"\n}'),
        ("not json", "not json"),
        ("", ""),
    ],
)
def test_a_parked_body_is_readable(body: str, shown: str) -> None:
    """Indented if it can be, and never changed."""
    assert shown == events.readable(body)


@pytest.mark.parametrize(
    ("place", "kind", "name"),
    [
        ({}, "svg", "u-1-00.svg"),
        ({"counter": 1}, "png", "u-1-01.png"),
        ({"counter": 12}, "a3", "u-1-12-a3.pdf"),
        ({"kiosk": 2}, "svg", "u-1-K2.svg"),
        ({"officer": "170001"}, "a5", "u-1-P170001-a5.pdf"),
    ],
)
def test_a_files_name_sorts(place: dict[str, Any], kind: str, name: str) -> None:
    """The unit's own first, then its counters in order, kiosks, officers."""
    assert name == qr.file_name(Window("u-1", "窗口", **place), Format(kind))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_pictures_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """One a window into a folder that is made, and a line says how many."""
    pages = {Window("u", "窗口", n or None): f"https://m.example/w/u-{n}" for n in range(3)}
    folder = tmp_path / "new" / "codes"
    qr.write(pages, folder, [Format(kind)], "zh")
    written = sorted(path.name for path in folder.glob("[!.]*"))
    assert [f"u-0{n}.{kind}" for n in range(3)] == written
    assert f"3 files for 3 codes of 1 units in {folder}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "language", "said"),
    [
        ("article", "", "扫码"),
        ("complaints-uk", "", "Scan"),
        ("complaints-uk", "zh", "扫码"),
    ],
)
def test_posters_speak_the_citys_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, preset: str, language: str, said: str
) -> None:
    """Unless another is asked for."""
    monkeypatch.setenv("MASHANG_POLICY_FILE", f"deploy/policies/{preset}.toml")
    qr.write({Window("u", "n", None): "https://m.example/w/u"}, tmp_path, [Format("a5")], language)
    with pypdfium2.PdfDocument(tmp_path / "u-00-a5.pdf") as document:
        told = document[0].get_textpage().get_text_range()
    assert said in "".join(told.split())


def test_a_units_codes_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, counter and address above each, so that the right one is scanned."""
    qr.show({Window("u", "窗口", None): "https://m/w/a", Window("u", "窗口", 2): "https://m/w/b"})
    lines = capsys.readouterr().out.splitlines()
    assert ("窗口", "https://m/w/a") == (lines[0], lines[1])
    assert "窗口 · 2" in lines


def test_definitions_name_every_service(mashang: Mashang, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all passwords given there is nothing to warn of; the JSON can be imported as it is."""
    for name in SERVICES:
        monkeypatch.setenv(f"MASHANG_BROKER_PASSWORD_{name.upper()}", f"{name}'s own")
    result = mashang("broker", "definitions")
    users = json.loads(result.out)["users"]
    assert (0, "", len(SERVICES)) == (result.code, result.err, len(users))
    assert [] == [name for name in SERVICES if f"{name}'s own" in result.out]


def test_an_interruption_is_no_defect(mashang: Mashang, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a command waits: the shell's exit code for it, and one line."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(surroundings, "needed", interrupted)
    result = mashang("broker", "topology")
    assert (130, 1) == (result.code, len(result.err.strip().splitlines()))


def test_a_retry_is_told_like_any_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    """All of Mashang's own exceptions are for a person."""
    assert 1 == told(Retry(timedelta(1), "not yet"))
    assert "mashang: not yet\n" == capsys.readouterr().err
