"""Who says what to whom. Queues, README's flow table and the relay's refusals derive from FLOWS."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from shared import events
from shared.events import Event

SERVICES = ("intake", "verification", "rewards", "notifications", "scoring")
EXCHANGE = "mashang.events"
TOPOLOGY = "mashang.topology"


@dataclass(frozen=True)
class Flow:
    """One event's way: a single producer, its consumers, and why they want it."""

    event: type[Event]
    producer: str
    consumers: tuple[str, ...]
    why: str


FLOWS: tuple[Flow, ...] = (
    Flow(
        events.UnitChanged,
        "verification",
        ("intake", "rewards", "scoring"),
        "the unit's name and whether it is open; its place in the tree, for who may see what",
    ),
    Flow(
        events.OfficerChanged,
        "verification",
        ("intake", "rewards", "scoring"),
        "a window's own list of names; holds on roster phones; the officer of a strike",
    ),
    Flow(
        events.OperatorChanged,
        "verification",
        ("intake", "rewards", "notifications", "scoring"),
        "their staff pages know the same operators, and who is disabled",
    ),
    Flow(
        events.SubmissionReceived,
        "intake",
        ("verification", "scoring"),
        "verification opens the case; scoring counts satisfaction",
    ),
    Flow(
        events.SubmissionAdded,
        "intake",
        ("verification", "scoring"),
        "the case gets what came later; a commendation reaches the officer's record",
    ),
    Flow(
        events.CommendationAttributed,
        "verification",
        ("scoring",),
        "praise whose officer was typed, or not named, reaches the officer's record as well",
    ),
    Flow(
        events.HoldEnded,
        "verification",
        ("intake", "scoring"),
        "the receipt page and the figures know whether what was held counts",
    ),
    Flow(
        events.ContactErased,
        "intake",
        ("verification", "rewards", "notifications"),
        "whoever holds a phone or words forgets them, as soon as nothing is owed",
    ),
    Flow(
        events.CaseOpened,
        "verification",
        ("intake", "scoring"),
        "the receipt page shows the due times; scoring counts cases",
    ),
    Flow(
        events.CallbackLogged,
        "verification",
        ("intake", "scoring"),
        "the receipt page shows the call; scoring counts call-backs in time",
    ),
    Flow(
        events.CallbackUnreached,
        "verification",
        ("notifications",),
        "whom nobody could reach by phone learns of it by SMS",
    ),
    Flow(
        events.DutyPaged,
        "verification",
        ("notifications",),
        "whoever is on duty is paged by SMS: something urgent waits",
    ),
    Flow(
        events.DutyNoticed,
        "verification",
        ("notifications",),
        "whoever is on duty hears by SMS that a notice waits, or that a reward is nearly late",
    ),
    Flow(
        events.WordGiven,
        "verification",
        ("intake", "notifications"),
        "the receipt page shows the word, and an SMS says that there is one",
    ),
    Flow(
        events.ClockChanged,
        "verification",
        ("intake",),
        "the receipt page calls nothing overdue whose clock has stopped",
    ),
    Flow(
        events.CaseVerified,
        "verification",
        ("rewards", "notifications", "scoring", "intake"),
        "reward, thanks, points and strikes, and the answer on the receipt page",
    ),
    Flow(
        events.CaseRescheduled,
        "verification",
        ("intake",),
        "the receipt page shows the new due times",
    ),
    Flow(
        events.ContactBound,
        "intake",
        ("verification", "rewards"),
        "the citizen can be called, and a reward that waited for a phone can be paid",
    ),
    Flow(
        events.PhoneRefused,
        "rewards",
        ("verification", "intake"),
        "the desk and the receipt page ask for another phone before the two days are over",
    ),
    Flow(
        events.OtpRequested,
        "intake",
        ("notifications",),
        "the one-time code goes to the phone by SMS",
    ),
    Flow(
        events.InvitationDrawn,
        "intake",
        ("notifications",),
        "whoever was drawn is asked by SMS, once",
    ),
    Flow(
        events.ReceiptIssued,
        "intake",
        ("notifications",),
        "whoever spoke to a member of staff gets the receipt by SMS; staff never see it",
    ),
    Flow(
        events.AnswerRated,
        "intake",
        ("verification", "notifications", "scoring"),
        "solved? satisfied? on the case and in the figures; who has said it is not asked by SMS",
    ),
    Flow(
        events.AnswerHeard,
        "verification",
        ("intake",),
        "what a citizen answers by phone counts as if it were said on the receipt page",
    ),
    Flow(
        events.AnswerReplied,
        "notifications",
        ("intake",),
        "a reply by SMS counts as if it were said on the receipt page; not solved is a follow-up",
    ),
    Flow(
        events.FollowupReceived,
        "intake",
        ("verification",),
        "the case opens again one level higher",
    ),
    Flow(
        events.PressureReported,
        "intake",
        ("verification",),
        "a case above the unit, which the unit does not see",
    ),
    Flow(
        events.SubmissionWithdrawn,
        "intake",
        ("verification",),
        "the case goes on, and the level above looks at a sample",
    ),
    Flow(
        events.IncidentChanged,
        "verification",
        ("rewards", "scoring"),
        "one strike and so many rewards an incident, also after cases were joined or taken apart",
    ),
    Flow(
        events.AppealChanged,
        "verification",
        ("scoring",),
        "a strike stays provisional until the officer's appeal is answered",
    ),
    Flow(
        events.SampleCommitted,
        "verification",
        ("intake",),
        "everybody sees what the random review's seed of a day must fit, before it is drawn with",
    ),
    Flow(
        events.SampleRevealed,
        "verification",
        ("intake",),
        "everybody can draw the random review of a day again",
    ),
    Flow(
        events.RewardDecided,
        "rewards",
        ("intake", "scoring"),
        "the receipt page shows the reward's state; scoring counts decisions",
    ),
    Flow(
        events.RewardPaid,
        "rewards",
        ("notifications", "intake", "scoring"),
        "the second SMS, the receipt page, the figures",
    ),
    Flow(
        events.RewardReversed,
        "rewards",
        ("intake", "scoring"),
        "the receipt page and the figures follow the provider",
    ),
    Flow(
        events.DeadlineNeared,
        "rewards",
        ("verification",),
        "verification knows whose phone is on duty for money, before two days are missed",
    ),
    Flow(
        events.MessageSettled,
        "notifications",
        ("verification", "intake"),
        "the case's and the receipt's time lines show whether the SMS arrived",
    ),
    Flow(
        events.QuestionAsked,
        "notifications",
        ("scoring",),
        "the figures tell of how many who were asked by SMS they have an answer",
    ),
    Flow(
        events.ScoreChanged,
        "scoring",
        ("verification",),
        "the desk shows what a verdict did to the unit's points",
    ),
    Flow(
        events.PaperChanged,
        "scoring",
        ("verification",),
        "the desk counts the documents that wait to be read by whoever works there",
    ),
)

# Queues of services and events that are gone altogether, for `mashang broker orphans` to find.
RETIRED: tuple[str, ...] = ()

PRODUCERS: dict[type[Event], str] = {flow.event: flow.producer for flow in FLOWS}
EVENTS: dict[str, type[Event]] = {flow.event.TYPE: flow.event for flow in FLOWS}


def producer_of(event: type[Event]) -> str:
    """The one service that may publish this event. KeyError if no flow has it."""
    return PRODUCERS[event]


def heard_by(service: str) -> list[type[Event]]:
    """The events that a service consumes, in the order of FLOWS."""
    return [flow.event for flow in FLOWS if service in flow.consumers]


def told_by(service: str) -> list[type[Event]]:
    """The events that a service publishes, in the order of FLOWS."""
    return [flow.event for flow in FLOWS if flow.producer == service]


def queue_name(consumer: str, event: type[Event]) -> str:
    """`rewards.case.verified.v1`: the only place where a queue's name is made."""
    return f"{consumer}.{event.TYPE}"


def bindings() -> Iterator[tuple[str, str]]:
    """Every (queue, routing key) of the whole system."""
    for flow in FLOWS:
        for consumer in flow.consumers:
            yield queue_name(consumer, flow.event), flow.event.TYPE


def topology_mark() -> str:
    """The exchange that is declared last: where it stands, every binding of these FLOWS does.

    Whoever published between the declaration of two queues would lose the event for the second.
    """
    digest = sha256("\n".join(sorted(queue for queue, _ in bindings())).encode()).hexdigest()
    return f"{TOPOLOGY}.{digest[:12]}"


def table() -> str:
    """The flow table of README, in Markdown."""
    head = "| event | from | to | why |\n|---|---|---|---|\n"
    rows = (
        f"| `{f.event.TYPE}` | {f.producer} | {', '.join(f.consumers)} | {f.why} |" for f in FLOWS
    )
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
