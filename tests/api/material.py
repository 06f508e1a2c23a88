"""An operation's cases: the boundaries of each of its values, random ones right and wrong, and then
any number of others that mix the parts of these.

To make a case from a description costs ten times what it costs to send it, and to mix two of them
nearly nothing; a value at its boundary then meets every other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS
from schemathesis import Case, GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.schemas import APIOperation

Operation = APIOperation[Any, Any, Any, Any]
# The usual source of values under a name of its own: then none is derived from one before it, which
# would take most of the time and is done here by mixing.
AVAILABLE_PROVIDERS["independent"] = AVAILABLE_PROVIDERS["hypothesis"]


@dataclass
class Material:
    """What was made of an operation so far."""

    operation: Operation
    right: list[Case[Any]] = field(default_factory=list)
    wrong: list[Case[Any]] = field(default_factory=list)

    def boundaries(self) -> Iterator[Case[Any]]:
        """Each value at its limits and beyond; other methods, other media, what must be there left
        out.
        """
        found = CoverageGenerator(
            operation=self.operation, generation_modes=list(GenerationMode), auth_storage=None,
            generation_config=self.operation.schema.config.generation, override=Override(),
            feedback=NO_FEEDBACK,
        )  # fmt: skip
        for case in found:
            self._keep(case)
            yield case

    def random(self, number: int, seed: int) -> Iterator[Case[Any]]:
        """So many right ones, and as many wrong ones; fewer where there are no more."""
        for mode in GenerationMode:
            for case in _drawn(self.operation, mode, number, seed):
                self._keep(case)
                yield case

    def _keep(self, case: Case[Any]) -> None:
        if case.method.lower() == self.operation.method and "Content-Type" not in case.headers:
            is_right = case.meta is not None and case.meta.generation.mode.is_positive
            (self.right if is_right else self.wrong).append(_copy(case))

    def mixed(self, random: Random, *, right: bool) -> Case[Any]:
        """One of parts of others, all of them right or not."""
        all_of_them = self.right if right else self.right + self.wrong
        case, one, other = _copy(random.choice(all_of_them)), *random.choices(all_of_them, k=2)
        case.path_parameters = dict(other.path_parameters)
        case.query = _crossed(dict(case.query), dict(one.query), random)
        case.headers = other.headers.copy()
        if isinstance(case.body, dict) and isinstance(one.body, dict):
            case.body = _crossed(case.body, one.body, random)
        return case


def _drawn(operation: Operation, mode: GenerationMode, number: int, seed: int) -> list[Case[Any]]:
    made: list[Case[Any]] = []

    @seeded(seed)
    @settings(
        max_examples=number, phases=[Phase.generate], database=None, deadline=None,
        suppress_health_check=list(HealthCheck), backend="independent",
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def make(case: Case[Any]) -> None:
        made.append(case)

    try:
        make()
    except Unsatisfiable:  # nothing of it can be wrong
        return []
    return made


def _copy(case: Case[Any]) -> Case[Any]:
    """Without what is known of how it was made."""
    return Case(
        case.operation, case.method, case.path, path_parameters=dict(case.path_parameters),
        headers=case.headers.copy(), query=dict(case.query), body=case.body,
        media_type=case.media_type,
    )  # fmt: skip


def _crossed(one: dict[str, Any], other: dict[str, Any], random: Random) -> dict[str, Any]:
    """Most of each; where both have a name, either's value."""
    return {
        name: value
        for part in (one, other)
        for name, value in part.items()
        if random.random() < 0.7
    }
