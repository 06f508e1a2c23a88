"""`mashang broker definitions|topology`: what an administrator does once for a RabbitMQ."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import typer

from deploy.cli import surroundings
from shared import flows
from shared.bus import broker, rights
from shared.errors import Misconfigured

PASSWORD = "MASHANG_BROKER_PASSWORD_"  # noqa: S105 (a variable's name)

app = typer.Typer(help="RabbitMQ's users, queues and bindings.")


@app.command()
def definitions() -> None:
    """Print the services' users and rights, for `rabbitmqctl import_definitions`.

    Passwords come from MASHANG_BROKER_PASSWORD_INTAKE and so on, and are printed as hashes; a
    service without one is imported without a password and cannot sign in.
    """
    passwords = {
        service: os.environ.get(f"{PASSWORD}{service.upper()}", "") for service in flows.SERVICES
    }
    hashes = {name: rights.password_hash(word) for name, word in passwords.items() if word}
    print(json.dumps(rights.definitions(hashes), indent=2))
    if missing := [name for name in flows.SERVICES if name not in hashes]:
        print(f"mashang: without a password: {', '.join(missing)}", file=sys.stderr)


@app.command()
def topology() -> None:
    """Declare the exchange, all queues and bindings, as the administrator that AMQP_URL names."""
    url = surroundings.needed("AMQP_URL", "broker")
    try:
        asyncio.run(broker.set_up(url))
    except (*broker.AWAY, ValueError) as problem:
        reason = str(problem) or type(problem).__name__
        raise Misconfigured(f"AMQP_URL: nothing could be declared: {reason}") from None
    print(f"{len(list(flows.bindings()))} queues are declared and bound to {flows.EXCHANGE}")
