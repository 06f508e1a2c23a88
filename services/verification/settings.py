"""What verification needs beside what every service needs."""

from typing import Literal

from shared.config import Key, KeyRing
from shared.storage import StorageSettings


class Settings(StorageSettings):
    """`identity_seed` signs the statements about operators that the other services check.

    `sample_key` draws the verdicts that are looked at again; who knows it can foretell the lots.
    `second_factor` is optional on a developer's machine, where one signs in many times a day.
    """

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    seal_keys_note: KeyRing
    seal_keys_photo: KeyRing
    index_key: Key
    identity_seed: Key
    sample_key: Key
    second_factor: Literal["required", "optional"] = "required"
