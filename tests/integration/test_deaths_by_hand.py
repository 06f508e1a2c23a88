"""A process dies around the commit of what a person decides: it is done once."""

import asyncio
import json
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.chaos import points
from tests.chaos.acts import ACTS, DESKS
from tests.conftest import Clone, leashed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", DESKS)
async def test_what_a_person_decides_is_stored_once_wherever_it_dies(
    clone: Clone, tmp_path: Path, service: str
) -> None:
    """Before the commit nothing is there, after it all of it; pressed again it is done, once."""
    process = await asyncio.create_subprocess_exec(
        *leashed("-m", "tests.chaos.alone"), service, await clone(service), str(tmp_path),
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    told = [json.loads(line) for line in out.decode().splitlines() if line.startswith('{"point"')]
    assert 0 == process.returncode, errors.decode()[-3000:]
    wanted = points.by_hand(service)
    assert [point.name for point in wanted] == [one["point"] for one in told]
    for point, one in zip(wanted, told, strict=True):
        before, between, after = one["rows"]
        there = 0 if point.edge == "before" else 1
        assert (1, ACTS[point.purpose].answered, there, 1) == (
            one["hits"], one["status"], between - before, after - before,
        ), one  # fmt: skip


def test_every_such_point_has_its_act() -> None:
    """A point without one would be a name only."""
    assert set(ACTS) == {point.purpose for point in points.BY_HAND}
