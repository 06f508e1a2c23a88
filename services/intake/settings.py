"""What intake is configured with, beyond what every service needs."""

from pydantic import Field, SecretStr, field_validator

from shared import config
from shared.config import Key, KeyRing


class Settings(config.Settings):
    """Keys, and how commits are shared."""

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    index_key: Key
    code_keys: KeyRing
    receipt_key: Key
    signing_key: Key
    batch_rows: int = Field(default=200, ge=1, le=2000)
    batch_linger_ms: float = Field(default=2.0, ge=0, le=50)
    batches_in_flight: int = Field(default=1, ge=1, le=8)
    most_waiting: int = Field(default=5000, ge=1)
    patience_seconds: float = Field(default=5.0, gt=0, le=60)

    @field_validator("code_keys")
    @classmethod
    def _one_character_ids(cls, ring: SecretStr) -> SecretStr:
        if any(len(kid) != 1 for kid in config.key_ring(ring)):
            raise ValueError("key ids of unit codes should be one character")
        return ring
