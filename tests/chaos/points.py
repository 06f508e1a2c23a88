"""The named moments at which a process dies: around every commit, send and ack, by its purpose.

A moment is recognised by what is done (`act`) and by the function on whose behalf (`frame`), so
production code knows nothing of it. SIGKILL at random hardly ever strikes these milliseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.flows import SERVICES

Act = Literal["commit", "statement", "publish", "ack", "vendor"]
# `sent` lies between the two: it has left, and no answer was heard.
Edge = Literal["before", "sent", "after"]


@dataclass(frozen=True)
class Point:
    """One moment in these services. `frame` names an errand too: `Errand.run[send]`."""

    purpose: str
    act: Act
    edge: Edge
    frame: str
    services: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it stands in the table and as a file's name."""
        return f"{self.edge} {self.purpose}"


def _around(
    purpose: str, act: Act, frame: str, *services: str, edges: Sequence[Edge] = ("before", "after")
) -> Iterator[Point]:
    for edge in edges:
        yield Point(purpose, act, edge, frame, services or SERVICES)


_THREE: Sequence[Edge] = ("before", "sent", "after")
POINTS: tuple[Point, ...] = (
    *_around("inbox: commit of a batch", "commit", "Inbox._handle_fresh"),
    *_around("inbox: commit of pending events", "commit", "Inbox._store"),
    *_around("inbox: claim of a pending batch", "statement", "claim_batch", edges=("after",)),
    *_around("inbox: commit of a pending batch", "commit", "Inbox._run_together"),
    *_around("inbox: claim of one alone", "statement", "claim_one", edges=("after",)),
    *_around("inbox: commit of one alone", "commit", "Inbox._run_alone"),
    *_around("broker: ack", "ack", "Consumer._work"),
    *_around("relay: commit of leases", "commit", "Relay._lease"),
    *_around("broker: send and confirm", "publish", "Relay._empty", edges=_THREE),
    *_around("relay: commit of what was sent", "commit", "Relay._settle"),
    *_around("intake: commit of submissions", "statement", "Writer._commit", "intake"),
    *_around("desk: commit of a call", "commit", "Api.log_callback", "verification"),
    *_around("desk: commit of a verdict", "commit", "Api.submit_verdict", "verification"),
    *_around("desk: commit of a review", "commit", "Api.review", "verification"),
    *_around("reward: commit of order leases", "commit", "Payouts.lease", "rewards"),
    *_around("reward: order", "vendor", "Payouts._send", "rewards", edges=_THREE),
    *_around("reward: commit of an order's answer", "commit", "Errand.carry[send]", "rewards"),
    *_around("reward: commit of question leases", "commit", "Errand.run[ask]", "rewards"),
    *_around("reward: question", "vendor", "Payouts._ask", "rewards", edges=_THREE),
    *_around("reward: commit of a question's answer", "commit", "Errand.carry[ask]", "rewards"),
    *_around("reward: commit of lost leases", "commit", "Payouts.recover", "rewards"),
    *_around("reward: commit of a report", "commit", "Api.take_report", "rewards"),
    *_around("sms: commit of leases", "commit", "Errand.run[send]", "notifications"),
    *_around("sms: sending", "vendor", "Deliveries._send", "notifications", edges=_THREE),
    *_around("sms: commit of a sending's answer", "commit", "Errand.carry[send]", "notifications"),
    *_around("sms: commit of question leases", "commit", "Errand.run[query]", "notifications"),
    *_around("sms: question", "vendor", "Deliveries._ask", "notifications", edges=_THREE),
    *_around("sms: commit of a question's answer", "commit", "Errand.carry[query]",
             "notifications"),
    *_around("sms: commit of lost leases", "commit", "Deliveries.expire_leases", "notifications"),
    *_around("sms: commit of a report", "commit", "Api.take_report", "notifications"),
)  # fmt: skip

# What people decide about money or an SMS, one thing at a time: nobody does so while the city runs,
# so each is died in alone (tests/chaos/alone.py).
BY_HAND: tuple[Point, ...] = (
    *_around("reward: commit of a retry by hand", "commit", "Api.approve", "rewards"),
    *_around("reward: commit of a hold", "commit", "Api.hold", "rewards"),
    *_around("reward: commit of a second signature", "commit", "Api.write_off", "rewards"),
    *_around("reward: commit of an approval", "commit", "Api.approve", "rewards"),
    *_around("stop: commit of a second lift", "commit", "Reconciliations.lift", "rewards"),
    *_around("mismatch: commit of a resolution", "commit", "Clearing.resolve", "rewards"),
    *_around("ledger: commit of a top-up", "commit", "LedgerPages.top_up", "rewards"),
    *_around("ledger: commit of a reversal", "commit", "LedgerPages.take_back", "rewards"),
    *_around("month: commit of a close", "commit", "Closing.close", "rewards"),
    *_around("sms: commit of a sending by hand", "commit", "Api.resend", "notifications"),
)

# Commits without a point, by the beginning of a function's name, and why. One that is not here is
# shown, and fails the run.
_AGAIN = "by the clock, in one transaction: the next run does what this one did not"
NAMELESS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "prepare",
            "examine_cases",
            "read_words",
            "note_missed",
            "make_up",
            "tell_older",
            "sum_received",
            "sum_states",
            "sum_figures",
            "count_months",
            "Deliveries.observe",
        ),
        _AGAIN,
    ),
    "SignIn.": "counted before the password is looked at: dying here locks names and addresses",
    "Addresses.": "the same sign-in",
    "Payouts.retry": "orders that the vendor refused: none is refused here",
    "Inbox._park_unreadable": "nobody sends unreadable events here",
    "forget_failures": "forgets what failed long ago and what processes told",
    "remove_old": "forgets sessions and repeat keys of long ago",
    "Inbox._release": "a claim given back early: else it ends by itself",
    "Inbox._failed": "no handler fails here for its event's sake",
    "Relay._release": "a lease given back early: else it ends by itself",
    "count_news": _AGAIN,
    "Several.": "shares of SMS vendors: moved again a minute later, by the same record",
    "add_up": _AGAIN,
    "PhoneChecks.": "looks a number up: it is looked up again once the lease is over",
    "Fitting.": "the same before an order; nothing has left, and nothing is leased for sending",
    "Guesses.": "counted before a password is looked at, as at the sign-in",
    "Fetching.": "a statement that is fetched again is the same run",
    "carry_on": "a batch of replaying or discarding by hand: the next run goes on where this ended",
    "Keyring.": "the receipts' own key, once a start; the next start adds it else",
}


def of(service: str) -> list[Point]:
    """The points that a service has while the city runs."""
    return [point for point in POINTS if service in point.services]


def by_hand(service: str) -> list[Point]:
    """Those where a person decides."""
    return [point for point in BY_HAND if service in point.services]


def wanted(times: int, purposes: Sequence[str] = ()) -> dict[str, dict[str, int]]:
    """How often each is to be hit, by service; what all services share counts over all of them."""
    return {
        service: {
            point.name: -(-times // len(point.services))
            for point in of(service)
            if not purposes or point.purpose in purposes
        }
        for service in SERVICES
    }
