"""Short-lived signed statements about a signed-in operator (JWT, EdDSA).

Verification keeps operators and sessions; the other services check its statements without asking
it. They live 60 s: by then a disabled operator is out everywhere, also while the bus is away.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.access import Operator
from shared.errors import Unauthenticated
from shared.values import clock
from shared.values.keystrokes import UNCHANGED, Keys

LIFETIME = timedelta(seconds=60)
_ALGORITHM = "EdDSA"
_AUDIENCE = "mashang"
_NOT_OURS = "refused.token_invalid"


@dataclass(frozen=True)
class Statement:
    """What was signed: who, as of which version of theirs, in which session, confirmed when.

    `keys` are those that they have chosen for the pages.
    """

    operator: Operator
    version: int
    session: str
    confirmed_at: datetime
    keys: Keys = UNCHANGED


def public_key(seed: bytes) -> bytes:
    """The 32 bytes that the checking services are configured with."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def issue(
    operator: Operator,
    seed: bytes,
    *,
    version: int = 1,
    session: str = "",
    confirmed_at: datetime | None = None,
    keys: Keys = UNCHANGED,
) -> str:
    """A statement for the next 60 s; `session` is a hash that names the sign-in.

    `confirmed_at` is when the operator last typed their password.
    """
    now = clock.now()
    claims = {
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + LIFETIME,
        "operator": asdict(operator),
        "version": version,
        "session": session,
        "confirmed": confirmed_at.timestamp() if confirmed_at else 0,
        "keys": asdict(keys),
    }
    return jwt.encode(claims, Ed25519PrivateKey.from_private_bytes(seed), algorithm=_ALGORITHM)


def check_any(token: str, keys: Sequence[bytes]) -> Statement:
    """The same by any of some keys: while one follows another, both are known."""
    for key in keys[:-1]:
        try:
            return check(token, key)
        except Unauthenticated as refused:
            if refused.key != _NOT_OURS:
                raise
    return check(token, keys[-1])


def check(token: str, key: bytes, left: timedelta = timedelta()) -> Statement:
    """What a statement says. Unauthenticated unless it is ours, with so much of its time left."""
    try:
        # Time is checked below, by our own clock.
        claims = jwt.decode(
            token,
            Ed25519PublicKey.from_public_bytes(key),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "aud"]},
        )
        statement = Statement(
            Operator(**claims["operator"]),
            int(claims["version"]),
            str(claims["session"]),
            datetime.fromtimestamp(float(claims.get("confirmed", 0)), UTC),
            Keys(**claims.get("keys", {})),
        )
        expires = float(claims["exp"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
        raise Unauthenticated(_NOT_OURS) from None
    if expires <= (clock.now() + left).timestamp():
        raise Unauthenticated("refused.token_expired")
    return statement
