"""A temporary password for an operator who has lost theirs, shown once."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from services.verification.directory import acts
from services.verification.directory.pages.forms import ADDRESS
from services.verification.signin.rules import TEMPORARY_FOR
from shared import access
from shared.db import Database
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page

ONE = f"{ADDRESS}/operators/{{username}}/password"


def told(username: str, password: str) -> dict[str, object]:
    """What its page says: whose it is, and how long it works."""
    return {"username": username, "password": password, "days": TEMPORARY_FOR.days}


@dataclass(frozen=True)
class PasswordPages:
    """`/desk/directory/operators/<username>/password`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The act alone; its form is on the operator's page."""
        return [
            Endpoint(
                "POST", ONE, self.renew, "Give an operator a temporary password",
                staff(access.ACCOUNT_KEEPERS), params={"username": str}, form=True, csrf="token",
                repeat="form", confirm=True,
            ),
        ]  # fmt: skip

    async def renew(self, call: Call[Any, Any]) -> Page:
        """It is shown now, or never; a second click shows the same."""
        username, password = call.params["username"], acts.temporary_password()
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.renew_password, conn, call.operator, username, password)
            shown = await repeats.once(conn, call, str, doing)
        return Page("directory_password.html", told(username, shown))
