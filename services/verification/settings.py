"""What verification needs beside what every service needs."""

from urllib.parse import urlsplit

from shared import config
from shared.config import Key, KeyRing

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(config.Settings):
    """`identity_seed` signs the statements about operators that the other services check."""

    seal_keys_phone: KeyRing
    seal_keys_words: KeyRing
    seal_keys_answer: KeyRing
    seal_keys_note: KeyRing
    index_key: Key
    identity_seed: Key

    @property
    def secure_cookies(self) -> bool:
        """False only on a developer's own machine, where there is no TLS."""
        url = urlsplit(self.public_url)
        return not (url.scheme == "http" and url.hostname in _LOOPBACK)
