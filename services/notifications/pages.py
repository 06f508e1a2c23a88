"""The staff page of notifications: how the SMS stand, and those that wait for a person."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.notifications.api import MENDERS, READERS, Api
from shared import access
from shared.errors import Refused
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See


@dataclass(frozen=True)
class MessagePages:
    """`/messages`."""

    api: Api

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [
            Endpoint("GET", "/", self.home, "To the messages", READERS),
            Endpoint("GET", "/messages", self.show, "How the SMS stand", READERS),
            Endpoint(
                "POST", "/messages/{message_id}/release", self.release,
                "Queue a held SMS again", MENDERS, params={"message_id": UUID}, form=True,
                again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def home(self, _: Call[None, None]) -> See:
        """There are only messages here."""
        return See("/messages")

    async def show(self, call: Call[None, None]) -> Page:
        """Figures, and what is held."""
        return await self._page(call)

    async def release(self, call: Call[None, None]) -> See:
        """Queue one again."""
        await self.api.release(call)
        return See("/messages")

    async def again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The page, and why it was not done."""
        return await self._page(call, refused)

    async def _page(self, call: Call[Any, None], refused: Refused | None = None) -> Page:
        values = {
            "figures": await self.api.figures(call),
            "held": (await self.api.list_held(call)).messages,
            "may_release": call.operator.role in access.MESSAGE_MENDERS,
            "sent": call.params.get("message_id"),
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("messages.html", values, refused=refused)
