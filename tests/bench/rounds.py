"""Interleaved rounds: A B C, A B C, so that a slow minute of the machine hits all alike."""

from collections.abc import Awaitable, Callable, Mapping

from tests.bench.table import Series, of_rounds

Contestant = Callable[[], Awaitable[float]]
Say = Callable[[str], None]


async def interleave(
    contestants: Mapping[str, Contestant], rounds: int, say: Say
) -> tuple[Series, ...]:
    """Run each contestant once a round; each gives its rate per second."""
    done: list[dict[str, float]] = []
    for number in range(1, rounds + 1):
        rates: dict[str, float] = {}
        for name, run in contestants.items():
            rates[name] = await run()
            say(f"round {number}/{rounds}  {name}: {rates[name]:,.0f}/s")
        done.append(rates)
    return of_rounds(done)
