"""`mashang events …`: what a service could not handle, for a person to look at, replay or discard.

`mashang events document` prints all that the services tell each other, as AsyncAPI.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, get_args
from uuid import UUID

import typer

from deploy.cli import running, surroundings, touching
from deploy.cli.named import Service
from shared import asyncapi
from shared.console import payload, waiting
from shared.console.acts import What
from shared.console.waiting import FIRST, State, Step, Waiting, Wanted
from shared.errors import Misconfigured
from shared.observe import reading

MOST = 1000
ONE_OF_TWO = "say either an event's ID or --all, --type, --error or --older"
app = typer.Typer(help="Events that a service could not handle.")


def a_state(state: str) -> str:
    """Set aside for a person, or still tried by itself."""
    if state not in get_args(State):
        raise typer.BadParameter(f"choose from {', '.join(get_args(State))}")
    return state


InState = Annotated[str, typer.Option("--state", callback=a_state, help="parked or pending.")]
OfType = Annotated[str, typer.Option("--type", help="Only this type, as case.verified.v1.")]
WithError = Annotated[str, typer.Option("--error", help="Only where the error has this in it.")]
Older = Annotated[int, typer.Option("--older", min=0, max=87000, help="At least so many hours.")]
Id = Annotated[UUID | None, typer.Argument()]
Every = Annotated[bool, typer.Option("--all", help="All of the service's.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


app.command("state")(running.state)
app.command("level")(running.level)


@app.command("parked")
def list_parked(service: Service) -> None:
    """List those that were set aside, the oldest first."""
    _print(service, Wanted())


@app.command("list")
def list_some(
    service: Service,
    state: InState = "parked",
    of_type: OfType = "",
    error: WithError = "",
    older: Older = 0,
) -> None:
    """List what waits, by filter, the oldest first."""
    _print(service, _wanted(state, of_type, error, older))


@app.command()
def show(id: UUID, service: Service) -> None:  # noqa: A002 (the argument's name in the help)
    """Show one with its content and its story; what is sealed in it is left out."""
    event, steps = asyncio.run(_get(service, id))
    if event is None and not steps:
        raise Misconfigured(f"{service} has no parked event {id}")
    if event:
        print(f"type      {event.type}\nstate     {event.state}\nattempts  {event.attempts}")
        print(f"since     {_at(event.since)}\nerror     {reading.shown(event.error or '')}")
    for step in steps:
        print(_line(step))
    if event:
        print(readable(event.body))


@app.command()
def replay(
    service: Service,
    id: Id = None,  # noqa: A002
    every: Every = False,
    state: InState = "parked",
    of_type: OfType = "",
    error: WithError = "",
    older: Older = 0,
    reason: Annotated[str, typer.Option(help="What was mended.")] = "",
    yes: Yes = False,
) -> None:
    """Give one, or all that are meant, another chance; the service takes them up by itself."""
    wanted = _meant(_wanted(state, of_type, error, older, id), every)
    _touch(service, "replay", wanted, reason, sure=yes or id is not None)


@app.command()
def discard(
    service: Service,
    reason: Annotated[str, typer.Option(help="Why nobody will ever handle them.")],
    id: Id = None,  # noqa: A002
    every: Every = False,
    state: InState = "parked",
    of_type: OfType = "",
    error: WithError = "",
    older: Older = 0,
    yes: Yes = False,
) -> None:
    """Never handle one, or all that are meant; who, when and why stay on record."""
    if not reason.strip():
        raise Misconfigured("--reason must say why")
    wanted = _meant(_wanted(state, of_type, error, older, id), every)
    _touch(service, "discard", wanted, reason, sure=yes)


@app.command()
def acts(service: Service) -> None:
    """List who replayed or discarded what, when and why, the newest first."""
    for one in asyncio.run(touching.list_acts(service)):
        over = "" if one.ended_at else "  goes on"
        what = f"{one.act}  {one.done} of {one.number}" if one.act != "level" else "level"
        asked = {name: value for name, value in one.asked.items() if value}
        told = reading.one_line(json.dumps(asked, ensure_ascii=False))
        why = reading.one_line(one.reason)
        print(f"{one.act_id}  {_at(one.acted_at)}  {what}{over}  {one.username}  {why}  {told}")


@app.command()
def document() -> None:
    """Print what the services tell each other as an AsyncAPI 3 document."""
    print(json.dumps(asyncapi.document(), ensure_ascii=False, indent=2))


def readable(body: str) -> str:
    """Indented and without what is sealed if it is JSON, else as it came.

    Nothing in it commands the terminal.
    """
    told = payload.told(body)
    return reading.shown(body if told is None else told)


def _meant(wanted: Wanted, every: bool) -> Wanted:
    filtered = wanted.chooses and wanted.event_id is None
    if [every, wanted.event_id is not None, filtered].count(True) != 1:
        raise Misconfigured(ONE_OF_TWO)
    return wanted


def _wanted(
    state: str, of_type: str, error: str, older: int, event_id: UUID | None = None
) -> Wanted:
    values = {"state": state, "type": of_type, "error": error, "hours": older}
    try:
        return Wanted.model_validate({**values, "event_id": event_id})
    except ValueError:
        raise Misconfigured("--type takes 100 characters at most, --error 200") from None


def _touch(service: str, act: What, wanted: Wanted, reason: str, *, sure: bool) -> None:
    """Count, ask, do."""
    kinds, wanted = asyncio.run(touching.look(service, wanted))
    number = sum(kind.number for kind in kinds)
    if not number:
        raise Misconfigured(f"{service} has {_none(wanted)}")
    if not sure:
        for kind in kinds:
            print(f"{kind.number:>7}  {kind.type}  since {_at(kind.oldest)}")
        typer.confirm(f"{touching.HURTS[act]}\n{act} {number} events of {service}?", abort=True)
    done = asyncio.run(touching.touch(service, act, wanted, reason, number))
    print(f"{done} events of {service} {touching.DONE[act]}")


def _none(wanted: Wanted) -> str:
    if wanted.event_id:
        return f"no {wanted.state} event {wanted.event_id}"
    return f"no {wanted.state} event that is meant"


def _print(service: str, wanted: Wanted) -> None:
    found = asyncio.run(_list(service, wanted))
    for one in found:
        why = reading.one_line(one.error or "")
        print(f"{one.event_id}  {_at(one.since)}  {reading.one_line(one.type)}  {why}")
    more = " at least" if len(found) == MOST else ""
    print(f"{len(found)}{more} {wanted.state} events in {service}")


def _line(step: Step) -> str:
    number = f" at attempt {step.number}" if step.what in ("failed", "parked") else ""
    by = f" by {step.by}" if step.by else ""
    return f"{_at(step.at)}  {step.what}{number}{by}  {reading.one_line(step.word or '')}"


def _at(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")


async def _list(service: str, wanted: Wanted) -> list[Waiting]:
    async with surroundings.transaction(service) as conn:
        return await waiting.list_waiting(conn, wanted, datetime.now(UTC), FIRST, MOST)


async def _get(service: str, event_id: UUID) -> tuple[Waiting | None, list[Step]]:
    async with surroundings.transaction(service) as conn:
        event = await waiting.get_waiting(conn, event_id)
        return event, await waiting.list_steps(conn, event_id)
