"""The command line: the sandbox's own options, and each dialect's account.

A field of an account is the option ``--<vendor>-<field>``, or ``MASHANG_<VENDOR>_<FIELD>`` in the
environment: the services' own will do.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from deploy.sandbox.config import Config, ConfigError
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS

M = TypeVar("M", bound=BaseModel)
OWN = ("host", "port", "data", "delay_scale")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


def parser() -> Parser:
    """All options; values are checked later, by the models."""
    made = Parser(
        prog="python -m deploy.sandbox", description="Simulate the SMS and airtime vendors."
    )
    for name in OWN:
        made.add_argument(option(name))
    for dialect in DIALECTS.values():
        for field in dialect.account.model_fields:
            variable = dialect.variable(field)
            made.add_argument(option(f"{dialect.name}_{field}"), help=f"or {variable}")
    return made


def option(name: str) -> str:
    """The command line's spelling of a setting."""
    return "--" + name.replace("_", "-")


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Options win over variables; raise ``ConfigError`` naming the first thing to mend."""
    given = vars(parser().parse_args(argv))
    accounts = {name: account(dialect, given, environ) for name, dialect in DIALECTS.items()}
    own = {name: given[name] for name in OWN if given[name] is not None}
    return checked(Config, {**own, "accounts": accounts}, option)


def account(dialect: Dialect, given: Mapping[str, Any], environ: Mapping[str, str]) -> BaseModel:
    """The customer's settings at one vendor."""
    values = {}
    for field in dialect.account.model_fields:
        text = given[f"{dialect.name}_{field}"]
        text = environ.get(dialect.variable(field)) or None if text is None else text
        if text is not None:
            values[field] = text
    return checked(
        dialect.account,
        values,
        lambda field: f"{option(f'{dialect.name}_{field}')} (or {dialect.variable(field)})",
    )


def checked(model: type[M], values: Mapping[str, Any], name_of: Callable[[str], str]) -> M:
    """Build the settings, turning pydantic's first complaint into one line."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise ConfigError(f"{name_of(str(first['loc'][0]))}: {first['msg']}") from None
