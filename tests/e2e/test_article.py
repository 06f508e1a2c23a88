"""Rule 16: the article's 54 complaints, through the real processes, reconcile to the fen."""

from pathlib import Path

import pytest

from deploy.demo.__main__ import KILLABLE, play
from deploy.demo.scenario import article


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kill", [(), *((name,) for name in KILLABLE)], ids=lambda k: "+".join(k))
async def test_the_article_reconciles(tmp_path: Path, kill: tuple[str, ...]) -> None:
    """Services and vendors tell the same figures, whatever is killed again and again meanwhile."""
    lines = await play(article(), tmp_path, kill)
    told = {line.name: dict(line.witnesses) for line in lines}
    expected = {line.name: dict.fromkeys(line.witnesses, line.expected) for line in lines}
    assert expected == told
