"""README's fourth recipe is followed to the letter: a sixth service, checked and started."""

import pytest

from tests.recipes.house import ROOT, House, readme

CHECKED = ("services/topics", "tests/integration/test_topics.py")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy with one service more."""
    made = House.copy(tmp_path_factory.mktemp("house"))
    made.follow((ROOT / "tests/recipes/topics.md").read_text("utf-8"))
    made.follow(readme("A sixth service"))
    made.show_flows()
    return made


def test_it_keeps_the_contracts(house: House) -> None:
    """Imports, types and style are those of the house."""
    house.lint_imports()
    house.run("mypy", "--strict", "--no-incremental", *CHECKED)
    house.run("ruff", "check", "--no-cache", *CHECKED)
    house.run("ruff", "format", "--no-cache", "--check", *CHECKED)


def test_a_forbidden_import_of_it_is_found(house: House) -> None:
    """The contracts bind the new service too: it may not know another one."""
    before = house.read("services/topics/store.py")
    house.write("services/topics/store.py", f"{before}\nimport services.scoring.metrics  # noqa\n")
    try:
        with pytest.raises(AssertionError, match="BROKEN"):
            house.lint_imports()
    finally:
        house.write("services/topics/store.py", before)


@pytest.fixture(scope="module")
def tested(house: House) -> str:
    """What the copy's own tests say: of its lists, and of the new service."""
    return house.test(
        *("tests/contract/test_flows.py", "tests/contract/test_readme.py"),
        *("tests/unit/test_migrations.py", "tests/unit/test_broker_rights.py"),
        *("tests/unit/test_local_settings.py", "tests/unit/test_local_ports.py"),
        *("tests/unit/test_local_environment.py", "tests/unit/test_local_keys.py"),
        "tests/integration/test_topics.py",
    )


def test_everything_follows_from_the_one_list(tested: str) -> None:
    """Handlers, migrations, rights, ports and environment: no test needs a second list."""
    assert "test_every_heard_event_has_a_handler[topics] PASSED" in tested
    assert "test_expected_heads_are_alembics[topics] PASSED" in tested


def test_it_counts_what_it_hears(tested: str) -> None:
    """Started once for real, with its own database and queue, it answers what was published."""
    assert "test_a_verdict_is_counted PASSED" in tested
