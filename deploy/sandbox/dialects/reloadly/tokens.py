"""Tokens that the sandbox need not keep: until when, and a seal over it."""

import hmac

from deploy.sandbox.dialects.reloadly.account import Account
from deploy.sandbox.dialects.reloadly.codes import ReloadlyError
from deploy.sandbox.when import now


def make(account: Account) -> str:
    """A new one."""
    until = f"{now() + account.token_seconds:.3f}"
    return f"{until}.{_seal(account, until)}"


def check(account: Account, header: str) -> None:
    """INVALID_TOKEN, or TOKEN_EXPIRED [C]."""
    scheme, _, token = header.partition(" ")
    until, _, seal = token.rpartition(".")
    if scheme != "Bearer" or not hmac.compare_digest(seal.encode(), _seal(account, until).encode()):
        raise ReloadlyError("INVALID_TOKEN")
    if now() >= float(until):
        raise ReloadlyError("TOKEN_EXPIRED")


def _seal(account: Account, until: str) -> str:
    return hmac.new(account.client_secret.encode(), until.encode(), "sha256").hexdigest()
