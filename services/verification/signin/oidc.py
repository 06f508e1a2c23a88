"""Signing in by the bureau's own provider: OpenID Connect, an authorization code with PKCE."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth, hdrs
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Unauthenticated, Unavailable
from shared.observe import log

# A provider signs with a key pair; a secret that both sides know would let us sign, too.
_ALGORITHMS = ("RS256", "ES256", "PS256")
_TIMEOUT = ClientTimeout(total=2.5)
AWAY, REFUSED = "refused.oidc_away", "refused.oidc"


@dataclass(frozen=True)
class Provider:
    """`claim` names what the provider calls an operator by their username."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    claim: str
    back: str


class Attempt(BaseModel):
    """What one browser began, and must bring back."""

    model_config = ConfigDict(frozen=True)

    state: str
    nonce: str
    verifier: str
    then: str
    until: float


class _Known(BaseModel):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True)
class Oidc:
    """Talks to one provider; what it says of itself is asked for each time, as are its keys."""

    provider: Provider

    async def address(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in. Unavailable if the provider is away."""
        async with ClientSession(timeout=_TIMEOUT) as http:
            known = await self._known(http)
        challenge = base64.urlsafe_b64encode(sha256(attempt.verifier.encode()).digest())
        asked = {
            "response_type": "code", "client_id": self.provider.client, "scope": "openid profile",
            "redirect_uri": self.provider.back, "state": attempt.state, "nonce": attempt.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(), "code_challenge_method": "S256",
        }  # fmt: skip
        mark = "&" if "?" in known.authorization_endpoint else "?"
        return known.authorization_endpoint + mark + urlencode(asked)

    async def username(self, attempt: Attempt, code: str) -> str:
        """Who signed in there. Unauthenticated unless the provider says so, to us, just now."""
        async with ClientSession(timeout=_TIMEOUT) as http:
            known = await self._known(http)
            told = await self._exchange(http, known, attempt, code)
            keys = await _json(http, known.jwks_uri)
        claims = self._checked(str(told.get("id_token", "")), keys)
        if not secrets.compare_digest(
            str(claims.get("nonce", "")).encode(), attempt.nonce.encode()
        ):
            raise Unauthenticated(REFUSED)
        named = claims.get(self.provider.claim)
        if not isinstance(named, str) or not named:
            log.get().warning("provider does not say who it is", claim=self.provider.claim)
            raise Unauthenticated(REFUSED)
        return named

    async def _known(self, http: ClientSession) -> _Known:
        issuer = self.provider.issuer
        told = await _json(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            known = _Known.model_validate(told)
        except ValidationError:
            raise Unavailable(AWAY) from None
        if known.issuer != issuer:
            log.get().error("provider calls itself otherwise", issuer=known.issuer)
            raise Unavailable(AWAY)
        return known

    async def _exchange(
        self, http: ClientSession, known: _Known, attempt: Attempt, code: str
    ) -> Mapping[str, Any]:
        given = {
            "grant_type": "authorization_code", "code": code, "code_verifier": attempt.verifier,
            "redirect_uri": self.provider.back,
        }  # fmt: skip
        who = encode_basic_auth(self.provider.client, self.provider.secret)
        headers = {hdrs.AUTHORIZATION: who}
        try:
            async with http.post(known.token_endpoint, data=given, headers=headers) as response:
                told = await response.json()
        except (TimeoutError, ClientError, ValueError):
            raise Unavailable(AWAY) from None
        if response.status != 200 or not isinstance(told, dict):
            raise Unauthenticated(REFUSED)
        return told

    def _checked(self, token: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            known = jwt.PyJWKSet.from_dict(dict(keys)).keys
            key = next(one for one in known if kid is None or one.key_id == kid)
            claims: Mapping[str, Any] = jwt.decode(
                token, key, algorithms=_ALGORITHMS, audience=self.provider.client,
                issuer=self.provider.issuer, leeway=60,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "nonce"]},
            )  # fmt: skip
        except (jwt.PyJWTError, StopIteration):
            raise Unauthenticated(REFUSED) from None
        return claims


async def _json(http: ClientSession, url: str) -> Mapping[str, Any]:
    try:
        async with http.get(url) as response:
            told = await response.json()
    except (TimeoutError, ClientError, ValueError):
        raise Unavailable(AWAY) from None
    if response.status != 200 or not isinstance(told, dict):
        raise Unavailable(AWAY)
    return told
