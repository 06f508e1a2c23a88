"""`mashang events parked|show|replay`: events that a service has set aside for a person.

`mashang events document`: all that the services tell each other, as AsyncAPI.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from uuid import UUID

import typer

from deploy.cli import surroundings
from shared import asyncapi
from shared.bus import parked
from shared.bus.parked import Parked
from shared.errors import Misconfigured
from shared.flows import SERVICES
from shared.observe import reading

app = typer.Typer(help="Events that a service could not handle.")


def known(service: str) -> str:
    """One of ours."""
    if service not in SERVICES:
        raise typer.BadParameter(f"choose from {', '.join(SERVICES)}")
    return service


Service = Annotated[str, typer.Option(callback=known, metavar="NAME", help=", ".join(SERVICES))]


@app.command("parked")
def list_parked(service: Service) -> None:
    """List them, the oldest first."""
    found = asyncio.run(_list(service))
    for event in found:
        at = event.parked_at.astimezone().isoformat(timespec="seconds")
        print(f"{event.event_id}  {at}  {event.type}  {reading.one_line(event.error or '')}")
    print(f"{len(found)} parked events in {service}")


@app.command()
def show(id: UUID, service: Service) -> None:  # noqa: A002 (the argument's name in the help)
    """Show one with its content; phones and words in it are sealed."""
    event = asyncio.run(_get(service, id))
    if event is None:
        raise Misconfigured(f"{service} has no parked event {id}")
    print(f"type      {event.type}\nattempts  {event.attempts}\nparked    {event.parked_at}")
    print(f"error     {reading.shown(event.error or '')}\n{readable(event.body)}")


@app.command()
def replay(
    service: Service,
    id: Annotated[UUID | None, typer.Argument()] = None,  # noqa: A002
    every: Annotated[bool, typer.Option("--all", help="All of the service's.")] = False,
) -> None:
    """Give them another chance; the service takes them up by itself."""
    if every == (id is not None):
        raise Misconfigured("say either an event's ID or --all")
    count = asyncio.run(_replay(service, id))
    if not count and not every:
        raise Misconfigured(f"{service} has no parked event {id}")
    print(f"{count} events of {service} will be tried again")


@app.command()
def document() -> None:
    """Print what the services tell each other as an AsyncAPI 3 document."""
    print(json.dumps(asyncapi.document(), ensure_ascii=False, indent=2))


def readable(body: str) -> str:
    """Indented if it is JSON, else as it came; nothing in it commands the terminal."""
    try:
        return reading.shown(json.dumps(json.loads(body), ensure_ascii=False, indent=2))
    except ValueError:
        return reading.shown(body)


async def _list(service: str) -> list[Parked]:
    async with surroundings.transaction(service) as conn:
        return await parked.list_parked(conn)


async def _get(service: str, event_id: UUID) -> Parked | None:
    async with surroundings.transaction(service) as conn:
        return await parked.get_parked(conn, event_id)


async def _replay(service: str, event_id: UUID | None) -> int:
    async with surroundings.transaction(service) as conn:
        return await parked.replay(conn, event_id)
