"""The staff pages of notifications: how the SMS stand, one of them, and who wants no more."""

from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from services.notifications import views
from services.notifications.api import MENDERS, READERS, Api
from services.notifications.rules.messages import Purpose, State
from shared import access
from shared.errors import Refused
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ONE = "/messages/{message_id}"


@dataclass(frozen=True)
class MessagePages:
    """`/messages` and `/messages/{id}`."""

    api: Api

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        own = {"message_id": UUID}
        return [
            Endpoint("GET", "/", self.home, "To the messages", READERS),
            Endpoint(
                "GET", "/messages", self.show, "How the SMS stand", READERS, query=views.ListQuery
            ),
            Endpoint("GET", ONE, self.show_one, "One SMS", READERS, params=own),
            Endpoint(
                "POST", f"{ONE}/release", self.release, "Queue a held SMS again", MENDERS,
                params=own, form=True, again=self.not_released, csrf="token", repeat="form",
            ),
            Endpoint(
                "POST", f"{ONE}/resend", self.resend, "Send an SMS again", MENDERS, params=own,
                body=views.ResendBody, form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def home(self, _: Call[None, None]) -> See:
        """There are only messages here."""
        return See("/messages")

    async def show(self, call: Call[None, views.ListQuery]) -> Page:
        """Figures of all, what today costs, what is held, and a page of them."""
        return await self._list(call, call.query)

    async def show_one(self, call: Call[None, None]) -> Page:
        """One, with its story and what may be done about it."""
        return await self._page(call, NONE)

    async def release(self, call: Call[None, None]) -> See:
        """Queue one again."""
        await self.api.release(call)
        return See("/messages")

    async def not_released(self, call: Call[Any, None], refused: Refused) -> Page:
        """The list, and why it was not done."""
        return await self._list(call, views.ListQuery(), refused)

    async def resend(self, call: Call[views.ResendBody, None]) -> See:
        """To the message that takes its place."""
        done = await self.api.resend(call)
        return See(f"/messages/{done.message_id}")

    async def again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The message, what was typed, and why it was not done."""
        return await self._page(call, call.fields, refused)

    async def _list(
        self, call: Call[Any, Any], query: views.ListQuery, refused: Refused | None = None
    ) -> Page:
        listing = await self.api.listing(call, query)
        kept = {"state": query.state, "purpose": query.purpose, "vendor": query.vendor,
                "cursor": listing.next}  # fmt: skip
        more = "/messages?" + urlencode({k: v for k, v in kept.items() if v})
        values = {
            "figures": await self.api.figures(call),
            "day": await self.api.get_day(call),
            "held": (await self.api.list_held(call)).messages,
            "shares": await self.api.list_shares(call),
            "may_release": _may_mend(call),
            "listing": listing,
            "state": query.state,
            "purpose": query.purpose,
            "vendor": query.vendor,
            "vendors": [vendor.name for vendor in self.api.vendors],
            "states": get_args(State),
            "purposes": get_args(Purpose),
            "next_page": more if listing.next else None,
            "sent": call.params.get("message_id"),
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("messages.html", values, refused=refused)

    async def _page(
        self, call: Call[Any, None], typed: Fields, refused: Refused | None = None
    ) -> Page:
        values = {
            "message": await self.api.get_message(call),
            "may_mend": _may_mend(call),
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("message.html", values, refused=refused)


@dataclass(frozen=True)
class StopPages:
    """`/stops`: nobody's number stands there."""

    api: Api

    def endpoints(self) -> list[Endpoint]:
        """The list's changes, and the form that makes one."""
        return [
            Endpoint("GET", "/stops", self.show, "Who wants no more SMS", READERS),
            Endpoint(
                "POST", "/stops", self.change, "Change who wants no more SMS", MENDERS,
                body=views.StopBody, form=True, again=self.again, csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """How many there are, and what was changed."""
        return await self._page(call, NONE)

    async def change(self, call: Call[views.StopBody, None]) -> See:
        """Changed; back to the page, where it is the newest."""
        await self.api.change_stop(call)
        return See("/stops?done=1")

    async def again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The page with what was typed."""
        return await self._page(call, call.fields, refused)

    async def _page(
        self, call: Call[Any, None], typed: Fields, refused: Refused | None = None
    ) -> Page:
        values = {
            "stops": await self.api.list_stops(call),
            "may_mend": _may_mend(call),
            "typed": typed,
            "done": call.asked("done"),
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("stops.html", values, refused=refused)


def _may_mend(call: Call[Any, Any]) -> bool:
    return call.operator.role in access.MESSAGE_MENDERS
