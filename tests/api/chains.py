"""Follows the description's links: with a value of an answer to the operation that it leads to."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from schemathesis import Case, Response
from schemathesis.core.result import Ok
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from tests.api.known import Known
from tests.api.material import Material, Operation
from tests.api.wire import Wire

# So many answers are remembered: some of them just came, others have had time to become a story.
REMEMBERED = 200


class Chains:
    """All links, and the answers that they may begin at; each is followed in turn."""

    def __init__(self, wire: Wire, operations: Sequence[Operation]) -> None:
        self._wire = wire
        self._ends: dict[tuple[str, int], deque[StepOutput]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED)
        )
        self._links = deque(_links(operations))
        self.followed: Counter[str] = Counter({link.full_name: 0 for link in self._links})

    def remember(self, case: Case[Any], answer: Response) -> None:
        """It may be a link's beginning, unless it is an empty list, which leads nowhere."""
        if answer.content == b"[]":
            return
        self._ends[case.operation.label, answer.status_code].append(StepOutput(answer, case))

    def repeated(self, label: str, random: Random) -> Case[Any] | None:
        """One that was taken in before, to be sent once more."""
        taken = [*self._ends[label, 201], *self._ends[label, 200]]
        return random.choice(taken).case if taken else None

    def follow(self, made: Mapping[str, Material], known: Known, random: Random) -> None:
        """The next link that has somewhere to begin; where it leads must be there."""
        for _ in range(len(self._links)):
            link = self._links[0]
            self._links.rotate(-1)
            if begun := self._ends[link.source.label, int(link.status_code)]:
                return self._step(link, random.choice(begun), made, known, random)
        return None

    def _step(
        self, link: OpenApiLink, begun: StepOutput, made: Mapping[str, Material], known: Known,
        random: Random,
    ) -> None:  # fmt: skip
        case = made[link.target.label].mixed(random, right=True)
        known.put_into(case, random)
        found = link.extract(begun).parameters["path_parameters"]
        values = {name: one.value.ok() for name, one in found.items() if isinstance(one.value, Ok)}
        if values.keys() != found.keys():
            self._wire.note(f"{link.full_name}: no value", begun.response.text)
            return
        case.path_parameters = values
        answer = self._wire.send(case)
        self.followed[link.full_name] += 1
        if answer.status_code == 404:
            self._wire.note(f"{link.full_name}: leads nowhere", case.as_curl_command())
        self.remember(case, answer)


def _links(operations: Sequence[Operation]) -> list[OpenApiLink]:
    cache: dict[str, Operation] = {}
    return [
        OpenApiLink(name, status, told, operation, cache)
        for operation in operations
        for status, answer in operation.responses.items()
        for name, told in answer.iter_links()
    ]
