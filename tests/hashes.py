"""Passwords' hashes that cost a millisecond: how much work they are is tested elsewhere."""

import pytest
from argon2 import PasswordHasher

from services.verification.signin import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


def make_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, in this process."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP.hash("nobody has this password"))
