"""What verification needs beside what every service needs."""

from shared import config
from shared.config import Key, KeyRing


class Settings(config.Settings):
    """`identity_seed` signs the statements about operators that the other services check.

    `sample_key` draws the verdicts that are looked at again; who knows it can foretell the lots.
    """

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    seal_keys_note: KeyRing
    index_key: Key
    identity_seed: Key
    sample_key: Key
