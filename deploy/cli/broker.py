"""`mashang broker definitions|topology|orphans`: what an administrator does once for a RabbitMQ."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer

from deploy.cli import surroundings
from shared import flows, secret
from shared.bus import broker, rights
from shared.bus.orphans import find, look
from shared.bus.orphans import remove as remove_orphan
from shared.errors import Misconfigured

T = TypeVar("T")
PASSWORD = "MASHANG_BROKER_PASSWORD_"  # noqa: S105 (a variable's name)

app = typer.Typer(help="RabbitMQ's users, queues and bindings.")


@app.command()
def definitions() -> None:
    """Print the services' users and rights, for `rabbitmqctl import_definitions`.

    Passwords come from MASHANG_BROKER_PASSWORD_INTAKE and so on, and are printed as hashes; a
    service without one is imported without a password and cannot sign in.
    """
    passwords = {service: secret.read(f"{PASSWORD}{service.upper()}") for service in flows.SERVICES}
    hashes = {name: rights.password_hash(word) for name, word in passwords.items() if word}
    print(json.dumps(rights.definitions(hashes), indent=2))
    if missing := [name for name in flows.SERVICES if name not in hashes]:
        print(f"mashang: without a password: {', '.join(missing)}", file=sys.stderr)


@app.command()
def topology() -> None:
    """Declare the exchange, all queues and bindings, as the administrator that AMQP_URL names."""
    _at_broker(broker.set_up, "nothing could be declared")
    print(f"{len(list(flows.bindings()))} queues are declared and bound to {flows.EXCHANGE}")


@app.command()
def orphans(
    remove: Annotated[
        str, typer.Option(help="Remove this queue with what is in it, once its name is typed.")
    ] = "",
) -> None:
    """List queues that no service reads any more, as the administrator that AMQP_URL names."""
    found = _at_broker(find, "its queues could not be read")
    if not remove:
        for name, count in found.items():
            print(f"{name}  {count} messages")
        print(f"{len(found)} queues are bound to {flows.EXCHANGE} that FLOWS does not know")
        return
    if remove not in found:
        raise Misconfigured(f"{remove} is not among the orphans; see `mashang broker orphans`")
    print(f"{remove} holds {found[remove]} messages, which no service will ever handle")
    for line in _at_broker(lambda url: look(url, remove), "it could not be read"):
        print(f"  {line}")
    if typer.prompt("Type the queue's name to remove it with them") != remove:
        raise Misconfigured("that is another name; nothing was removed")
    _at_broker(lambda url: remove_orphan(url, remove), "it could not be removed")
    print(f"{remove} is removed")


def _at_broker(work: Callable[[str], Coroutine[Any, Any, T]], failed: str) -> T:
    url = surroundings.needed("AMQP_URL", "broker")
    try:
        return asyncio.run(work(url))
    except (*broker.AWAY, ValueError) as problem:
        reason = str(problem) or type(problem).__name__
        raise Misconfigured(f"AMQP_URL: {failed}: {reason}") from None
