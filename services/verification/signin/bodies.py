"""What signing in takes and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.access import Role


class SignInBody(BaseModel):
    """POST /api/v1/sessions, and the sign-in page's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Annotated[str, StringConstraints(max_length=200)]
    password: Annotated[str, StringConstraints(max_length=2000)] = Field(repr=False)


class OperatorShown(BaseModel):
    """Who is signed in."""

    username: str
    name: str
    role: Role
    scope: str
    badge: str | None


class SessionShown(BaseModel):
    """A new session; `token` goes into Authorization: Bearer."""

    token: str
    expires_at: datetime
    operator: OperatorShown


class StatementShown(BaseModel):
    """A minute's statement, for the other services' Authorization: Bearer."""

    statement: str
    expires_in: int
