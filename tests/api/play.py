"""`python -m tests.api.play '{...}'`: sends so many cases to an intake that listens; tells as JSON.

Every boundary of every value and some random cases as schemathesis makes them, then mixtures of
these; after each of them a link of the description is followed.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any

import schemathesis
from schemathesis import Case
from schemathesis.core.result import Ok

from tests.api.chains import Chains
from tests.api.known import Known
from tests.api.material import Material
from tests.api.wire import Wire

# So many right and so many wrong ones of each operation.
DRAWN = 20
# A case that is right by all we know, one that came before, or what chance made of it.
RIGHT, AGAIN = 0.7, 0.8
# How often an operation that makes something comes, for each time of another.
HEAVY = 10


@dataclass(frozen=True)
class Asked:
    """Where to send how many, and what is genuine there."""

    url: str
    cases: int
    seed: int
    known: Known


class Play:
    """A run."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._random = asked, Random(asked.seed)
        schema = schemathesis.openapi.from_url(f"{asked.url}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        self.wire = Wire(asked.url)
        self.chains = Chains(self.wire, operations)
        self._made = {one.label: Material(one) for one in operations}

    def run(self) -> dict[str, Any]:
        """All of it: what was sent and what came of it."""
        for material in self._made.values():
            for case in material.boundaries():
                self._send(case)
            for case in material.random(DRAWN, self._asked.seed):
                self._send(case)
        self.mix()
        return {
            "cases": self.wire.sent, "distinct": len(self.wire.seen),
            "statuses": self.wire.statuses, "followed": self.chains.followed,
            "found": self.wire.found,
        }  # fmt: skip

    def mix(self) -> None:
        """Each operation in turn, and a link after each, until so many were sent."""
        for label in cycle(_weighed(self._made.values())):
            if self.wire.sent >= self._asked.cases:
                return
            self._send(self._case(label))
            self.chains.follow(self._made, self._asked.known, self._random)

    def _case(self, label: str) -> Case[Any]:
        turn = self._random.random()
        case = self._made[label].mixed(self._random, right=turn < RIGHT)
        if turn < RIGHT:
            self._asked.known.put_into(case, self._random)
        elif turn < AGAIN:
            return self.chains.repeated(label, self._random) or case
        return case

    def _send(self, case: Case[Any]) -> None:
        self.chains.remember(case, self.wire.send(case))


def _weighed(made: Iterable[Material]) -> list[str]:
    """What is behind a receipt is found by links; elsewhere a body has more that can go wrong."""
    return [
        one.operation.label
        for one in made
        for _ in range(HEAVY if one.operation.body and not one.operation.path_parameters else 1)
    ]


def asked(told: Mapping[str, Any]) -> Asked:
    """As it was said on the command line."""
    return Asked(**{**told, "known": Known(**told["known"])})


if __name__ == "__main__":
    print(json.dumps(Play(asked(json.loads(sys.argv[1]))).run(), ensure_ascii=False))
