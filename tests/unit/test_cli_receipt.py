"""`mashang receipt verify`: a citizen's file, a public key, no network, one plain answer."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.cli import main, spoken
from shared.observe import log
from tests.unit.test_receipt_proof import BARE, FILE, FIVE, OTHER, SIGNER, old

GROUPED = "7h2k 90ma xt4c w3pd"


@dataclass(frozen=True)
class Told:
    """How the command ended."""

    code: int
    out: str
    err: str


Verify = Callable[..., Told]


@pytest.fixture
def verify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Verify:
    """Calls the command, away from any installation, in a terminal that speaks no language."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    for name in [*filter(lambda name: name.startswith(("MASHANG_", "DATABASE")), os.environ)]:
        monkeypatch.delenv(name)
    for name, value in (("MASHANG_DATA", str(tmp_path / "none")), ("LC_ALL", "C")):
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Told:
        code = main(["receipt", "verify", *map(str, arguments)])
        return Told(code, *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A genuine file as it was downloaded."""
    path = tmp_path / "mashang-411724006-2026-07-02.txt"
    path.write_text(FILE, "utf-8")
    return path


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """The public keys as they were downloaded."""
    path = tmp_path / "receipt-keys.txt"
    path.write_text(f"# two keys\n{OTHER.public}\n\n{SIGNER.public}\n", "utf-8-sig")
    return str(path)


def test_a_genuine_file(verify: Verify, file: Path, keys: str) -> None:
    """What was received, promised, proven and not proven, in plain lines; exit code 0."""
    told = verify(file, "--keys", keys, "--lang", "zh")
    assert (0, "") == (told.code, told.err)
    assert [
        f"验证通过。印章是 {SIGNER.name}（{SIGNER.public.key_id}）盖的，凭证没有被改过。",
        "窗口单位  411724006 · 3 号窗口", "类型  投诉", "收件时间  2026-07-02 14:47:09",
        "打电话给您  最晚 7月2日 24:00", "查清并答复  最晚 7月2日 24:00",
        "没有核对回执码；要核对，请加上 --code 回执码。",
    ] == told.out.splitlines()[:7]  # fmt: skip
    assert ["能证明", "不能证", "目前还"] == [line[:3] for line in told.out.splitlines()[7:]]


def test_in_english_with_a_typed_key_and_code(verify: Verify, file: Path) -> None:
    """The key may be typed, and the code however people type it."""
    told = verify(
        file, "--keys", str(SIGNER.public), "--code", GROUPED,
        "--lang", "en",
    )  # fmt: skip
    assert (0, "") == (told.code, told.err)
    assert "The receipt code belongs to this proof." in told.out
    assert "24:00" in told.out


def test_the_first_format(verify: Verify, file: Path, keys: str) -> None:
    """It promised no times, and is checked like the others."""
    file.write_text(old(), "utf-8")
    told = verify(file, "--keys", keys, "--code", BARE)
    assert (0, False) == (told.code, "24:00" in told.out)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "文件是空的"), ("你好", "这不是回执凭证"), (FILE[:300], "凭证不完整"),
        (FILE.replace("index 0", "index x"), "有一处读不出来"), (FIVE[0], "不是这个回执码的"),
        (FILE.replace("\n1\n", "\n2\n"), "印章对不上"),
    ],
)  # fmt: skip
def test_a_file_that_proves_nothing(
    verify: Verify,
    file: Path,
    keys: str,
    content: str,
    why: str,
) -> None:
    """One line that says why and what to do, nothing else; exit code 1."""
    file.write_text(content, "utf-8")
    told = verify(file, "--keys", keys, "--code", BARE)
    assert (told.code != 0, "", 1) == (True, told.out, told.err.count("\n"))
    assert why in told.err


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (str(OTHER.public), "手边的公钥里没有它"), ("a+b+c", "line 1 is no key"),
        ("nowhere.txt", "No such file"), ("/", "Is a directory"),
    ],
)  # fmt: skip
def test_keys_that_do_not_help(verify: Verify, file: Path, keys: str, why: str) -> None:
    """Another's key, no key, no file: one line each."""
    told = verify(file, "--keys", keys)
    assert (told.code != 0, "", 1) == (True, told.out, told.err.count("\n"))
    assert why in told.err


def test_an_empty_list_of_keys(verify: Verify, file: Path, tmp_path: Path) -> None:
    """It is said where keys are."""
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing\n")
    told = verify(file, "--keys", str(empty))
    assert "no keys; they stand at /receipt-keys" in told.err


@pytest.mark.parametrize("arguments", [("--code", "12345"), ("--code", "?"), ("--lang", "fr")])
def test_what_cannot_be_asked(
    verify: Verify,
    file: Path,
    keys: str,
    arguments: tuple[str, ...],
) -> None:
    """A code that is none, a language that is not spoken: one line, exit code other than 0."""
    told = verify(file, "--keys", keys, *arguments)
    assert (told.code != 0, "", 1) == (True, told.out, told.err.count("\n"))


def test_without_keys_an_installation_is_asked(verify: Verify, file: Path) -> None:
    """And where there is none, it is said."""
    told = verify(file)
    assert told.code != 0
    assert "DATABASE_URL is not set" in told.err


@pytest.mark.parametrize(
    ("locale", "lang"), [("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C", "zh"), ("", "zh")]
)
def test_the_terminals_language(monkeypatch: pytest.MonkeyPatch, locale: str, lang: str) -> None:
    """English where the terminal speaks it, else Chinese."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert lang == spoken.here()
