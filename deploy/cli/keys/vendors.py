"""`mashang keys vendor add|use|drop VARIABLE`: a vendor's secret changed without a lost report.

Its file holds one, or two: the first is used, reports under both are taken.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.groups import group
from deploy.cli.keys.place import Place, write_mounted
from deploy.local.keys import token
from services.notifications import commands as notifications
from services.rewards import commands as rewards
from shared.errors import Misconfigured

app = group("What vendors sign with or call us by: a new one known first, then used.")
# Ours to choose; what a vendor signs with is theirs.
OURS = "_REPORT_SECRET"
_SECRET = re.compile(r"[!-+\--~]{1,4096}")


def variable(text: str) -> str:
    """One whose reports may come under two; a typer.BadParameter names them."""
    known = sorted({*rewards.list_twofold(), *notifications.list_twofold()})
    if text not in known:
        raise typer.BadParameter(
            f"{text!r} is one value: write another into its file; two may be {', '.join(known)}"
        )
    return text


Named = Annotated[str, typer.Argument(parser=variable, metavar="VARIABLE", help="By its file.")]
Secrets = Annotated[
    Path | None,
    typer.Option("--secrets", metavar="FOLDER", help="Where secrets.json is; else our own."),
]


@app.command()
def add(name: Named, secrets: Secrets = None) -> None:
    """Take reports under a new one, too: made here where it is ours, else read from the input."""
    path = _file(name, secrets)
    now = _one(path)
    new = token() if name.endswith(OURS) else sys.stdin.readline().strip()
    if not _SECRET.fullmatch(new) or new == now:
        raise typer.BadParameter("a line with the vendor's new secret should be on the input")
    write_mounted(path, f"{now},{new}")
    print(f"written: {path}")
    print(f"start the service again, then: mashang keys vendor use {name}")


@app.command()
def use(name: Named, secrets: Secrets = None) -> None:
    """Use the new one; reports under the old one are still taken."""
    path = _file(name, secrets)
    old, new = _two(path)
    write_mounted(path, f"{new},{old}")
    print(f"written: {path}")
    print("change it at the vendor and start the service again; when no report comes under the old")
    print(f"one any more: mashang keys vendor drop {name}")


@app.command()
def drop(name: Named, secrets: Secrets = None) -> None:
    """Take no more reports under the second one."""
    path = _file(name, secrets)
    first, _ = _two(path)
    write_mounted(path, first)
    print(f"written: {path}")


def _file(name: str, secrets: Path | None) -> Path:
    found = sorted(Place.found(secrets).folder.glob(f"*/{name}"))
    if not found:
        raise Misconfigured(f"no service has a file {name} here; beside `make run` vendors are a"
                            " sandbox")  # fmt: skip
    return found[0]


def _one(path: Path) -> str:
    now = path.read_text("utf-8").strip()
    if not now:
        raise Misconfigured(f"{path} is empty; write the vendor's first one into it")
    if "," in now:
        raise Misconfigured(f"{path} holds two already; see mashang keys vendor use and drop")
    return now


def _two(path: Path) -> tuple[str, str]:
    first, comma, second = path.read_text("utf-8").strip().partition(",")
    if not comma:
        raise Misconfigured(f"{path} holds one; see mashang keys vendor add")
    return first, second
