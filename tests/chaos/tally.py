"""What the launcher wants and what the doomed processes did: files, since the latter die at once.

wanted.json     {service: {point: how often}}
hits/SERVICE/POINT      a byte for each death there
nameless/FRAME          a commit that no point names
deaths          a line for each process that ended by a defect of its own
linger, lingering, go   a process waits before a commit until the launcher says go
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Wanted = dict[str, dict[str, int]]


@dataclass
class Tally:
    """One run's folder, for the launcher and for every process."""

    folder: Path
    _wanted: tuple[int, Wanted] = field(default=(-1, {}), repr=False)

    def want(self, wanted: Wanted) -> None:
        """From now on processes die there."""
        draft = self.folder / "wanted.draft"
        draft.write_text(json.dumps(wanted))
        draft.rename(self.folder / "wanted.json")

    def owes(self, service: str, point: str) -> bool:
        """Whether this point has not been hit often enough."""
        wanted = self._read().get(service, {}).get(point, 0)
        return wanted > 0 and self.hits(service, point) < wanted

    def _read(self) -> Wanted:
        file = self.folder / "wanted.json"
        if not file.exists():
            return {}
        stamp = file.stat().st_mtime_ns
        if stamp != self._wanted[0]:
            self._wanted = (stamp, json.loads(file.read_text()))
        return self._wanted[1]

    def hits(self, service: str, point: str) -> int:
        """How often a process died there."""
        file = self._hits(service, point)
        return file.stat().st_size if file.exists() else 0

    def count_hits(self, service: str) -> int:
        """How often a service's processes died, at any point."""
        return sum(file.stat().st_size for file in (self.folder / "hits" / service).glob("*"))

    def hit(self, service: str, point: str) -> None:
        """The last thing that a process does."""
        append(self._hits(service, point), ".")

    def _hits(self, service: str, point: str) -> Path:
        return self.folder / "hits" / service / point.replace("/", "-")

    def short_of(self, wanted: Wanted) -> list[tuple[str, str]]:
        """Services and points that were not hit often enough."""
        return [
            (service, point)
            for service, points in wanted.items()
            for point, times in points.items()
            if self.hits(service, point) < times
        ]

    def nameless(self, frame: str) -> None:
        """A commit that changes something and has no point."""
        append(self.folder / "nameless" / frame, ".")

    def list_nameless(self) -> list[str]:
        """All of them."""
        return sorted(file.name for file in (self.folder / "nameless").glob("*"))

    def died(self, process: str, code: int) -> None:
        """A process ended that nobody had killed."""
        append(self.folder / "deaths", f"{process} {code}\n")

    def list_deaths(self) -> list[str]:
        """Name and exit code of each."""
        file = self.folder / "deaths"
        return file.read_text().splitlines() if file.exists() else []

    def flag(self, name: str, value: Any = True) -> None:
        """Raise a flag; False takes it down."""
        file = self.folder / name
        if value is False:
            file.unlink(missing_ok=True)
        else:
            append(file, str(value))

    def flagged(self, name: str) -> str:
        """What a flag says, empty when it is down."""
        file = self.folder / name
        return file.read_text() if file.exists() else ""


def append(file: Path, text: str) -> None:
    """One write at the end, which two processes may do at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
