"""FLOWS is the one truth about who hears what."""

import importlib
from pathlib import Path

import pytest

from shared import flows

README = Path(__file__).parents[2] / "README.md"


def test_readme_shows_the_flows() -> None:
    """README's table is the one that `python -m shared.flows` prints."""
    assert flows.table() in README.read_text("utf-8")


@pytest.mark.parametrize("service", flows.SERVICES)
def test_every_heard_event_has_a_handler(service: str) -> None:
    """A service handles exactly what FLOWS sends it, so no queue fills up unread."""
    handlers = importlib.import_module(f"services.{service}.service").HEARS
    assert flows.heard_by(service) == list(handlers)


def test_queue_names_derive() -> None:
    """A queue is named by its consumer and its event, nowhere else."""
    event = flows.FLOWS[5].event
    assert "rewards.case.verified.v1" == flows.queue_name("rewards", event)
