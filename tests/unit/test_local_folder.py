"""The data folder: private from the first byte, whole files only, one launcher at a time."""

import stat
from pathlib import Path

import pytest

from deploy.local import envfiles
from deploy.local.folder import keep_to_owner, private_file, private_folder, take_folder
from deploy.local.process import StartError
from deploy.local.tail import tail


def mode(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o755, 0o700, 0o500, 0o777])
def test_a_folder_becomes_its_owners_alone(tmp_path: Path, before: int | None) -> None:
    """Whether or not it was there, and however it was left."""
    folder = tmp_path / "data"
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    assert 0o700 == mode(private_folder(folder))


def test_what_was_left_readable_is_the_owners_at_the_next_start(tmp_path: Path) -> None:
    """Folders and files of every kind, in place; a link takes nothing from what it leads to."""
    outside, data = tmp_path / "outside", tmp_path / "data"
    left = {"logs/x.log": 0o644, "sandbox/book.sqlite3": 0o666, "env/x.env": 0o440, "run.sh": 0o755}
    outside.write_text("not ours")
    outside.chmod(0o644)
    for name, before in left.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_text(name)
        path.chmod(before)
    (data / "link").symlink_to(outside)
    (data / "away").symlink_to(tmp_path / "nowhere")
    take_folder(data).close()
    assert {name: bits & 0o700 for name, bits in left.items()} == {
        name: mode(data / name) for name in left
    }
    assert {0o700} == {mode(path) for path in data.iterdir() if path.is_dir()}
    assert 0o600 == mode(data / "lock")
    assert (0o644, "logs/x.log") == (mode(outside), (data / "logs/x.log").read_text())


def test_postgresqls_own_folder_is_left_alone(tmp_path: Path) -> None:
    """It looks after it itself, and has thousands of files."""
    table = tmp_path / "postgres" / "cluster" / "base" / "1"
    table.parent.mkdir(parents=True)
    table.touch(0o640)
    table.chmod(0o640)
    keep_to_owner(tmp_path)
    assert 0o640 == mode(table)


@pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o400])
def test_a_file_is_written_whole_and_privately(tmp_path: Path, before: int | None) -> None:
    """What was open to others is not after it is written again, and no draft is left."""
    path = tmp_path / "secrets"
    if before is not None:
        path.write_text("old")
        path.chmod(before)
    private_file(path, "码上评")
    assert ("码上评", 0o600) == (path.read_text("utf-8"), mode(path))
    assert [path] == list(tmp_path.iterdir())


def test_an_open_draft_of_a_crash_is_not_written_into(tmp_path: Path) -> None:
    """Somebody who holds an old draft open, which all could read, learns nothing."""
    draft = tmp_path / "secrets.new"
    draft.write_text("half")
    draft.chmod(0o644)
    with draft.open() as spy:
        private_file(tmp_path / "secrets", "whole")
        assert "half" == spy.read()
    assert ("whole", False) == ((tmp_path / "secrets").read_text(), draft.exists())


def test_a_private_file_makes_its_folder_private(tmp_path: Path) -> None:
    """A secret in an open folder could be replaced by anybody."""
    private_file(tmp_path / "env" / "x.env", "")
    assert 0o700 == mode(tmp_path / "env")


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/mashang"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, place: str) -> None:
    """MASHANG_DATA may name a file, or a place where nobody may write."""
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be our folder: ") as caught:
        private_folder(tmp_path / place)
    assert 1 == len(str(caught.value).splitlines())


def test_a_folder_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    """The second is told who has it and what to set; after the first has gone it may have it."""
    first = take_folder(tmp_path)
    holder = (tmp_path / "lock").read_text().strip()
    with pytest.raises(StartError, match=rf"\(process {holder}\); stop it, or set MASHANG_DATA"):
        take_folder(tmp_path)
    first.close()
    take_folder(tmp_path).close()


def test_a_dead_launchers_lock_is_no_lock(tmp_path: Path) -> None:
    """The file that it left behind says a number and holds nothing; the new one's replaces it."""
    (tmp_path / "lock").write_text("999999999999999999\n")
    with take_folder(tmp_path):
        assert "999999999999999999" not in (tmp_path / "lock").read_text()


def test_an_environment_file_holds_only_what_is_ours(tmp_path: Path) -> None:
    """Sorted, a variable a line; what every program has stays out."""
    env = {
        "PATH": "/bin",
        "MASHANG_B": "2=3",
        "DATABASE_URL": "x",
        "MASHANG_A": "",
        "AMQP_URL": "y",
    }
    envfiles.write(tmp_path, "intake", env)
    written = tmp_path / "intake.env"
    assert "AMQP_URL=y\nDATABASE_URL=x\nMASHANG_A=\nMASHANG_B=2=3\n" == written.read_text()
    assert 0o600 == mode(written)


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (b"", "nothing"),
        (b" \n\n\t\n", "nothing"),
        (b"one\ntwo\n\n", "two"),
        (b"FATAL: no space left\nshutting down\n", "FATAL: no space left"),
        (b"Error: first\nERROR: second\nbye\n", "ERROR: second"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
        (b"x" * 1000, "x" * 300),
        (b"FATAL: long ago\n" + b"calm\n" * 1000, "calm"),
        ("磁盘 error 满".encode(), "磁盘 error 满"),
    ],
)
def test_the_last_words_of_a_log(tmp_path: Path, log: bytes, told: str) -> None:
    """The last line that tells why, else the last; of the end only, and not endless."""
    path = tmp_path / "x.log"
    path.write_bytes(log)
    assert told == tail(path)


def test_a_missing_log_says_nothing(tmp_path: Path) -> None:
    """Asking for it is no second failure."""
    assert "nothing" == tail(tmp_path / "none.log")
