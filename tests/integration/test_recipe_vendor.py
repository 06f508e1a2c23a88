"""README's second recipe is followed on a copy of the repository: a vendor is three steps."""

import shutil
from pathlib import Path

from tests.recipes.house import ROOT, House


def add(file: Path, line: str, after: str) -> None:
    """Put a line after the one that begins with `after`."""
    before, found, rest = file.read_text("utf-8").partition(f"\n{after}")
    assert found, f"{after!r} is not in {file.name}"
    begun, _, others = rest.partition("\n")
    file.write_text(f"{before}{found}{begun}\n{line}\n{others}", "utf-8")


def test_adding_a_vendor_as_readme_says(tmp_path: Path) -> None:
    """An adapter, a dialect, a line in each registry: the conformance tests ask it all."""
    # Without the recipes, which name the new vendor.
    house = House.copy(tmp_path, "recipes", "test_recipe*")
    providers = tmp_path / "services/notifications/providers"
    dialects = tmp_path / "deploy/sandbox/dialects"
    shutil.copy(ROOT / "tests/recipes/pigeon_adapter.py", providers / "pigeon.py")
    add(providers / "registry.py", "from services.notifications.providers import pigeon",
        "from collections.abc")  # fmt: skip
    add(providers / "registry.py", '    "pigeon": pigeon.make,', "VENDORS")
    (dialects / "pigeon").mkdir()
    shutil.copy(ROOT / "tests/recipes/pigeon_dialect.py", dialects / "pigeon" / "__init__.py")
    add(dialects / "__init__.py", "from deploy.sandbox.dialects.pigeon import PIGEON",
        "from deploy.sandbox.dialect ")  # fmt: skip
    registry = (dialects / "__init__.py").read_text("utf-8")
    (dialects / "__init__.py").write_text(registry.replace("\n)\n", "\n    PIGEON,\n)\n", 1))
    tests = ("test_sms_conformance", "test_airtime_conformance", "test_vendor_rooms")
    asked = house.test("-k", "pigeon", *(f"tests/contract/{name}.py" for name in tests))
    assert "test_a_lost_answer_is_unknown_and_then_found[pigeon-drop_answer] PASSED" in asked
    assert "test_a_vendor_is_named_only_in_its_own_rooms[pigeon] PASSED" in asked
