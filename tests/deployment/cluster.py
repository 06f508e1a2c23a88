"""An installation on Kubernetes as it would be applied: the example, on each size."""

import shutil
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deployment import kustomize
from tests.deployment.kustomize import Resource
from tests.deployment.settings import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
SIZES = ("small", "city", "province")


def rendered(size: str) -> list[Resource]:
    """The example's resources, with another size below it."""
    return deepcopy(_rendered(size))


@cache
def _rendered(size: str) -> list[Resource]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "example"
        shutil.copytree(FOLDER / "example", folder)
        file = folder / kustomize.FILE
        told = yaml.safe_load(file.read_text("utf-8"))
        told["resources"] = [str(FOLDER / "overlays" / size)]
        file.write_text(yaml.safe_dump(told))
        return kustomize.render(folder)


def one(size: str, kind: str, name: str) -> dict[str, Any]:
    """A resource's spec, or its data."""
    (found,) = [
        each for each in rendered(size)
        if each["kind"] == kind and kustomize.plain(each["metadata"]["name"]) == name
    ]  # fmt: skip
    told: dict[str, Any] = found.get("spec") or found["data"]
    return told


def pods(size: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod of ours, by whose it is."""
    for each in rendered(size):
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def environment(size: str, name: str) -> dict[str, str]:
    """What a pod's only container is told."""
    (container,) = dict(pods(size))[name]["containers"]
    told = dict[str, str]()
    for source in container.get("envFrom", ()):
        (found,) = [
            each for each in rendered(size)
            if each["metadata"]["name"] == source["configMapRef"]["name"]
        ]  # fmt: skip
        told |= found["data"]
    return told | {each["name"]: each["value"] for each in container.get("env", ())}


def secrets_named(value: Any) -> Iterator[tuple[str, str]]:
    """Every Secret that something names, with the key that it takes (or none in particular)."""
    if isinstance(value, dict):
        for key in ("passwordSecret", "importCredentialsSecret", "secret"):
            if "name" in (named := value.get(key) or {}):
                yield named["name"], "password"
        if "secretName" in value:
            for item in value.get("items", [{"key": ""}]):
                yield value["secretName"], item["key"]
        for parameter in value.get("secretTargetRef", ()):
            yield parameter["name"], parameter["key"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from secrets_named(inner)
