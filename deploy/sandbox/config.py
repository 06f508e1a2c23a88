"""What the sandbox is told at start, checked."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny


class ConfigError(Exception):
    """An option or variable is missing or wrong; the text is one line for a person."""


class Config(BaseModel):
    """Checked settings. ``delay_scale`` multiplies every waiting time except the natural 50 ms.

    ``accounts`` are the customer's settings at each vendor, by the vendor's name.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8090, ge=0, le=65535)
    data: Path
    delay_scale: float = Field(1.0, ge=0)
    accounts: Mapping[str, SerializeAsAny[BaseModel]] = {}
