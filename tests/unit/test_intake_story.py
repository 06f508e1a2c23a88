"""The story of a submission: in order, whatever arrived when, with what is still due."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.intake.follow.story import Entry, Step, reopening, story

START = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
DUE = START + timedelta(hours=9)


def entry(step: Step, minutes: int, **details: object) -> Entry:
    """A step so many minutes after the start."""
    return Entry(step, START + timedelta(minutes=minutes), details)


OPENED = entry("opened", 1, callback_due_at=DUE.isoformat(), verification_due_at=DUE.isoformat())
MISSED = entry("called", 10, number=1, outcome="no_answer", state="open")
REACHED = entry("called", 50, number=2, outcome="reached", state="reached")
VERIFIED = entry("verified", 90, number=1, verdict="substantiated", answer_sealed=None)
SCHEDULED = entry(
    "reward_decided", 91, number=1, decision="scheduled", amount_fen=2000, due_at=DUE.isoformat()
)
PAID = entry("reward_paid", 95, amount_fen=2000)
THANKED = entry("message", 96, purpose="thanks", outcome="delivered")


def told(*entries: Entry, now: datetime = START, phone: bool = True) -> list[str]:
    """The names of the lines."""
    return [line.text for line in story(START, entries, now, phone)]


def test_the_story_is_in_order_whatever_arrived_when() -> None:
    """Every order of arrival tells the same story."""
    wanted = [
        "line_received", "line_opened", "line_called_no_answer", "line_called_reached",
        "line_verified", "line_reward_paid", "line_message_thanks_delivered",
    ]  # fmt: skip
    steps = (OPENED, MISSED, REACHED, VERIFIED, SCHEDULED, PAID, THANKED)
    assert {tuple(wanted)} == {tuple(told(*some)) for some in permutations(steps)}


def test_what_is_due_comes_last_and_goes_when_it_is_done() -> None:
    """Call and verdict are announced until they have happened."""
    both = ["line_callback_due", "line_verification_due"]
    assert ["line_received", "line_opened", *both] == told(OPENED)
    assert both == told(OPENED, MISSED)[-2:]
    assert ["line_called_reached", both[1]] == told(OPENED, REACHED)[-2:]
    assert "line_reward_due" == told(OPENED, REACHED, VERIFIED, SCHEDULED)[-1]


def test_no_phone_no_promise_to_call() -> None:
    """Without a phone nobody promises a call."""
    assert ["line_received", "line_opened", "line_verification_due"] == told(OPENED, phone=False)


def test_overdue_is_said_openly() -> None:
    """After the due time the line says so and is marked late."""
    lines = story(START, [OPENED], DUE + timedelta(seconds=1), phone=False)
    assert ("line_verification_due_late", True) == (lines[-1].text, lines[-1].late)


def test_only_the_newest_decision_on_the_reward_counts() -> None:
    """A held reward that is then scheduled shows as scheduled, by version and not by arrival."""
    held = entry(
        "reward_decided", 200, number=1, decision="held", amount_fen=2000, due_at=DUE.isoformat()
    )
    later = Entry("reward_decided", SCHEDULED.at, {**SCHEDULED.details, "number": 2})
    assert ["line_received", "line_reward_scheduled", "line_reward_due"] == told(held, later)


@pytest.mark.parametrize("decision", ["held", "manual", "withdrawn", "refused"])
def test_a_reward_that_waits_for_a_person_promises_no_date(decision: str) -> None:
    """The promise of before is taken back, also when it arrives after the newer word."""
    later = Entry(
        "reward_decided", PAID.at, {**SCHEDULED.details, "number": 5, "decision": decision}
    )
    for entries in ((SCHEDULED, later), (later, SCHEDULED)):
        assert ["line_received", f"line_reward_{decision}"] == told(*entries)


def test_an_order_made_again_promises_again() -> None:
    """Held, approved, with a person, ordered again, paid: each word replaces the one before."""
    words = ("held", "scheduled", "manual", "scheduled")
    steps = [
        Entry("reward_decided", SCHEDULED.at, {**SCHEDULED.details, "number": n, "decision": word})
        for n, word in enumerate(words, 1)
    ]
    for number, word in enumerate(words, 1):
        promised = ["line_reward_due"] if word == "scheduled" else []
        assert ["line_received", f"line_reward_{word}", *promised] == told(*steps[:number])
    assert ["line_received", "line_reward_paid"] == told(*steps, PAID)


def test_what_arrives_after_a_withdrawal_is_told() -> None:
    """The vendor had carried it out: it is paid, and nothing says that it is not."""
    withdrawn = entry(
        "reward_decided", 94, number=3, decision="withdrawn", amount_fen=2000,
        due_at=DUE.isoformat(),
    )  # fmt: skip
    assert "line_reward_paid" == told(SCHEDULED, withdrawn, PAID)[-1]


def test_a_changed_verdict_is_a_line_of_its_own() -> None:
    """Both revisions stay visible; the second says that it is a change."""
    again = entry("verified", 300, number=2, verdict="partly", answer_sealed=None)
    lines = told(OPENED, VERIFIED, again)
    assert ["line_verified", "line_verified_again"] == [n for n in lines if "_verified" in n]


def clock(minutes: int, number: int, *, stopped: bool, due: datetime = DUE) -> Entry:
    """The verification's clock as it was told to stand."""
    at = START + timedelta(minutes=minutes)
    told = {"number": number, "stopped_at": at.isoformat() if stopped else None}
    return Entry("clock", at, {**told, "due_at": due.isoformat()})


def test_a_stopped_clock_is_not_overdue() -> None:
    """Handed in in time, it waits for the level above; however long that takes, nothing is late."""
    months = DUE + timedelta(days=60)
    for entries in permutations((OPENED, clock(90, 2, stopped=True))):
        line = story(START, entries, months, phone=False)[-1]
        assert ("line_in_review", True, False) == (line.text, line.waiting, line.late)


def test_what_was_handed_in_late_stays_late() -> None:
    """The clock stopped after its due time, and says so."""
    minutes = int((DUE - START).total_seconds() // 60) + 1
    line = story(START, [OPENED, clock(minutes, 2, stopped=True)], DUE, phone=False)[-1]
    assert ("line_in_review", True) == (line.text, line.late)


def test_a_verdict_that_was_given_back_is_due_again() -> None:
    """By its new due time; and a verdict that took effect leaves nothing to wait for."""
    again = DUE + timedelta(days=1)
    given_back = clock(200, 3, stopped=False, due=again)
    for entries in permutations((OPENED, clock(90, 2, stopped=True), given_back)):
        line = story(START, entries, DUE + timedelta(hours=1), phone=False)[-1]
        assert ("line_verification_due", again, False) == (line.text, line.at, line.late)
        late = story(START, entries, again + timedelta(hours=1), phone=False)[-1]
        assert ("line_verification_due_late", True) == (late.text, late.late)
        assert "line_verified" == told(*entries, VERIFIED, phone=False)[-1]


def test_more_time_is_told_and_is_the_new_due_time() -> None:
    """In any order of arrival, and no case opened again; what is handed in then waits as usual."""
    until = DUE + timedelta(days=3)
    longer = entry(
        "rescheduled", 60, number=1, why="extended", revision=0, callback_due_at=None,
        verification_due_at=until.isoformat(),
    )  # fmt: skip
    for entries in permutations((OPENED, longer)):
        lines = story(START, entries, DUE + timedelta(hours=1), phone=False)
        assert "line_extended" in [line.text for line in lines]
        due = lines[-1]
        assert ("line_verification_due", until, False) == (due.text, due.at, due.late)
        assert reopening(entries) is None
    stopped = story(START, [OPENED, longer, clock(90, 2, stopped=True)], DUE, phone=False)[-1]
    assert "line_in_review" == stopped.text


def owing(entry: Entry, owed: str | None, due: datetime | None) -> Entry:
    """A step with which the desk said by when it owes the next word."""
    more = {"word_owed": owed, "word_due_at": due and due.isoformat()}
    return Entry(entry.step, entry.at, {**entry.details, **more})


def test_the_next_word_is_announced_until_there_is_an_answer() -> None:
    """As the desk said last, whatever arrived when; overdue is said openly; an answer owes none."""
    soon, later = DUE + timedelta(days=5), DUE + timedelta(days=25)
    first = owing(OPENED, "acknowledgement", soon)
    heard = owing(REACHED, "progress", later)
    for entries in permutations((first, heard)):
        assert "line_word_due_progress" == told(*entries)[-1]
    line = story(START, [first], soon + timedelta(minutes=1), phone=False)[-1]
    assert ("line_word_due_acknowledgement_late", soon, True) == (line.text, line.at, line.late)
    assert "line_verified" == told(first, heard, VERIFIED)[-1]
    again = owing(clock(200, 3, stopped=False, due=later), "progress", later)
    assert "line_word_due_progress" == told(first, heard, VERIFIED, again)[-1]


def test_where_no_word_is_owed_none_is_announced() -> None:
    """By a policy without such terms, and by a desk of before that says nothing of them."""
    assert told(OPENED) == told(owing(OPENED, None, None))
