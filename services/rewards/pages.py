"""The staff pages of rewards: the list, and one reward with what an approver may do now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from services.rewards import views
from services.rewards.api import DECIDERS, READERS, Api
from services.rewards.approvals import LACKING
from services.rewards.rules.states import MOVES, Aside, State
from services.rewards.views import Approval, Note
from shared import access, staff
from shared.access import Operator
from shared.errors import Refused
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/rewards/{reward_id}"
Act = Callable[[Call[Any, None]], Awaitable[views.Detail]]


@dataclass(frozen=True)
class RewardPages:
    """`/rewards` and `/rewards/{id}` with its forms.

    The browser sees one form, whose buttons lead to the addresses of its sections: so a note that
    is half-written comes along when something else is done, and when the language is changed. What
    moves money, or stops it, is done by the person at the screen, whoever left it open.
    """

    api: Api

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        one = partial(Endpoint, params={"reward_id": UUID})
        form = partial(one, form=True, csrf="token", repeat="form", limit=24 * 1024)
        return [
            Endpoint("GET", "/", self.home, "To the rewards", READERS),
            Endpoint(
                "GET", "/rewards", self.list_rewards, "Rewards, newest first", READERS,
                query=views.ListQuery,
            ),
            one("GET", ADDRESS, self.show, "One reward", READERS),
            form("POST", ADDRESS, self.keep, "Show again what is filled in", DECIDERS,
                 again=partial(self.again, "")),
            *(form("POST", f"{ADDRESS}/{name}", partial(self.send, name, act), summary, DECIDERS,
                   body=body, again=partial(self.again, name), section=name, confirm=True)
              for name, (act, body, summary) in self._forms().items()),
        ]  # fmt: skip

    def _forms(self) -> dict[str, tuple[Act, type[Note], str]]:
        return {
            "approvals": (self.api.approve, Approval, "Approve or refuse"),
            "holds": (self.api.hold, Note, "Hold"),
            "write-offs": (self.api.write_off, Note, "Sign a write-off"),
        }

    async def home(self, _: Call[None, None]) -> See:
        """There are only rewards here."""
        return See("/rewards")

    async def list_rewards(self, call: Call[None, views.ListQuery]) -> Page:
        """A page of them, by state if wanted."""
        listing, state = await self.api.list_rewards(call), call.query.state
        kept = {"state": state, "cursor": listing.next}
        more = "/rewards?" + urlencode({k: v for k, v in kept.items() if v})
        values = {"listing": listing, "state": state, "states": get_args(State)}
        return Page("rewards.html", values | {"next_page": more if listing.next else None})

    async def show(self, call: Call[None, None]) -> Page:
        """One reward."""
        return await self._page(call)

    async def keep(self, call: Call[None, None]) -> Page:
        """The Enter key and the language, which belong to no section: nothing is done."""
        return await self._page(call)

    async def send(self, name: str, act: Act, call: Call[Note, None]) -> Page | See:
        """Do what a form asks. What stands in the others is shown again: it is stored nowhere."""
        await act(call)
        others = self._forms().keys() - {name}
        if any(call.fields.only(other).typed for other in others):
            return await self._page(call, done=name)
        return See(f"/rewards/{call.params['reward_id']}")

    async def again(self, name: str, call: Call[Any, None], refused: Refused) -> Page:
        """The reward with what was typed, and what is wrong with it."""
        return await self._page(call, name, refused)

    async def _page(
        self,
        call: Call[Any, None],
        form: str = "",
        refused: Refused | None = None,
        done: str = "",
    ) -> Page:
        reward = await self.api.get_reward(call)
        typed = {name: _said(call.fields, name, form, done) for name in self._forms()}
        values = {
            "reward": reward,
            "people": await self._people(reward),
            "forms": _forms_for(reward, call.operator),
            "form": form,
            "typed": typed,
            "done": done,
            "asides": get_args(Aside),
            "lacking": LACKING,
            "window_days": self.api.pace.vendor_window.days,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("reward.html", values, refused=refused)

    async def _people(self, reward: views.Detail) -> dict[str, str]:
        """Names for the time line, as its steps name those who made them."""
        actors = {step.actor for step in reward.transitions}
        async with self.api.database.acquire() as conn:
            names = await staff.list_names(conn, [one for a in actors for one in signers(a)])
        return {a: " + ".join(names.get(one, one) for one in signers(a)) for a in actors}


def _said(fields: Fields, name: str, form: str, done: str) -> Fields:
    """What stands in a section; nothing any more where it was done."""
    if name == done:
        return NONE
    return fields.within(name) if name == form else fields.only(name)


def signers(actor: str) -> list[str]:
    """Who did a step: a write-off has two."""
    return actor.split(" + ")


def _forms_for(reward: views.Detail, operator: Operator) -> frozenset[str]:
    """The forms that could succeed now; the others are not shown."""
    if operator.role not in access.REWARD_DECIDERS:
        return frozenset()
    shown = {
        "approvals": reward.state in ("held", "manual"),
        "holds": (reward.state, "held") in MOVES,
        "write-offs": reward.state == "unknown" or reward.write_off_lacks is None,
    }
    return frozenset(name for name, possible in shown.items() if possible)
