"""`mashang events parked|show|replay`: events that a service has set aside for a person."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING
from uuid import UUID

from deploy.cli import surroundings
from shared.bus import parked
from shared.errors import Misconfigured
from shared.flows import SERVICES

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the parser."""
    group = commands.add_parser("events", help="events that a service could not handle")
    actions = group.add_subparsers(required=True, metavar="ACTION")
    service = argparse.ArgumentParser(add_help=False)
    service.add_argument("--service", required=True, choices=SERVICES)
    one = actions.add_parser("parked", parents=[service], help="list them, the oldest first")
    one.set_defaults(run=list_parked)
    two = actions.add_parser("show", parents=[service], help="show one with its content")
    two.add_argument("id", type=UUID)
    two.set_defaults(run=show)
    three = actions.add_parser("replay", parents=[service], help="give them another chance")
    which = three.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=UUID, nargs="?")
    which.add_argument("--all", action="store_true")
    three.set_defaults(run=replay)


async def list_parked(options: argparse.Namespace) -> int:
    """One line each."""
    async with surroundings.transaction(options.service) as conn:
        found = await parked.list_parked(conn)
    for event in found:
        at = event.parked_at.astimezone().isoformat(timespec="seconds")
        print(f"{event.event_id}  {at}  {event.type}  {event.error or ''}")
    print(f"{len(found)} parked events in {options.service}")
    return 0


async def show(options: argparse.Namespace) -> int:
    """Everything about one event; phones and words in it are sealed."""
    async with surroundings.transaction(options.service) as conn:
        event = await parked.get_parked(conn, options.id)
    if event is None:
        raise Misconfigured(f"{options.service} has no parked event {options.id}")
    print(f"type      {event.type}\nattempts  {event.attempts}\nparked    {event.parked_at}")
    print(f"error     {event.error or ''}\n{readable(event.body)}")
    return 0


def readable(body: str) -> str:
    """Indented if it is JSON, else as it came."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body


async def replay(options: argparse.Namespace) -> int:
    """Make one or all pending again; the service takes them up by itself."""
    async with surroundings.transaction(options.service) as conn:
        count = await parked.replay(conn, None if options.all else options.id)
    if not count and not options.all:
        raise Misconfigured(f"{options.service} has no parked event {options.id}")
    print(f"{count} events of {options.service} will be tried again")
    return 0
