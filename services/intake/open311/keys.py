"""The keys of apps: a name and its signature, so that a list of names is all that is configured."""

import hmac
from collections.abc import Collection, Mapping

from services.intake.accept import base32

_LENGTH = 24


def key_of(ring: Mapping[str, bytes], name: str) -> str:
    """An app's key under the first key of the ring. ValueError if the name could not be read."""
    if not (name.isascii() and name.replace("-", "").isalnum()):
        raise ValueError("an app's name is letters, digits and dashes")
    return f"{name}.{_signature(next(iter(ring.values())), name)}"


def client_of(ring: Mapping[str, bytes], names: Collection[str], key: str) -> str | None:
    """The app whose key this is; None for one that is forged, or whose app is not on the list."""
    name, _, signature = key.strip().partition(".")
    told = signature.encode()
    genuine = [hmac.compare_digest(_signature(own, name).encode(), told) for own in ring.values()]
    return name if name in names and any(genuine) else None


def _signature(key: bytes, name: str) -> str:
    return base32.encode(hmac.digest(key, f"open311\n{name}".encode(), "sha256"), _LENGTH)
