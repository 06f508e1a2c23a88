"""Backups: which one reaches a moment, what is asked of PostgreSQL, and what services lack."""

import json
import os
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from deploy.cli import main
from deploy.cli.backup import comparing, folder, restoring, taking
from deploy.cli.backup.comparing import CHECKS, KNOWN, TOLD, Gap
from deploy.cli.backup.folder import Backup
from deploy.cli.backup.server import Server
from deploy.cli.backup.verifying import MANIFEST, verify
from shared import flows
from shared.errors import Misconfigured
from tests.town import environ

NOON = datetime(2026, 11, 27, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, TWO = UUID(int=1), UUID(int=2)
KEY = b64encode(b"k" * 32).decode()


def backup(place: Path, ended_at: datetime, postgresql: int = 18) -> Backup:
    """One in a folder, of which only the description is there."""
    path = place / f"{ended_at:%Y%m%dT%H%M%SZ}"
    path.mkdir()
    heads = {"mashang_intake": ["bus_0006"]}
    own = Backup(path, ended_at - HOUR, ended_at, postgresql, True, heads, {})
    own.write()
    return own


def test_a_description_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Times, migrations and keys come back."""
    written = backup(tmp_path, NOON)
    assert [written] == folder.listed(tmp_path)


def test_the_newest_that_was_whole_by_then_is_taken(tmp_path: Path) -> None:
    """Recovery goes forward from it; without a moment, the newest of all."""
    early, late = backup(tmp_path, NOON), backup(tmp_path, NOON + 2 * HOUR)
    found = folder.listed(tmp_path)
    assert early == folder.chosen(found, NOON + HOUR)
    assert late == folder.chosen(found, NOON + 2 * HOUR)
    assert late == folder.chosen(found, None)
    with pytest.raises(Misconfigured, match="which is later"):
        folder.chosen(found, NOON - HOUR)


def test_a_half_one_is_none(tmp_path: Path) -> None:
    """What was interrupted lies under a name that nobody lists."""
    (tmp_path / ".20261127T040000Z.half").mkdir()
    (tmp_path / ".20261127T040000Z.half" / folder.ABOUT).write_text("{}")
    assert [] == folder.listed(tmp_path)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ((NOON - HOUR).isoformat(), "which is later"),
        ((NOON + HOUR).isoformat(), "the backup is of PostgreSQL 9"),
        ("2026-11-27T12:00:00", "has no zone"),
        ("noon", "is no time"),
    ],
)
def test_a_restore_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], at: str, told: str
) -> None:
    """Before the oldest backup, by other programs, a moment that is none: nothing is touched."""
    backup(tmp_path, NOON, postgresql=9)
    into = tmp_path / "into"
    assert main(["backup", "restore", str(tmp_path), "--into", str(into), "--at", at]) in (1, 2)
    out, err = capsys.readouterr()
    assert ("", 1, False) == (out, len(err.splitlines()), into.exists())
    assert told in err


@pytest.mark.parametrize(
    ("told", "content"), [("there is no backup", None), ("is none of ours", "[]")]
)
def test_a_folder_without_a_backup_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], told: str, content: str | None
) -> None:
    """Empty, or with something else in it."""
    if content is not None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / folder.ABOUT).write_text(content)
    assert 1 == main(["backup", "restore", str(tmp_path), "--into", str(tmp_path / "into")])
    err = capsys.readouterr().err
    assert (1, True) == (len(err.splitlines()), told in err)


def test_without_a_server_or_programs_it_says_what_to_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each."""
    with environ({"MASHANG_DATA": str(tmp_path), "PATH": os.environ["PATH"]}):
        assert 1 == main(["backup", "take", str(tmp_path / "b")])
        assert "MASHANG_BACKUP_URL is not set" in capsys.readouterr().err
        assert 1 == main(["backup", "take", str(tmp_path / "b"), "--programs", str(tmp_path)])
    err = capsys.readouterr().err
    assert (1, False) == (len(err.splitlines()), (tmp_path / "b").exists())


def test_the_local_installation_is_found_with_its_password_kept_apart(tmp_path: Path) -> None:
    """The port from a service's file, the superuser's word from its own; no list shows it."""
    for name in ("env", "postgres"):
        (tmp_path / name).mkdir()
    (tmp_path / "postgres" / "password").write_text("a/b\n")
    (tmp_path / "env" / "intake.env").write_text("DATABASE_URL=postgresql://i:x@127.0.0.1:5/db\n")
    with environ({"MASHANG_DATA": str(tmp_path)}):
        server = Server.here()
    assert "postgresql://postgres:a%2Fb@127.0.0.1:5/postgres" == server.url
    bare, env = server.for_program()
    assert ("postgresql://postgres@127.0.0.1:5/postgres", {"PGPASSWORD": "a/b"}) == (bare, env)


def test_keys_are_named_and_never_told(tmp_path: Path) -> None:
    """Ids of rings, the beginning of a single one's hash."""
    given = {
        "MASHANG_DATA": str(tmp_path),
        "MASHANG_SEAL_KEYS_PHONE": f"2:{KEY},1:{KEY}",
        "MASHANG_INDEX_KEY": KEY,
        "DATABASE_URL": "postgresql://x:y@z/w",
    }
    with environ(given):
        found = taking.key_ids()
    assert ["2", "1"] == found["environment"]["MASHANG_SEAL_KEYS_PHONE"]
    assert found["environment"]["MASHANG_INDEX_KEY"][0].startswith("sha256:")
    assert {"MASHANG_SEAL_KEYS_PHONE", "MASHANG_INDEX_KEY"} == set(found["environment"])
    assert KEY not in json.dumps(found)


def test_a_path_is_quoted_for_the_shell_and_for_postgresql() -> None:
    """A blank, a quote and a per cent sign stay what they are."""
    assert (
        "cp '/a b/50%%/wal'/%f %p 2>/dev/null || cp '/a b/50%%/wal'/%f.partial %p 2>/dev/null"
        == restoring.restore_command(Path("/a b/50%/wal"))
    )


def test_what_left_must_be_known_to_all_who_hear_it() -> None:
    """By FLOWS, and only of the producer that it belongs to."""
    left = {"intake": {ONE: "submission.received.v1"}, "rewards": {TWO: "submission.received.v1"}}
    assert {ONE: "submission.received.v1"} == comparing.expected("scoring", left)
    assert {} == comparing.expected("rewards", left)
    asked = comparing.expected("verification", left)
    gap = Gap("verification", "submission.received.v1", "intake", [ONE])
    assert ([gap], []) == (
        list(comparing.unheard("verification", asked, ())),
        list(comparing.unheard("verification", asked, [ONE])),
    )


def test_it_is_told_by_the_line() -> None:
    """How many of what, of whom, and some of them by name."""
    many = Gap("scoring", "case", "verification", [UUID(int=n) for n in range(7)])
    lines = list(comparing.told([many], {"intake": 2, "scoring": 0}))
    assert lines[0] == "intake: 2 events wait in its outbox and leave when it runs"
    assert lines[1].startswith(f"scoring lacks 7 × case of verification: {UUID(int=0)}, ")
    assert lines[1].endswith(" and 2 more")
    assert ["nothing is missing"] == list(comparing.told([], {}))


def test_every_check_asks_services_that_answer() -> None:
    """Each has its two statements, between two services of ours."""
    for check in CHECKS:
        assert {check.by, check.to} <= set(flows.SERVICES)
        assert "$1" in TOLD[check.by][check.told]
        assert "$1" in KNOWN[check.to][check.known]


def manifest(base: Path, files: dict[str, bytes]) -> None:
    """Files, and a manifest of them as PostgreSQL writes it."""
    listed = []
    for name, content in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(content)
        told = {"Path": name, "Size": len(content), "Checksum": sha256(content).hexdigest()}
        listed.append(json.dumps(told))
    text = '{"Files": [\n' + ",\n".join(listed) + "],\n"
    own = sha256(text.encode()).hexdigest()
    (base / MANIFEST).write_text(f'{text}"Manifest-Checksum": "{own}"}}\n')


def test_a_copy_that_is_as_it_was_is_so(tmp_path: Path) -> None:
    """What is being written ahead is not in the manifest, and may be there."""
    manifest(tmp_path, {"PG_VERSION": b"18", "base/1/2": b"rows"})
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / "000000010000000000000001").write_bytes(b"ahead")
    assert 6 == verify(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("base/1/2", b"rowt", "2 is not as it was written"),
        ("base/1/2", b"row", "has 3 bytes instead of 4"),
        ("base/1/2", None, "2 is missing"),
        ("base/1/3", b"more", "3 is not in the backup's manifest"),
        (MANIFEST, b"{}", "manifest is not as it was written"),
        (MANIFEST, b'{"Files": [], "Manifest-Checksum": "0"}', "manifest is not as it was written"),
        (MANIFEST, b"\xff", "manifest is not as it was written"),
    ],
)
def test_a_copy_that_is_not_is_told_by_the_file(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    """Another byte, fewer of them, none at all, a file too many, another manifest."""
    manifest(tmp_path, {"base/1/2": b"rows"})
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Misconfigured, match=told):
        verify(tmp_path)
