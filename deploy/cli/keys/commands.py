"""`mashang keys list|rotate|use|reseal|retire|recall|forget`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from deploy.cli import surroundings
from deploy.cli.backup.server import Server
from deploy.cli.groups import group
from deploy.cli.keys import files, resealing, vendors
from deploy.cli.keys.place import Place
from deploy.local import turning
from deploy.local.keys import Keys
from deploy.local.turning import KINDS, Kind, WrongStep
from shared import config, flows
from shared.errors import Misconfigured
from shared.values import clock
from shared.values.seal import Purpose, Seal

app = group("The installation's keys: which there are, and how one follows another.")

app.add_typer(vendors.app, name="vendor")

Step = Callable[[Keys], Keys]


def kind(text: str) -> Kind:
    """By its name; a typer.BadParameter names them all."""
    if text not in KINDS:
        raise typer.BadParameter(f"{text!r} is none; choose from {', '.join(KINDS)}")
    return KINDS[text]


Named = Annotated[Kind, typer.Argument(parser=kind, metavar="NAME", help="As `list` shows it.")]
Own = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]
Secrets = Annotated[
    Path | None,
    typer.Option("--secrets", metavar="FOLDER", help="Where secrets.json is; else our own."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Without asking.")]


@app.command("list")
def listed(secrets: Secrets = None) -> None:
    """Each key's name, ids, since when, and what it is for; never a value."""
    keys = Place.found(secrets).read()
    for one in KINDS.values():
        turn = keys.turn(one.field)
        print(f"{one.name:<14} {turn.id:<3} in use    {_since(turn.since)}  {one.does}")
        for other in turn.kept:
            print(f"{'':<14} {other.id:<3} {other.stage:<9} {_since(other.since)}")


def _since(at: datetime | None) -> str:
    return at.astimezone().isoformat(" ", "minutes") if at else "the beginning".ljust(22)


@app.command()
def rotate(name: Named, secrets: Secrets = None, yes: Yes = False) -> None:
    """Make a new key. What others must know first is used only after `mashang keys use`."""
    _stepped(secrets, partial(turning.rotated, kind=name, now=clock.now()))
    if not name.known_first:
        _asked(name, yes)
    keys = _change(secrets, name, partial(turning.rotated, kind=name, now=clock.now()))
    turn = keys.turn(name.field)
    if not name.known_first:
        print(f"{name.name} {turn.id} is in use as soon as services start again")
        return
    print(f"{name.name} {turn.kept[0].id} is made, and used by nobody")
    print("start every service again, so that all know it; then:")
    print(f"  mashang keys use {name.name} {turn.kept[0].id}")


@app.command()
def use(name: Named, own: Own, secrets: Secrets = None, yes: Yes = False) -> None:
    """Use a key that all services know; the one before still opens, and still verifies."""
    _stepped(secrets, partial(turning.used, kind=name, own=own))
    if not yes:
        print(f"Whoever does not know {name.name} {own} takes nothing that is made with it.")
    _asked(name, yes, "Has every service been started again since it was made?")
    _change(secrets, name, partial(turning.used, kind=name, own=own))
    print(f"{name.name} {own} is in use as soon as services start again")
    if name.seals:
        print(f"then, for what is sealed already: mashang keys reseal {name.name}")


@app.command()
def reseal(name: Named, secrets: Secrets = None) -> None:
    """Seal with the key in use what older ones sealed, while services run. It may be ended.

    By MASHANG_BACKUP_URL, a superuser's, or the local installation's own.
    """
    purpose, seal = _sealing(name), _seal(Place.found(secrets).read(), name)
    if not resealing.older(seal, purpose):
        print(f"{name.name} has no older key")
        return
    broken = asyncio.run(_reseal(Server.here(), databases(), seal, purpose))
    if broken:
        raise Misconfigured(f"{broken} values do not open, and stay as they are")


async def _reseal(server: Server, urls: dict[str, str], seal: Seal, purpose: Purpose) -> int:
    broken = 0
    async for told in resealing.reseal(server, urls, seal, purpose):
        one = told.column
        share = 100 * told.blocks // told.all if told.all else 100
        print(f"{one.service}.{one.table}.{one.name}: {share} %, {told.done} values", flush=True)
        broken += told.broken if told.blocks >= told.all else 0
    if purpose == "photo" and (place := await files.needed(server, urls)):
        async for count in files.reseal(server, urls, place, seal):
            print(f"files: {count}", flush=True)
    return broken


@app.command()
def retire(name: Named, own: Own, secrets: Secrets = None, yes: Yes = False) -> None:
    """Take an older key from the services. Refused while anything that it sealed is there.

    It is kept for backups of before, until `mashang keys forget`.
    """
    _stepped(secrets, partial(turning.retired, kind=name, own=own))
    if name.seals:
        left = asyncio.run(_left(Server.here(), databases(), name.seals, own))
        if left:
            where = ", ".join(f"{count} in {table}" for table, count in left.items())
            raise Misconfigured(
                f"{name.name} {own} has sealed what is still there: {where}; see mashang keys"
                " reseal, events go by themselves"
            )
    if not yes:
        _may_go(name)
    changed = _change(secrets, name, partial(turning.retired, kind=name, own=own))
    print(f"{name.name} {own} is taken from the services as they start again")
    if changed.retired("code_key") and name.field == "code_key":
        print("where intake reads files, it is told of this one by MASHANG_CODE_KEYS_RETIRED_FILE")


def _may_go(name: Kind) -> None:
    """What nobody sees from here."""
    if name.field == "code_key":
        print("Codes that it signed lead to a page that says to scan the new one.")
        _confirm("Has every window a new one?")
    else:
        print("Whoever was not started again since another one is used still makes use of it.")
        _confirm("Has every service been started again since?")


async def _left(server: Server, urls: dict[str, str], purpose: Purpose, own: str) -> dict[str, int]:
    found = await resealing.left(server, urls, purpose, own)
    if purpose == "photo" and (place := await files.needed(server, urls)):
        count = await files.sealed_with(server, urls, place, own)
        return found | ({"the storage": count} if count else {})
    return found


@app.command()
def recall(name: Named, own: Own, secrets: Secrets = None) -> None:
    """Tell services a retired key again, as after a backup of before was restored."""
    _change(secrets, name, partial(turning.recalled, kind=name, own=own))
    print(f"{name.name} {own} opens again as soon as services start again")


@app.command()
def forget(name: Named, own: Own, secrets: Secrets = None, yes: Yes = False) -> None:
    """Throw a retired key away, and with it whatever it sealed in backups."""
    _stepped(secrets, partial(turning.forgotten, kind=name, own=own))
    if not yes:
        print("What it sealed in backups never opens again.")
        _confirm("Throw it away?")
    _change(secrets, name, partial(turning.forgotten, kind=name, own=own))
    print(f"{name.name} {own} is gone")


def _stepped(secrets: Path | None, step: Step) -> tuple[Place, Keys, Keys]:
    """Where, the keys, and the keys after a step; typer.BadParameter where it cannot be."""
    place = Place.found(secrets)
    before = place.read()
    try:
        return place, before, step(before)
    except WrongStep as wrong:
        raise typer.BadParameter(str(wrong)) from None


def _change(secrets: Path | None, name: Kind, step: Step) -> Keys:
    """One step, written down; the files of services that changed are named."""
    place, before, after = _stepped(secrets, step)
    for path in place.write(before, after, name):
        print(f"written: {path}")
    return after


def _asked(name: Kind, yes: bool, question: str = "Go on?") -> None:
    """What it costs, and whether that is wanted."""
    if yes:
        return
    if name.costs:
        print(f"{name.costs[0].upper()}{name.costs[1:]}.")
    if name.costs or name.known_first:
        _confirm(question)


def _confirm(question: str) -> None:
    if not typer.confirm(question):
        raise Misconfigured("nothing was changed")


def _sealing(name: Kind) -> Purpose:
    if name.seals is None:
        raise typer.BadParameter(f"{name.name} seals nothing")
    return name.seals


def _seal(keys: Keys, name: Kind) -> Seal:
    return Seal({_sealing(name): config.keys(keys.ring(name.field))})


def databases() -> dict[str, str]:
    """By service, its database's name."""
    return {
        service: urlsplit(surroundings.database_url(service)).path[1:] for service in flows.SERVICES
    }
