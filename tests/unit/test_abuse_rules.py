"""What is held for review, by numbers alone: who passes a limit, and whom that leaves alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.intake.abuse.gate import Gate
from services.intake.abuse.limits import Limit
from services.intake.abuse.puzzles import Puzzles
from services.intake.abuse.rules import Office, Rules, Sender, Sent
from services.intake.abuse.senders import Senders, network
from services.intake.abuse.tally import MOST, Tally
from shared import policy
from shared.values.seal import Seal

POLICIES = policy.load(Path("deploy/policy.toml"))
RULE = POLICIES.editions[-1]
# Noon and midnight at the bureau.
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
COMPLAINT = Sent("complaint", 1, "411700001", "411700001-01", "411700001/1")
TOP = Sent("rating", 5, "411700001", "411700001-01", "411700001/1")
LIMIT = Limit("x", 2, timedelta(hours=1))


def gate() -> Gate:
    """Knows one unit with two counters."""
    seal = Seal({}, b"k" * 32)
    made = Gate(POLICIES, Tally(), Senders(seal, ()), Puzzles(seal))
    made.replace({"411700001": Office("household", 2)})
    return made


def sender(number: int) -> Sender:
    """One of many."""
    return Sender(f"{number:032}")


def held(one: Gate, sent: Sent, times: int, who: Sender | None = None, at: datetime = NOON) -> int:
    """How many of so many are held, each from another place unless one is given."""
    return sum(bool(one.hold(sent, who or sender(n), at)) for n in range(times))


def test_what_is_over_the_limit_of_a_network_is_held() -> None:
    """Exactly what the policy says passes; the reason names the network."""
    door, most = gate(), RULE.limits.address_hour
    assert 0 == held(door, COMPLAINT, most, sender(1))
    assert "address" == door.hold(COMPLAINT, sender(1), NOON)
    assert door.hold(COMPLAINT, sender(2), NOON) is None


def test_a_flood_does_not_use_up_the_units_share() -> None:
    """10,000 from one source: others at the very same counter are taken in as always."""
    door = gate()
    assert 10_000 - RULE.limits.address_hour == held(door, COMPLAINT, 10_000, sender(0))
    room = RULE.limits.code_hour - RULE.limits.address_hour
    assert 0 == sum(bool(door.hold(COMPLAINT, sender(n), NOON)) for n in range(1, room + 1))


def test_a_phone_has_its_share_of_a_day() -> None:
    """Whatever network it comes from, and not forgotten within the day."""
    door, sent = gate(), replace(COMPLAINT, phone="p" * 32)
    assert 0 == held(door, sent, RULE.limits.phone_day)
    assert "phone" == door.hold(sent, sender(999), NOON + timedelta(hours=23))
    assert door.hold(sent, sender(998), NOON + timedelta(hours=25)) is None


def test_many_sources_about_one_code_or_unit_are_held() -> None:
    """First the code, then the unit over several codes."""
    door = gate()
    assert 10 == held(door, COMPLAINT, RULE.limits.code_hour + 10)
    assert "code" == door.hold(COMPLAINT, sender(10**6), NOON)
    other = gate()
    found = [
        other.hold(replace(COMPLAINT, code=str(n % 50)), sender(n), NOON)
        for n in range(RULE.limits.unit_hour + 5)
    ]
    assert ["unit"] * 5 == [reason for reason in found if reason]


def test_a_burst_of_praise_from_one_network_is_held() -> None:
    """Ten good ratings an hour from a hall's network are people; more are held, complaints not."""
    door, most = gate(), RULE.praise.address_hour
    assert 0 == held(door, TOP, most, sender(1))
    assert "burst" == door.hold(TOP, sender(1), NOON)
    assert door.hold(COMPLAINT, sender(1), NOON) is None
    assert door.hold(replace(TOP, satisfaction=3), sender(1), NOON) is None


def test_a_device_praises_so_often_a_day() -> None:
    """Also when its network changes each time."""
    door, most = gate(), RULE.praise.device_day
    reasons = [
        door.hold(TOP, Sender(f"{n:032}", "device"), NOON + timedelta(hours=n))
        for n in range(most + 1)
    ]
    assert [None] * most == reasons[:most]
    assert "burst" == reasons[most]


def test_praise_faster_than_a_counter_serves_is_held() -> None:
    """A counter's code has one counter's pace, the unit's own code that of all its counters."""
    most = RULE.praise.counter_hour
    assert 7 == held(gate(), TOP, most + 7)
    whole = replace(TOP, served="411700001/", whole=True)
    assert 0 == held(gate(), whole, 2 * most)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_kiosk_has_its_pace_at_any_level(level: int) -> None:
    """Everybody comes from its one address, and nobody taps faster than a counter serves."""
    kiosk, most = replace(TOP, satisfaction=level, kiosk=True), RULE.praise.counter_hour
    assert 5 == held(gate(), kiosk, most + 5, sender(1))


def test_the_invited_praise_from_home() -> None:
    """In the evening, as many as were drawn, and yet no burst from one network."""
    door, invited = gate(), replace(TOP, invited=True)
    assert 0 == held(door, invited, 3 * RULE.praise.counter_hour, at=NIGHT)
    assert 1 == held(gate(), invited, RULE.praise.address_hour + 1, sender(1), NIGHT)


def test_who_worked_has_a_share_of_their_own() -> None:
    """A flood without work leaves it whole, at the same network, code and unit; it has an end."""
    door, most = gate(), RULE.limits.address_hour
    held(door, COMPLAINT, 10 * most, sender(1))
    worked = replace(sender(1), worked=True)
    assert [None] * most == [door.hold(COMPLAINT, worked, NOON) for _ in range(most)]
    assert "address" == door.hold(COMPLAINT, worked, NOON)


def test_work_is_no_licence_to_praise() -> None:
    """What no window can have earned waits all the same, and so does what a phone sends too often.

    There is a share of work for what comes too often from a network, and for nothing else.
    """
    worked, most = replace(sender(1), worked=True), RULE.praise.address_hour
    door = gate()
    assert ["burst"] == [door.hold(TOP, worked, NOON) for _ in range(most + 1)][most:]
    door, mine = gate(), replace(COMPLAINT, phone="p" * 32)
    held(door, mine, RULE.limits.phone_day)
    assert "phone" == door.hold(mine, worked, NOON)


def test_a_puzzle_gets_harder_with_the_flood() -> None:
    """None below half a share, then twice the work for twice the flood, to an end."""
    rules, limits = Rules(RULE), RULE.limits
    least = limits.puzzle_bits
    assert [0, least, least + 1, least + 1, least + 2] == [rules.bits(n) for n in range(5)]
    assert limits.puzzle_most_bits == rules.bits(10**6)


def test_praise_in_closed_hours_is_held_after_a_few() -> None:
    """Somebody rates at home in the evening; a row of them at midnight nobody was served for."""
    door, few = gate(), RULE.praise.closed_hour
    assert 0 == held(door, TOP, few, at=NIGHT)
    assert "closed" == door.hold(TOP, sender(10**6), NIGHT)
    assert 0 == held(gate(), COMPLAINT, few + 10, at=NIGHT)


def test_who_is_not_counted_is_never_held() -> None:
    """What comes from this machine itself."""
    door = gate()
    assert not any(door.hold(TOP, None, NIGHT) for _ in range(5000))


def test_a_window_begins_with_its_first_and_ends() -> None:
    """An hour later all is forgotten."""
    tally = Tally()
    assert [1, 2, 3] == [tally.add(LIMIT, "k", at) for at in (0.0, 10.0, 3599.0)]
    assert 1 == tally.add(LIMIT, "k", 3601.0)
    tally.forget(10_000.0)
    assert 1 == tally.add(LIMIT, "k", 10_000.0)


def test_instances_learn_from_the_table() -> None:
    """What another counted is added to one's own, also to what came meanwhile."""
    tally = Tally()
    tally.add(LIMIT, "k", 0.0)
    taken = tally.take()
    assert {("x", "k"): (1, 3600.0)} == taken
    tally.add(LIMIT, "k", 1.0)
    tally.learn({("x", "k"): (41, 3600.0)})
    assert 43 == tally.add(LIMIT, "k", 2.0)
    assert {("x", "k"): (2, 3600.0)} == tally.take()


def test_what_could_not_be_shared_is_shared_later() -> None:
    """A database that is away costs nothing but time."""
    tally = Tally()
    tally.add(LIMIT, "k", 0.0)
    tally.give_back(tally.take())
    tally.add(LIMIT, "k", 1.0)
    assert {("x", "k"): (2, 3600.0)} == tally.take()
    assert {} == tally.take()


def test_a_share_has_an_end() -> None:
    """However many places there are, a statement takes so many."""
    tally = Tally()
    for n in range(MOST + 1):
        tally.add(LIMIT, str(n), 0.0)
    assert [MOST, 1, 0] == [len(tally.take()) for _ in range(3)]


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:22ff::9", "2001:db8:1:2200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", None),
        ("somewhere", None),
    ],
)
def test_a_network_is_what_one_sender_can_have(address: str, near: str | None) -> None:
    """The neighbours of an address, the whole net of an IPv6 household."""
    assert near == network(address)
