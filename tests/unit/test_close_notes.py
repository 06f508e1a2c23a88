"""A closed month's file: what it proves, and one clear line for each way in which it does not."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli import main
from services.rewards.close_notes import HEAD, check, file_of, text_of
from services.rewards.store.closes import Closed
from shared.errors import Invalid
from shared.observe import log
from shared.values.notes import Signer
from shared.web.texts import LANGUAGES, texts

SIGNER = Signer("mashang.example/closes", b"c" * 32)
NEXT = Signer("mashang.example/closes", b"n" * 32)
ROW = {
    "vendor": "elsewhere", "opening_fen": 0, "topped_up_fen": 10_000, "paid_fen": 4000,
    "reversed_fen": 2000, "written_off_fen": 0, "suspense_fen": 0, "closing_fen": 8000,
}  # fmt: skip
PLAIN = Closed(
    date(2026, 2, 1), 2026, 1, {"vendors": [ROW], "owed_fen": 2000}, "d" * 64, "ann", "安",
    datetime(2026, 3, 1, 2, 3, 4, 5, UTC),
)  # fmt: skip
CLOSED = replace(PLAIN, key_id=SIGNER.public.key_id, signature=SIGNER.sign(text_of(PLAIN)))
FILE = file_of(CLOSED, SIGNER.public)


def refused(raw: bytes, *signers: Signer) -> str:
    """Why a file proves nothing."""
    with pytest.raises(Invalid) as error:
        check(raw, [one.public for one in signers or (SIGNER,)])
    (wrong,) = error.value.wrong
    for language in LANGUAGES:
        assert texts(language).wrong(wrong)
    return wrong.key.removeprefix("wrong.close_file_")


def test_a_genuine_file_says_what_was_closed() -> None:
    """Also after it was saved with a mark and other line ends, and once another key signs."""
    for raw in (FILE.encode(), b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode() + b"\n"):
        found = check(raw, [NEXT.public, SIGNER.public])
        assert (SIGNER.public, "2026-02", "安") == (
            found.key, found.closed["month"], found.closed["signer"],
        )  # fmt: skip
        assert {"vendors": [ROW], "owed_fen": 2000} == found.closed["sums"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "unknown"), (b"\xff", "unknown"), (b"mashang-receipt@v1\n", "unknown"),
        (HEAD.encode(), "damaged"), (FILE[: FILE.index("\n\n")].encode(), "damaged"),
        (FILE.replace("4000", "2000").encode(), "seal"),
        (FILE.replace("安", "李").encode(), "seal"),
        (FILE.encode() + "— x y".encode(), "damaged"), (FILE.encode() + b"x" * 2**20, "unknown"),
    ],
)  # fmt: skip
def test_any_other_file_is_refused(raw: bytes, why: str) -> None:
    """No such file, cut, a sum or a name changed, more than was signed."""
    assert why == refused(raw)


def test_another_key_proves_nothing() -> None:
    """It is named; nor does a signature of ours under another's text."""
    assert "key" == refused(FILE.encode(), NEXT)
    assert "key" == refused(file_of(CLOSED, NEXT.public).encode())
    with pytest.raises(ValueError, match="before months were signed"):
        file_of(PLAIN, SIGNER.public)


@given(st.integers(0, len(FILE.encode()) - 2), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, other: int) -> None:
    """Whichever, but for the blank at the end."""
    raw = bytearray(FILE.encode())
    raw[place] ^= other
    with pytest.raises(Invalid):
        check(bytes(raw), [SIGNER.public])


def test_the_command_tells_it_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With keys from a file or as they are typed; a wrong key, or none in the file, is one line."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    for name in [*filter(lambda name: name.startswith(("MASHANG_", "DATABASE")), os.environ)]:
        monkeypatch.delenv(name)
    file, keys = tmp_path / "close.txt", tmp_path / "keys.txt"
    file.write_text(FILE, "utf-8")
    keys.write_text(f"{NEXT.public}\n{SIGNER.public}\n", "utf-8")
    for given_ in (str(keys), str(SIGNER.public)):
        assert 0 == main(["close", "verify", str(file), "--keys", given_, "--lang", "en"])
        out, err = capsys.readouterr()
        assert ("", True, True) == (err, "Genuine" in out, "paid=40.00" in out)
    (empty := tmp_path / "empty.txt").write_text("# nothing\n")
    for given_, why in (
        (str(NEXT.public), SIGNER.public.key_id), (str(file), "line 1 is no key of closed months"),
        (str(empty), "no keys; they stand at /close-keys"),
    ):  # fmt: skip
        assert 1 == main(["close", "verify", str(file), "--keys", given_])
        out, err = capsys.readouterr()
        assert ("", 1, True) == (out, len(err.splitlines()), why in err)
