"""The secrets of a local installation: made at the first start, kept in one file, never printed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from deploy.local.folder import private_file
from deploy.local.process import StartError
from deploy.local.turns import Key, Turn
from shared import secret
from shared.statements import public_key
from shared.values.seal import Purpose


def key() -> str:
    """32 random bytes as base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def token() -> str:
    """A random word that is safe in a URL."""
    return secrets.token_urlsafe(24)


def derived(secret: str, service: str) -> str:
    """One service's share of a secret that no service knows."""
    return hmac.new(secret.encode(), service.encode(), hashlib.sha256).hexdigest()


Word = Annotated[str, Field(min_length=1)]


class Keys(BaseModel):
    """Every secret that a service, the sandbox or a demo log-in needs.

    A key is the one in use; `turns` tell by its name which others stand beside it.
    """

    model_config = ConfigDict(frozen=True)

    seal_phone: Key = Field(default_factory=key)
    seal_words: Key = Field(default_factory=key)
    seal_answer: Key = Field(default_factory=key)
    seal_note: Key = Field(default_factory=key)
    seal_photo: Key = Field(default_factory=key)
    index_key: Key = Field(default_factory=key)
    sms_index_key: Key = Field(default_factory=key)
    code_key: Key = Field(default_factory=key)
    receipt_key: Key = Field(default_factory=key)
    signing_key: Key = Field(default_factory=key)
    close_key: Key = Field(default_factory=key)
    identity_seed: Key = Field(default_factory=key)
    sandbox_seed: Word = Field(default_factory=token)
    owner_password: Word = Field(default_factory=token)
    service_password: Word = Field(default_factory=token)
    broker_password: Word = Field(default_factory=token)
    demo_password: Word = Field(default_factory=token)
    turns: dict[str, Turn] = {}

    @model_validator(mode="before")
    @classmethod
    def _one_key_for_all(cls, stored: Any) -> Any:
        """A file from before keys had purposes: what its one key sealed must still open."""
        if not isinstance(stored, dict):
            return stored
        former = stored.get("seal_key")
        return {f"seal_{purpose}": former for purpose in get_args(Purpose) if former} | stored

    def seal_keys(self, *purposes: Purpose) -> dict[str, str]:
        """The variables that give a service these purposes."""
        return {
            f"MASHANG_SEAL_KEYS_{purpose.upper()}": self.ring(f"seal_{purpose}")
            for purpose in purposes
        }

    def turn(self, name: str) -> Turn:
        """Which keys stand beside one."""
        return self.turns.get(name) or Turn()

    def ring(self, name: str) -> str:
        """A key and those beside it, `2:BASE64,1:BASE64`, the one in use first."""
        known = self.turn(name).known(getattr(self, name))
        return ",".join(f"{own}:{value}" for own, value in known)

    def retired(self, name: str) -> str:
        """Those that no service opens with any more, in the same form."""
        gone = (one for one in self.turn(name).kept if one.stage == "retired")
        return ",".join(f"{one.id}:{one.value}" for one in gone)

    def password_of(self, service: str) -> str:
        """A service's own database password; none follows from another."""
        return derived(self.service_password, service)

    def broker_password_of(self, service: str) -> str:
        """A service's own password at the broker."""
        return derived(self.broker_password, service)

    @property
    def identity_public(self) -> str:
        """What checks the statements that verification signs with the seed, or with another."""
        known = self.turn("identity_seed").known(self.identity_seed)
        return ",".join(
            base64.b64encode(public_key(base64.b64decode(value))).decode() for _, value in known
        )

    @classmethod
    def of(cls, data: Path) -> Self:
        """The data folder's secrets; MASHANG_DEMO_PASSWORD takes the place of the demo's own."""
        path = data / "secrets.json"
        keys = cls.read(path) if path.exists() else cls()
        keys.write(path)
        fixed = secret.read("MASHANG_DEMO_PASSWORD")
        return keys.model_copy(update={"demo_password": fixed}) if fixed else keys

    @classmethod
    def read(cls, path: Path) -> Self:
        """A file written before a secret was introduced gets a new one for it."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise StartError(
                f"{path} cannot be read; restore it, or remove the whole folder to start clean"
            ) from None

    def write(self, path: Path) -> None:
        """A crash never leaves half a file."""
        private_file(path, self.model_dump_json(indent=1))
