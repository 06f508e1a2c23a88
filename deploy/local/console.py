"""What a person sees while everything runs: the steps with their times, and what goes wrong.

What the services write goes to their log files, whole; the screen shows the entries that somebody
should act on, one line each.
"""

from __future__ import annotations

import os
import shutil
import sys
import time

from deploy.local.process import Sink
from shared.observe import reading
from shared.observe.reading import Entry

COLOURS = {"warning": 33, "error": 31, "critical": 31}
WIDEST = 200


class Console:
    """Lines on standard output; coloured on a terminal, unless NO_COLOR is set.

    Until `everything_is_up` a warning is not shown: services start beside their servers and say
    that they wait for them.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._shown_from = "error"
        self._began = time.monotonic()
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def everything_is_up(self) -> None:
        """From now on warnings are news."""
        self._shown_from = "warning"

    def step(self, text: str) -> None:
        """A line of the launcher's own, with the seconds gone by."""
        self.print(f"{self.elapsed:6.1f} s  {text}")

    def print(self, text: str = "") -> None:
        """One line as it is, at once."""
        if not self.quiet:
            print(text, flush=True)

    def speaker(self, name: str) -> Sink:
        """Something that tells what happened to a process."""
        return lambda text: self.show(Entry(None, "warning", name, text))

    def watcher(self, name: str) -> Sink:
        """Something that reads a process's log lines and shows the bad ones."""
        return lambda line: self.show(reading.read(line, name))

    def show(self, entry: Entry) -> None:
        """An entry, if it is bad enough; cut to the terminal's width."""
        if entry.is_at_least(self._shown_from):
            width = shutil.get_terminal_size((WIDEST, 0)).columns
            text = str(entry)
            text = text if len(text) <= width else f"{text[: width - 1]}…"
            self.print(self._painted(text, COLOURS.get(entry.level)))

    def _painted(self, text: str, colour: int | None) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured and colour else text
