"""The citizens as processes: our own generator, and wrk (Debian's package), cheaper, from C.

wrk does not tell a 201 from a 200; the recount does, since a repeated key stores nothing.
"""

import json
import os
import secrets
import shutil
from pathlib import Path

from deploy.local.process import StartError
from tests.bench.load import LOOPBACK, PATH, Outcome
from tests.bench.servers import Lab

SCRIPT = Path(__file__).with_name("wrk.lua")


async def ours(lab: Lab, seconds: float, connections: int, bodies: Path) -> Outcome:
    """What our own reached."""
    arguments = (str(lab.ports["intake"]), str(seconds), str(connections), str(bodies))
    process = lab.module("load", "tests.bench.load", *arguments, env=os.environ)
    await lab.finish(process)
    return Outcome(**json.loads(lab.last_line(process)))


async def wrk(lab: Lab, seconds: float, connections: int, bodies: Path) -> Outcome:
    """What wrk reached. Answers that are on their way at its end are left: `unheard` of them."""
    program = shutil.which("wrk")
    if not program:
        raise StartError("wrk is missing; `make bench` installs it where it may")
    process = lab.child(
        "wrk",
        *(program, "--threads=1", f"--connections={connections}", f"--script={SCRIPT}"),
        *(f"--duration={max(1, round(seconds))}s", "--timeout=15s"),
        f"http://{LOOPBACK}:{lab.ports['intake']}{PATH}",
        env={**os.environ, "BODIES": str(bodies), "KEYS": secrets.token_hex(8)},
    )
    await lab.finish(process)
    return read(lab.last_line(process), connections)


def read(line: str, connections: int) -> Outcome:
    """The last line of wrk. StartError if it is none of ours."""
    try:
        told = json.loads(line)
    except ValueError:
        raise StartError(f"wrk gave no figure: {line[-200:]}") from None
    accepted = told["answers"] - told["refused"]
    losses = {name: told[name] for name in ("refused", "disconnected") if told[name]}
    return Outcome(
        rate=accepted / told["seconds"],
        accepted=accepted,
        refused=losses,
        p50_ms=told["p50"],
        p99_ms=told["p99"],
        unheard=connections,
    )
