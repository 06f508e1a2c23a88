"""README's first recipe is followed to the letter, on a copy of the repository."""

from pathlib import Path

from tests.recipes.house import House, readme


def test_adding_an_event_as_readme_says(tmp_path: Path) -> None:
    """After the recipe's steps the new event has its flow, queue, handler and snapshot."""
    house = House.copy(tmp_path)
    house.follow(readme("An event"))
    house.run("tests.contract.test_events")
    house.show_flows()
    assert "| `remedy.adopted.v1` | scoring | verification |" in house.read("README.md")
    asked = house.test("tests/contract/test_events.py", "tests/contract/test_flows.py")
    assert "test_data_is_as_promised[remedy.adopted.v1] PASSED" in asked
