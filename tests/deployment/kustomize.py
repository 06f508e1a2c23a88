"""What kustomize makes of a folder, as far as `deploy/kubernetes` needs it: no more is understood.

Resources and other folders, ConfigMaps from files with a hash of what is in them, patches (merged,
or JSON 6902), images, one namespace. A test compares it with kustomize itself where that is there.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Resource = dict[str, Any]
FILE = "kustomization.yaml"
NOWHERE = ("Namespace",)
# Lists whose items are told apart by a field; any other list is replaced as a whole.
KEYS = {"containers": "name", "volumes": "name", "env": "name", "volumeMounts": "mountPath",
        "ports": "containerPort", "topologySpreadConstraints": "topologyKey"}  # fmt: skip


class Closed(BaseModel):
    """Nothing that is not said here; fields are written as Kubernetes has them, `newName`."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Generator(Closed):
    """A ConfigMap from files of lines, from whole files, from words."""

    name: str
    behavior: Literal["create", "merge"] = "create"
    envs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()


class Image(Closed):
    """Another name or tag for an image."""

    name: str
    new_name: str = ""
    new_tag: str = ""


class Target(Closed):
    """Which resources a patch is for."""

    kind: str
    name: str = ""
    label_selector: str = ""

    def fits(self, one: Resource) -> bool:
        """Whether this is one of them."""
        labels = one["metadata"].get("labels", {})
        wanted = [part.partition("=") for part in self.label_selector.split(",") if part]
        return (
            one["kind"] == self.kind
            and self.name in ("", one["metadata"]["name"])
            and all(labels.get(name) == value for name, _, value in wanted)
        )


class Patch(Closed):
    """In a file, or as text."""

    path: str = ""
    patch: str = ""
    target: Target


class Kustomization(Closed):
    """What a folder's file may say."""

    namespace: str = ""
    resources: tuple[str, ...] = ()
    config_map_generator: tuple[Generator, ...] = ()
    images: tuple[Image, ...] = ()
    patches: tuple[Patch, ...] = ()


@dataclass
class Built:
    """Resources so far, and the ConfigMaps whose names still lack their hash."""

    resources: list[Resource] = field(default_factory=list)
    generated: dict[str, Resource] = field(default_factory=dict)

    def every(self) -> Iterator[Resource]:
        """All of them."""
        yield from self.resources
        yield from self.generated.values()


def documents(text: str) -> list[Resource]:
    """What YAML says, read by libyaml: ten times as fast."""
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def render(folder: Path) -> list[Resource]:
    """All resources of the folder, as they would be applied."""
    built = _build(folder)
    names = {name: f"{name}-{hashed(one)}" for name, one in built.generated.items()}
    for one in built.every():
        _rename(one, names)
    for name, one in built.generated.items():
        one["metadata"]["name"] = names[name]
    return list(built.every())


def hashed(config_map: Resource) -> str:
    """Kustomize's: of kind and data; digits that might spell a word are letters."""
    told = {"data": config_map["data"], "kind": config_map["kind"], "name": ""}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return digest.translate(str.maketrans("013ae", "ghkmt"))


def _build(folder: Path) -> Built:
    told = Kustomization.model_validate(yaml.safe_load((folder / FILE).read_text("utf-8")))
    built = Built()
    for name in told.resources:
        if (folder / name).is_dir():
            inner = _build(folder / name)
            built.resources += inner.resources
            built.generated |= inner.generated
        else:
            built.resources += documents((folder / name).read_text("utf-8"))
    for one in told.config_map_generator:
        _generate(built, one, folder)
    for patch in told.patches:
        _patch(built, patch, folder)
    for resource in built.every():
        if told.namespace and resource["kind"] not in NOWHERE:
            resource["metadata"]["namespace"] = told.namespace
        _images(resource, told.images)
    return built


def _generate(built: Built, told: Generator, folder: Path) -> None:
    lines = [*told.literals]
    for name in told.envs:
        lines += (folder / name).read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    data = {key: value for key, _, value in pairs}
    data |= {Path(name).name: (folder / name).read_text("utf-8") for name in told.files}
    if told.behavior == "merge":
        built.generated[told.name]["data"] |= data
        return
    assert told.name not in built.generated
    built.generated[told.name] = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": told.name}, "data": data,
    }  # fmt: skip


def _patch(built: Built, told: Patch, folder: Path) -> None:
    text = (folder / told.path).read_text("utf-8") if told.path else told.patch
    patch = yaml.safe_load(text)
    found = [one for one in built.every() if told.target.fits(one)]
    assert found, f"{told.target} is nowhere"
    for one in found:
        if isinstance(patch, list):
            for step in patch:
                _step(one, **step)
        else:
            rest = {name: value for name, value in patch.items() if name not in ("metadata",)}
            one |= _merged(one, rest)


def _step(one: Resource, op: str, path: str, value: Any) -> None:
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
    place: Any = one
    for part in way:
        place = place[part]
    assert op in ("add", "replace"), op
    assert op == "add" or isinstance(place, list) or last in place, f"{path} is nowhere"
    place[last] = value


def _merged(old: Any, new: Any, name: str = "") -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return dict(old) | {key: _merged(old.get(key), value, key) for key, value in new.items()}
    if isinstance(old, list) and name in KEYS:
        return _merged_list(old, new, KEYS[name])
    return new


def _merged_list(old: Sequence[Any], new: Sequence[Any], key: str) -> list[Any]:
    """What is new stands first, as kustomize has it."""
    mine = {item[key]: item for item in new}
    known = {item[key] for item in old}
    first = [item for item in new if item[key] not in known]
    return [*first, *(_merged(item, mine.get(item[key], {})) for item in old)]


def _images(one: Any, images: Sequence[Image]) -> None:
    for place in _mappings(one):
        for image in images:
            name, _, tag = str(place.get("image", "")).partition(":")
            if "name" in place and name == image.name:
                tag = image.new_tag or tag
                place["image"] = (
                    f"{image.new_name or name}:{tag}" if tag else image.new_name or name
                )


def _rename(one: Any, names: Mapping[str, str]) -> None:
    """References to a ConfigMap follow its name."""
    for place in _mappings(one):
        for kind in ("configMapRef", "configMap"):
            if kind in place:
                named = place[kind]["name"]
                place[kind]["name"] = names.get(named, named)


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _mappings(inner)


def plain(name: str) -> str:
    """A generated ConfigMap's name without its hash."""
    return re.sub(r"-[0-9a-z]{10}$", "", name)
