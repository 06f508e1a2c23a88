"""What the sandbox is told at start: options first, then the services' own environment."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

DEFAULT_SIGN_NAME = "码上评"
DEFAULT_TEMPLATES = {
    "SMS_480000001": "感谢您对公安机关窗口民警服务的监督。",
    "SMS_480000002": "奖励话费已到账，感谢您的监督。",
}


class ConfigError(Exception):
    """An option or variable is missing or wrong; the text is one line for a person."""


class Config(BaseModel):
    """Checked settings. ``delay_scale`` multiplies every waiting time except the natural 50 ms."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8090, ge=0, le=65535)
    data: Path
    delay_scale: float = Field(1.0, ge=0)
    dtone_key: str = Field(min_length=1)
    dtone_secret: str = Field(min_length=1)
    dtone_product_id: int = Field(6020, gt=0)
    dtone_wallet_fen: int = Field(100_000_000, ge=0)
    aliyun_key_id: str = Field(min_length=1)
    aliyun_key_secret: str = Field(min_length=1)
    aliyun_report_url: str | None = None
    aliyun_sign_names: frozenset[str] = frozenset({DEFAULT_SIGN_NAME})
    aliyun_templates: dict[str, str] = DEFAULT_TEMPLATES


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


# option -> variable that stands in for it when the option is absent
VARIABLES = {
    "dtone_key": "MASHANG_DTONE_KEY",
    "dtone_secret": "MASHANG_DTONE_SECRET",
    "dtone_product_id": "MASHANG_DTONE_PRODUCT_ID",
    "aliyun_key_id": "MASHANG_ALIYUN_KEY_ID",
    "aliyun_key_secret": "MASHANG_ALIYUN_KEY_SECRET",
    "aliyun_report_url": "MASHANG_ALIYUN_REPORT_URL",
}
PLAIN = ("host", "port", "data", "delay_scale", "dtone_wallet_fen")


def parser() -> Parser:
    """The command line; values are checked later, by ``Config``."""
    made = Parser(
        prog="python -m deploy.sandbox", description="Simulate the SMS and airtime vendors."
    )
    for name in (*PLAIN, *VARIABLES):
        made.add_argument(option(name), help=f"or {VARIABLES[name]}" if name in VARIABLES else None)
    made.add_argument(
        "--aliyun-sign", action="append", metavar="NAME", help="a registered sign name"
    )
    made.add_argument(
        "--aliyun-template", action="append", metavar="CODE=TEXT", help="a registered template"
    )
    return made


def option(name: str) -> str:
    """The command line's spelling of a setting."""
    return "--" + name.replace("_", "-")


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Config:
    """Options win over variables; raise ``ConfigError`` naming the first thing to mend."""
    given = vars(parser().parse_args(argv))
    values: dict[str, Any] = {n: given[n] for n in (*PLAIN, *VARIABLES) if given[n] is not None}
    for name, variable in VARIABLES.items():
        if name not in values and environ.get(variable):
            values[name] = environ[variable]
    values["aliyun_sign_names"] = sign_names(given["aliyun_sign"] or [], environ)
    values["aliyun_templates"] = templates(given["aliyun_template"] or [], environ)
    check_url(values.get("aliyun_report_url"))
    return checked(values)


def checked(values: dict[str, Any]) -> Config:
    """Build the settings, turning pydantic's first complaint into one line."""
    try:
        return Config(**values)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = str(first["loc"][0])
        instead = f" (or {VARIABLES[name]})" if name in VARIABLES else ""
        raise ConfigError(f"{option(name)}{instead}: {first['msg']}") from None


def check_url(url: str | None) -> None:
    """Refuse a report address that could never be called."""
    try:
        TypeAdapter(AnyHttpUrl | None).validate_python(url)
    except ValidationError:
        raise ConfigError("--aliyun-report-url: must be an http address") from None


def sign_names(given: Sequence[str], environ: Mapping[str, str]) -> frozenset[str]:
    """The default, the services' own and the given sign names."""
    own = environ.get("MASHANG_ALIYUN_SIGN_NAME")
    return frozenset({DEFAULT_SIGN_NAME, *given, *([own] if own else [])})


def templates(given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Template texts by code; a text names its variables as ``${name}``."""
    known = dict(DEFAULT_TEMPLATES)
    for variable in ("MASHANG_ALIYUN_TEMPLATE_THANKS", "MASHANG_ALIYUN_TEMPLATE_PAID"):
        if environ.get(variable):
            known.setdefault(environ[variable], "")
    for entry in given:
        code, equals, text = entry.partition("=")
        if not (code and equals):
            raise ConfigError(f"--aliyun-template: {entry!r} is not CODE=TEXT")
        known[code] = text
    return known
