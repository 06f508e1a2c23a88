"""Rule 16: the article's 54 complaints, through the real processes, reconcile to the fen."""

import re
from pathlib import Path

import pytest

from deploy.demo import __main__ as demo
from deploy.demo.scenario import article
from deploy.local import instances
from shared.flows import SERVICES

# In the order in which the complaints come by, so that each has work when it dies.
ALL = (
    "intake", "postgres", "verification-2", "rabbitmq", "rewards", "sandbox", "notifications-2",
    "scoring",
)  # fmt: skip
# So soon after the one before is back that all of them die while complaints are under way.
KILL_EVERY = 2.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kill", [(), ALL], ids=["undisturbed", "killed"])
async def test_the_article_reconciles(
    tmp_path: Path, kill: tuple[str, ...], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Services and vendors tell the same figures; also two of each, killed in turn meanwhile."""
    monkeypatch.setattr(demo, "KILL_EVERY", KILL_EVERY)
    assert set(demo.KILLABLE) == set(map(instances.service_of, ALL))
    for service in SERVICES if kill else ():
        monkeypatch.setenv(instances.variable(service), "2")
    lines = await demo.play(article(), tmp_path, kill)
    told = {line.name: dict(line.witnesses) for line in lines}
    expected = {line.name: dict.fromkeys(line.witnesses, line.expected) for line in lines}
    assert expected == told
    assert set(kill) == set(re.findall(r"SIGKILL ([\w-]+)", capsys.readouterr().out))
    seconds = {f"{service}-2" for service in SERVICES} if kill else set()
    assert seconds == {path.stem for path in tmp_path.rglob("logs/*-2.log")}
