"""What a person sees while everything runs: one line at a time, each with its speaker's name."""

from __future__ import annotations

import os
import sys
import time

from deploy.local.process import Sink

COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)
WIDTH = 13


class Console:
    """Prefixed lines on standard output; coloured on a terminal, unless NO_COLOR is set."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._began = time.monotonic()
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._seen: dict[str, int] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def step(self, text: str) -> None:
        """A line of the launcher's own, with the seconds gone by."""
        self.line("mashang", f"{self.elapsed:5.1f} s  {text}")

    def speaker(self, name: str) -> Sink:
        """Something that prints lines under that name."""
        return lambda text: self.line(name, text)

    def line(self, name: str, text: str) -> None:
        """One line, at once."""
        if not self.quiet:
            print(f"{self._label(name)} {text}", flush=True)

    def _label(self, name: str) -> str:
        label = f"{name:<{WIDTH}}│"
        if not self._coloured:
            return label
        colour = COLOURS[self._seen.setdefault(name, len(self._seen)) % len(COLOURS)]
        return f"\033[{colour}m{label}\033[0m"
