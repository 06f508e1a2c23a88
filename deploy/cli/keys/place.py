"""Where an installation's secrets live: `secrets.json`, and the files that are made from it.

Beside `make run` the launcher tells services their keys when it starts them. `deploy.cluster` has
written a file for each service and variable, which containers mount; these are written anew here.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from deploy.cli import surroundings
from deploy.local.folder import private_file
from deploy.local.keys import Keys
from deploy.local.process import StartError
from deploy.local.settings import keys_of
from deploy.local.turning import Kind, values
from shared.errors import Misconfigured
from shared.flows import SERVICES

SECRETS = "secrets.json"


@dataclass(frozen=True)
class Place:
    """The folder that holds them."""

    folder: Path

    @classmethod
    def found(cls, folder: Path | None) -> Place:
        """The one that is named, else the local installation's. Misconfigured if it is none."""
        place = cls(folder or surroundings.data_folder())
        if not (place.folder / SECRETS).is_file():
            raise Misconfigured(
                f"{place.folder} has no {SECRETS}; name the folder that `make secrets` wrote, or"
                " start an installation with `make run`"
            )
        return place

    def read(self) -> Keys:
        """Misconfigured when they cannot be read."""
        try:
            return Keys.read(self.folder / SECRETS)
        except StartError as problem:
            raise Misconfigured(str(problem)) from None

    def write(self, before: Keys, after: Keys, kind: Kind) -> list[Path]:
        """The secrets as they are now, and the services' files; which of these have changed.

        Misconfigured, before anything is written, when a file holds a key that is not ours.
        """
        known = values(before, kind) | values(after, kind)
        changed = list(self._files(before, after, known))
        for path, old, _ in changed:
            if kind.field != "identity_seed" and not _parts(old) <= known:
                raise Misconfigured(f"{path} holds a key that {SECRETS} does not know")
        private_file(self.folder / SECRETS, after.model_dump_json(indent=1))
        for path, _, text in changed:
            if text:
                write_mounted(path, text)
            else:
                path.unlink(missing_ok=True)
        return [path for path, _, _ in changed]

    def _files(self, before: Keys, after: Keys, known: Set[str]) -> Iterator[tuple[Path, str, str]]:
        """Path, what stands there, what should. What an earlier run left half is among them."""
        for service in SERVICES:
            was, told = keys_of(service, before), keys_of(service, after)
            place = self.folder / service
            for variable in sorted(was.keys() | told.keys()) if place.is_dir() else ():
                old, new = _text(place / variable), told.get(variable, "")
                if old != new and (new != was.get(variable, "") or _parts(old) & known):
                    yield place / variable, old, new


def write_mounted(path: Path, text: str) -> None:
    """Whole or not at all. The folder above is private; in a container somebody else reads it."""
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.chmod(0o644)
    draft.replace(path)


def _text(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.exists() else ""


def _parts(ring: str) -> set[str]:
    """The values in a ring, or of a single key."""
    return {part.rpartition(":")[2] for part in ring.split(",") if part}
