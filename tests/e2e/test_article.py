"""Rule 16: the article's 54 complaints, through the real processes, reconcile to the fen."""

import re
from pathlib import Path

import pytest

from deploy.demo.__main__ import KILLABLE, play
from deploy.demo.scenario import article
from shared.flows import SERVICES

OTHERS = tuple(name for name in KILLABLE if name not in SERVICES)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kill", [(), SERVICES, OTHERS], ids=lambda names: "+".join(names))
async def test_the_article_reconciles(
    tmp_path: Path, kill: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Services and vendors tell the same figures, whatever is killed meanwhile, each in turn."""
    lines = await play(article(), tmp_path, kill)
    told = {line.name: dict(line.witnesses) for line in lines}
    expected = {line.name: dict.fromkeys(line.witnesses, line.expected) for line in lines}
    assert expected == told
    assert set(kill) == set(re.findall(r"SIGKILL (\w+)", capsys.readouterr().out))
