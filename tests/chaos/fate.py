"""Whether the process dies here: by the functions on the stack, and by what is still owed."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from tests.chaos import points
from tests.chaos.points import NAMELESS, Act, Point
from tests.chaos.tally import Tally

OURS = ("/services/", "/shared/")
DOORS = ("/shared/db.py", "/shared/holding.py")
BATCH = "Inbox._handle_fresh"
# Reached only after a batch has failed for no fault of its events.
TOGETHER = [p for p in points.POINTS if p.frame in ("claim_batch", "Inbox._run_together")]
OVERTAKEN = 0.3


class Fate:
    """Of one process of a service; `me` is its name among several."""

    def __init__(self, service: str, me: str, tally: Tally) -> None:
        self._service, self._me, self._tally = service, me, tally
        self._points = [*points.of(service), *points.by_hand(service)]
        self._seen: set[str] = set()
        self._known = (*(point.frame for point in self._points), *NAMELESS)

    def choose(self, act: Act) -> Point | None:
        """A point here that is owed, one of several by chance."""
        owed = [p for p in self._here(act) if self._tally.owes(self._service, p.name)]
        return random.choice(owed) if owed else None

    def _here(self, act: Act) -> list[Point]:
        candidates = [point for point in self._points if point.act == act]
        for name in names(sys._getframe(2)):
            if found := [point for point in candidates if point.frame == name]:
                return found
        return []

    def nameless(self) -> str:
        """The function of ours whose commit no point names, the first time; else empty."""
        own = list(names(sys._getframe(1)))
        if not own or own[0] in self._seen or any(name.startswith(self._known) for name in own):
            return ""
        self._seen.add(own[0])
        return own[0]

    def note_nameless(self, frame: str) -> None:
        """It changed something."""
        self._tally.nameless(f"{self._service} {frame}")

    def is_overtaken(self) -> bool:
        """Whether this batch of events loses to another transaction: its events become pending."""
        if not any(point.frame == BATCH for point in self._here("commit")):
            return False
        owed = any(self._tally.owes(self._service, p.name) for p in self._points if p in TOGETHER)
        return owed and random.random() < OVERTAKEN

    def die(self, point: Point) -> NoReturn:
        """Now, without any goodbye."""
        self._tally.hit(self._service, point.name)
        os.kill(os.getpid(), signal.SIGKILL)
        raise SystemExit  # not reached

    async def linger(self, act: Act) -> None:
        """Wait here for the launcher's word, if this is where it wants this process to be."""
        if self._tally.flagged("linger") != self._me or self._tally.flagged("lingering"):
            return
        if any(point.frame == BATCH for point in self._here(act)):
            self._tally.flag("lingering")
            while not self._tally.flagged("go"):  # noqa: ASYNC110  another process says it
                await asyncio.sleep(0.01)


def names(frame: FrameType | None) -> Iterator[str]:
    """Our functions on the stack, the innermost first; those of an errand with its name too."""
    while frame is not None:
        code = frame.f_code
        file = code.co_filename
        if any(part in file for part in OURS) and not file.endswith(DOORS):
            name = code.co_qualname
            if name in ("Errand.run", "Errand.carry"):
                name += f"[{frame.f_locals['self'].name}]"
            yield name
        frame = frame.f_back
