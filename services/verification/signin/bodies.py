"""What signing in takes and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.access import Role


class SignInBody(BaseModel):
    """The sign-in page's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Annotated[str, StringConstraints(max_length=200)]
    password: Annotated[str, StringConstraints(max_length=2000)] = Field(repr=False)


class ProgramBody(SignInBody):
    """POST /api/v1/sessions; `code` is the second factor's, where there is one."""

    code: Annotated[str, StringConstraints(max_length=40)] = Field("", repr=False)


class CodeBody(BaseModel):
    """The second factor's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, StringConstraints(max_length=40)] = Field(repr=False)


class PasswordBody(BaseModel):
    """A new password of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: Annotated[str, StringConstraints(max_length=2000)] = Field(repr=False)
    new: Annotated[str, StringConstraints(max_length=1024)] = Field(repr=False)


class NewPasswordBody(BaseModel):
    """A password of one's own in place of one that was given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    new: Annotated[str, StringConstraints(max_length=1024)] = Field(repr=False)


class PlaceBody(BaseModel):
    """Where to sign out; nothing means everywhere else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Annotated[str, StringConstraints(max_length=16)] = ""


class KeysBody(BaseModel):
    """Whether single keys do anything; the keys stand beside it, each under what it does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    single: bool


class ConfirmBody(BaseModel):
    """The password once more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
