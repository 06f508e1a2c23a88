"""Every number that comes from outside has a least and a most: none is more than what takes it."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from pydantic import BaseModel, Field

from services.rewards import providers
from services.verification.directory.rules import rows
from shared import flows
from shared.policy import Policy
from shared.vendors.vendor import VendorSettings
from tests.town import SERVICES
from tests.wired import endpoints

KINDS = ("integer", "number")
LEAST, MOST = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}


def numbers(schema: Mapping[str, Any], name: str, whole: Mapping[str, Any]) -> Iterator[Any]:
    """Each number of a schema: where it stands, and what is said of it."""
    if "$ref" in schema:
        # A model that contains itself has been looked at by then.
        called = schema["$ref"].rpartition("/")[2]
        rest = {key: one for key, one in whole.items() if key != called}
        if called in whole:
            yield from numbers(whole[called], name, rest)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in schema.get(key, ()):
            yield from numbers(one, name, whole)
    for key, one in schema.get("properties", {}).items():
        yield from numbers(one, f"{name}.{key}", whole)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from numbers(schema[key], f"{name}[]", whole)
    if schema.get("type") in KINDS:
        yield name, schema


def unbounded(model: type[BaseModel], *kinds: str) -> list[str]:
    """The numbers of a model that lack a least or a most, and are none of a list."""
    whole = model.model_json_schema()
    return [
        name
        for name, one in numbers(whole, model.__name__, whole.get("$defs", {}))
        if one["type"] in (kinds or KINDS)
        and not {"enum", "const"} & set(one)
        and not (LEAST & set(one) and MOST & set(one))
    ]


def asked() -> set[type[BaseModel]]:
    """What any endpoint of any service takes, as a body or in its address."""
    return {one for _, each in endpoints() for one in (each.body, each.query) if one is not None}


def settings() -> list[type[BaseModel]]:
    """What services and vendors' adapters are told by the environment."""
    services = [import_module(f"services.{name}.settings").Settings for name in SERVICES]
    return [*services, *below(VendorSettings)]


def below(kind: type[Any]) -> Iterator[type[Any]]:
    """All that are made from it, whichever module they stand in."""
    for one in kind.__subclasses__():
        yield from (one, *below(one))


class Loose(BaseModel):
    """One of each that the look must find."""

    plain: int
    listed: list[float | None]
    named: dict[str, int]
    half: int = Field(ge=0)


def test_the_look_finds_each_kind() -> None:
    """A bare number, one in a list, one by name, and one with half its bounds."""
    assert ["plain", "listed[]", "named[]", "half"] == [
        one.removeprefix("Loose.") for one in unbounded(Loose)
    ]


def test_what_is_asked_has_bounds() -> None:
    """Bodies and queries of every endpoint; an address's own numbers fit a column by themselves."""
    models = sorted(asked(), key=lambda model: model.__qualname__)
    assert len(models) > 90
    assert [] == [one for model in models for one in unbounded(model)]


def test_what_the_bus_brings_has_bounds() -> None:
    """An event with more is parked, and never tried again."""
    assert [] == [one for flow in flows.FLOWS for one in unbounded(flow.event)]


def test_what_a_bureau_sets_has_bounds() -> None:
    """The policy, and each variable of the environment."""
    models: list[type[BaseModel]] = [Policy, *settings()]
    assert [] == [one for model in models for one in unbounded(model)]


def test_what_a_file_of_the_directory_holds_has_bounds() -> None:
    """By the rules that read its cells."""
    assert [] == [one for kind in below(rows.Row) for one in unbounded(kind)]


def test_money_as_vendors_tell_it_has_bounds() -> None:
    """What they call a thing by may be any number; with amounts we count."""
    names = [one.name for one in iter_modules(providers.__path__)]
    modules = [import_module(f"{providers.__name__}.{name}") for name in names]
    models = {one for module in modules for one in vars(module).values() if is_model(one)}
    assert len(models) > 20
    assert [] == [one for model in models for one in unbounded(model, "number")]


def is_model(thing: object) -> bool:
    """Whether it is a model, and not the root of all."""
    return isinstance(thing, type) and issubclass(thing, BaseModel) and thing is not BaseModel


@pytest.mark.parametrize("cell", ["0", "-1", "1000000", "1" * 30, "1e9"])
def test_a_number_beyond_the_rule_is_refused(cell: str) -> None:
    """With words for whoever made the file."""
    row = {"code": "n1", "name": "n", "parent": "root", "kind": "vehicle", "counters": cell}
    with pytest.raises(ValueError, match=r"csv\.number"):
        rows.UnitRow.model_validate(row)
