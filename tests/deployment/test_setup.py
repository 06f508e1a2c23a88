"""`python -m deploy.cluster`: what an administrator runs once, on real servers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from deploy.cluster import secrets, setup
from deploy.local import Postgres
from deploy.local.databases import database_of, url_of
from deploy.local.process import StartError
from shared import db
from shared.db import Database
from shared.flows import SERVICES
from tests.conftest import PASSWORD
from tests.deployment.settings import ROOT
from tests.town import environ

BROKER = "rabbitmq:5672"


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """The command, with nothing told by the environment."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.cluster", *words], cwd=ROOT, env={"PATH": os.defpath},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


async def test_databases_that_an_operator_made_are_migrated_and_closed_to_others(
    templates: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that are there get their tables; only its own service enters one."""
    admin = await asyncpg.connect(templates.admin_url)
    for service in SERVICES:
        # One is new; the others are there already, as at a second time.
        like = "" if service == "scoring" else f"TEMPLATE {service}_template"
        await admin.execute(f"CREATE DATABASE {database_of(service)} {like}")
    try:
        with environ({"DATABASE_URL": templates.admin_url}):
            await setup.migrate()
        assert [f"{one} is migrated" for one in SERVICES] == capsys.readouterr().out.splitlines()
        own = templates.url(database_of("scoring"), "mashang_scoring", PASSWORD)
        await (await db.wait_until_ready(own, "scoring", 1)).close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await Database.connect(url_of(own, database_of("rewards")), "scoring", 1)
    finally:
        for service in SERVICES:
            await admin.execute(f"DROP DATABASE {database_of(service)} WITH (FORCE)")
        await admin.close()


async def test_what_cannot_be_made_is_one_line() -> None:
    """A server that is not there, a secret that is nowhere."""
    with environ({"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x"}):
        with pytest.raises(StartError, match="DATABASE_URL: intake cannot be migrated"):
            await setup.migrate()
        with pytest.raises(StartError, match="OWNER_PASSWORD or OWNER_PASSWORD_FILE should be"):
            await setup.set_up()


def test_secrets_are_written_once(tmp_path: Path) -> None:
    """Nobody else's to read, told what a person has to fill in, and kept when written again."""
    folder = tmp_path / "secrets"
    first = run("secrets", str(folder))
    before = (folder / "intake" / "MASHANG_INDEX_KEY").read_text()
    (folder / "rewards" / "MASHANG_JUHE_KEY").write_text("from the vendor\n")
    again = run("secrets", str(folder))
    assert ("", 0, 0) == (first.stderr, first.returncode, again.returncode)
    assert f"fill in {folder}/rewards/MASHANG_JUHE_KEY\n" in first.stdout
    assert "JUHE_KEY\n" not in again.stdout
    assert before == (folder / "intake" / "MASHANG_INDEX_KEY").read_text()
    assert 0o700 == folder.stat().st_mode & 0o777


def test_each_folder_is_a_secret_of_kubernetes(tmp_path: Path) -> None:
    """Log-ins in the form that operators take; what is Compose's own stays at home."""
    secrets.write(tmp_path, "postgres:5432", BROKER)
    told = json.loads(run("resources", str(tmp_path)).stdout)["items"]
    kinds = {one["metadata"]["name"]: one["type"] for one in told}
    assert "kubernetes.io/basic-auth" == kinds["mashang-database-intake"]
    assert ("Opaque", "kubernetes.io/tls") == (kinds["mashang-intake"], kinds["mashang-tls"])
    assert not {"mashang-setup", "mashang-postgres", "mashang-rabbitmq"} & kinds.keys()


def test_no_service_holds_anothers_secret(tmp_path: Path) -> None:
    """But the keys by which one reads what the other sealed, and what checks the desk's word."""
    secrets.write(tmp_path, "postgres:5432", BROKER)
    names: dict[str, list[str]] = {}
    for service in SERVICES:
        for file in (tmp_path / service).iterdir():
            if value := file.read_text():
                names.setdefault(value, []).append(file.name.removeprefix("MASHANG_"))
    shared = {tuple(found) for found in names.values() if len(found) > 1}
    assert {
        ("SEAL_KEYS_PHONE",) * 4, ("SEAL_KEYS_WORDS",) * 2, ("SEAL_KEYS_ANSWER",) * 2,
        ("SEAL_KEYS_PHOTO",) * 2, ("INDEX_KEY",) * 2, ("IDENTITY_PUBLIC",) * 4,
    } == shared  # fmt: skip
