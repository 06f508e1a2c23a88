"""The tests' small kustomize: it makes what kustomize makes, and refuses what it does not know."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from tests.deployment import kustomize
from tests.deployment.kustomize import Resource, documents, render
from tests.deployment.settings import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
FOLDERS = ["overlays/small", "overlays/province", "example"]


def by_name(resources: list[Resource]) -> dict[tuple[str, str], Resource]:
    """Each under its kind and name; none twice."""
    named = {(one["kind"], one["metadata"]["name"]): one for one in resources}
    assert len(named) == len(resources)
    return named


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_makes_what_kustomize_makes(folder: str) -> None:
    """Resource by resource, down to the hash in a ConfigMap's name."""
    command = ["kubectl", "kustomize"] if shutil.which("kubectl") else ["kustomize", "build"]
    if not shutil.which(command[0]):
        pytest.skip("NOT COMPARED: neither kubectl nor kustomize is on this machine")
    told = subprocess.run(
        [*command, str(FOLDER / folder)], capture_output=True, text=True, check=True
    ).stdout
    theirs = by_name(documents(told))
    ours = by_name(render(FOLDER / folder))
    assert theirs.keys() == ours.keys()
    assert [] == [name for name in theirs if theirs[name] != ours[name]]


def written(folder: Path, **told: object) -> Path:
    """A folder with such a kustomization."""
    (folder / kustomize.FILE).write_text(yaml.safe_dump(told))
    return folder


def test_what_it_does_not_know_is_refused(tmp_path: Path) -> None:
    """Or a test would look at something else than what is applied."""
    with pytest.raises(ValidationError, match="namePrefix"):
        render(written(tmp_path, namePrefix="x-"))


def test_a_patch_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    """Neither its resource nor its place."""
    target = {"kind": "Job", "name": "migrate"}
    steps = "[{op: replace, path: /spec/nothing, value: 1}]"
    with pytest.raises(AssertionError, match="is nowhere"):
        render(written(tmp_path, patches=[{"target": target, "patch": steps}]))
    base = str(FOLDER / "base")
    with pytest.raises(AssertionError, match="/spec/nothing is nowhere"):
        render(written(tmp_path, resources=[base], patches=[{"target": target, "patch": steps}]))
