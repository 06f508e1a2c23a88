"""What intake is configured with, beyond what every service needs."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from shared import config
from shared.config import Key, KeyRing, Proxies
from shared.storage import StorageSettings
from shared.web.session import StaffSettings

NONE = SecretStr("")
LOOPBACK = config.networks("127.0.0.0/8,::1")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,80}\.txt")
_CONTENT = re.compile(r"[!-+\--~]{1,200}")


def domain_files(text: object) -> dict[str, str]:
    """`"MP_verify_x.txt=abc,..."` by name; ValueError says what is wrong."""
    if isinstance(text, dict):
        return text
    pairs = [part.strip().partition("=") for part in str(text).split(",") if part.strip()]
    for name, _, content in pairs:
        if not _FILE.fullmatch(name) or name == "robots.txt":
            raise ValueError(f"{name[:90]!r} should be letters, digits, _ and -, then .txt")
        if not _CONTENT.fullmatch(content):
            raise ValueError(f"{name} should be followed by = and its content, without spaces")
    return {name: content for name, _, content in pairs}


DomainFiles = Annotated[dict[str, str], NoDecode, BeforeValidator(domain_files)]


def names(text: object) -> object:
    """`"cityapp,other"`, without blanks."""
    if not isinstance(text, str):
        return text
    return tuple(name.strip() for name in text.split(",") if name.strip())


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(names)]


class Settings(StorageSettings, StaffSettings):
    """Keys, and how commits are shared.

    Codes are signed by the first of `code_keys`, and read by all of them; one that a key of
    `code_keys_retired` signed leads to a page that says where the new one is. `domain_files` are
    what WeChat and Alipay ask for to see that the domain is ours, as `NAME.txt=CONTENT,...`.
    Whoever sends from an `uncounted` network is never held: this machine itself.
    `receipt_name` is by whom receipts are signed, `mashang.example/receipts`; it follows from the
    public address where nothing is said.
    `open311_clients` are the apps that may hand something in.
    """

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    seal_keys_photo: KeyRing
    index_key: Key
    code_keys: KeyRing
    code_keys_retired: SecretStr = Field(default=NONE, repr=False)
    domain_files: DomainFiles = Field(default={})
    receipt_key: Key
    signing_key: Key
    receipt_name: str = Field(default="", pattern=r"^[^\s+]*$")
    open311_clients: Names = ()
    uncounted: Proxies = LOOPBACK
    batch_rows: int = Field(default=200, ge=1, le=2000)
    batch_linger_ms: float = Field(default=0.0, ge=0, le=50)
    batches_in_flight: int = Field(default=1, ge=1, le=8)
    most_waiting: int = Field(default=5000, ge=1, le=1_000_000)
    patience_seconds: float = Field(default=5.0, gt=0, le=60)
    codes_a_day: int = Field(default=2000, ge=0, le=10_000_000)

    @property
    def signer_name(self) -> str:
        """By whom receipts are signed."""
        return self.receipt_name or f"{urlsplit(self.public_url).netloc}/receipts"

    @field_validator("code_keys", "code_keys_retired")
    @classmethod
    def _one_character_ids(cls, ring: SecretStr) -> SecretStr:
        if ring.get_secret_value() and any(len(kid) != 1 for kid in config.key_ring(ring)):
            raise ValueError("key ids of unit codes should be one character")
        return ring

    @model_validator(mode="after")
    def _retired_are_others(self) -> Self:
        if twice := self.retired.keys() & config.key_ring(self.code_keys).keys():
            raise ValueError(f"key {min(twice)} is both in MASHANG_CODE_KEYS and retired")
        return self

    @property
    def retired(self) -> dict[str, bytes]:
        """Keys that once signed codes, and open no form any more."""
        ring = self.code_keys_retired
        return config.key_ring(ring) if ring.get_secret_value() else {}
