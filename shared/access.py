"""Who is calling: short-lived signed statements about a signed-in operator.

Verification keeps operators and sessions; it hands out statements (JWT, EdDSA) that the other
services check without asking it. They live 60 s: by then a disabled operator is out everywhere.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import Forbidden, Unauthenticated
from shared.values import clock

Role = Literal[
    "unit_operator",
    "county_supervisor",
    "city_supervisor",
    "reward_approver",
    "leadership",
    "auditor",
    "administrator",
]
LIFETIME = timedelta(seconds=60)
_ALGORITHM = "EdDSA"
_AUDIENCE = "mashang"


@dataclass(frozen=True)
class Operator:
    """A signed-in user: role, and a place in the tree (the code of a unit or of a place above)."""

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None = None


def public_key(seed: bytes) -> bytes:
    """The 32 bytes that the checking services are configured with."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def issue(operator: Operator, seed: bytes) -> str:
    """A statement for the next 60 s."""
    now = clock.now()
    claims = {"aud": _AUDIENCE, "iat": now, "exp": now + LIFETIME, "operator": asdict(operator)}
    return jwt.encode(claims, Ed25519PrivateKey.from_private_bytes(seed), algorithm=_ALGORITHM)


def check(authorization: str | None, key: bytes, *roles: Role) -> Operator:
    """The operator behind an `Authorization: Bearer` header, who must have one of `roles`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send a token of the desk as Authorization: Bearer.")
    try:
        # Time is checked below, by our own clock.
        claims = jwt.decode(
            token,
            Ed25519PublicKey.from_public_bytes(key),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "aud"]},
        )
        operator = Operator(**claims["operator"])
    except (jwt.InvalidTokenError, KeyError, TypeError):
        raise Unauthenticated("The token is not valid.") from None
    if claims["exp"] <= clock.now().timestamp():
        raise Unauthenticated("The token has expired; ask the desk for a new one.")
    if roles and operator.role not in roles:
        raise Forbidden(f"This needs the role {' or '.join(roles)}.")
    return operator
