"""`mashang events resend --since TIME`: what was sent is sent again, as after a restore."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer

from deploy.cli import surroundings
from deploy.cli.moments import moment, shown
from shared import flows
from shared.bus import outbox, sent
from shared.bus.sent import Chosen
from shared.errors import Misconfigured

Found = Mapping[str, Chosen]


def resend(
    since: Annotated[
        datetime, typer.Option(parser=moment, metavar="TIME", help="What left since then.")
    ],
    service: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this one's (may be repeated).")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only events of this type (may be repeated)."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Send events again that left their services since TIME, in their order, under their own ids.

    After a restore some of them are nowhere else. Whoever has handled one knows its id and does
    nothing. They go by way of the outbox: each service's relay sends them as soon as it runs.
    """
    names, types = chosen(service or [], flows.SERVICES), chosen(kind or [], flows.EVENTS)
    found = asyncio.run(_count(names, since, types))
    for line in told(found, since):
        print(line)
    if not any(one.counts for one in found.values()):
        return
    if not yes and not typer.confirm("Send them again?"):
        raise Misconfigured("nothing was sent")
    asyncio.run(_send([name for name in names if found[name].counts], since, types))


def chosen(named: Sequence[str], known: Mapping[str, object] | Sequence[str]) -> Sequence[str]:
    """Those that were named. typer.BadParameter for one that there is not."""
    if unknown := [one for one in named if one not in known]:
        raise typer.BadParameter(f"{unknown[0]} is none; choose from {', '.join(known)}")
    return named or (known if isinstance(known, Sequence) else ())


def told(found: Found, since: datetime) -> list[str]:
    """How many of which types, and what is not among them."""
    lines = [
        f"{count:>9}  {kind}  from {service}"
        for service, one in found.items()
        for kind, count in one.counts.items()
    ]
    for service, one in found.items():
        if one.too_old:
            lines.append(
                f"{service}: {one.too_old} are left out: made so long ago that no inbox knows them"
            )
        if one.oldest and one.oldest > since:
            lines.append(f"{service} keeps none that left before {shown(one.oldest)}")
    total = sum(sum(one.counts.values()) for one in found.values())
    return [*lines, f"{total} events left since {shown(since)}"]


async def _count(names: Sequence[str], since: datetime, types: Sequence[str]) -> Found:
    found = {}
    for name in names:
        async with surroundings.connection(name) as conn:
            found[name] = await sent.count(conn, since, types)
    return found


async def _send(names: Sequence[str], since: datetime, types: Sequence[str]) -> None:
    for name in names:
        count = 0
        async with surroundings.connection(name) as conn:
            async for batch in sent.send_again(conn, since, types):
                count += batch
                print(f"{name}: {count} are in its outbox", flush=True)
            await outbox.hint(conn)
