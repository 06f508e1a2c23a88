"""A product serves one network: its number's is asked for, and no order leaves with another."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from services.rewards.catalogue import Catalogue
from services.rewards.jobs import Payouts
from services.rewards.phones import PhoneChecks
from services.rewards.providers.protocol import Listed
from services.rewards.rules.numbers import Belongs, Word
from shared.db import Database
from shared.errors import Misconfigured
from shared.vendors import pauses
from shared.vendors.outcomes import Held, Rejected, TryLater, Unknown
from tests.integration.test_rewards_decisions import told, verified
from tests.integration.test_rewards_money import PACE, REBINDING, SEAL, Vendor, World
from tests.integration.test_rewards_refused_phones import bind, bound, refused_of
from tests.vendors import confirmed

SERVICE = "rewards"
MOBILE, UNICOM, TELECOM = Belongs("mobile"), Belongs("unicom"), Belongs("telecom")
WRONG = Rejected("no_such_number", retriable=False)
SOLD = {"m-20": "mobile", "u-20": "unicom"}
NO_ANSWER = [TryLater("busy", timedelta()), Unknown("lost")]


class Networks(Vendor):
    """It sells to two of three networks, and says of each number what the test wants."""

    by_network = True

    def __init__(self, name: str = "one", word: Word = MOBILE) -> None:
        super().__init__(name)
        self.products = dict.fromkeys(SOLD, 2000)
        self.word, self.looked = word, 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def look_up(self, product: str) -> Listed:
        """Each of one network."""
        return Listed(2000, product, SOLD[product])

    async def check(self, phone: str) -> Word:
        """Count, let happen what the test wants, answer."""
        self.looked += 1
        if self.meanwhile:
            await self.meanwhile()
        return self.word


def catalogue(vendor: Vendor) -> Catalogue:
    """Confirmed, with the network of each product where it has one."""
    if not isinstance(vendor, Networks):
        return confirmed(vendor)
    return Catalogue(vendor, {(2000, product): name for product, name in SOLD.items()})


def nothing_told(vendor: Vendor) -> Catalogue:
    """It confirmed nothing, and is not to be asked again now."""
    made = Catalogue(vendor)
    made._asked_of, made._next_at = made._configured, float("inf")
    return made


class City(World):
    """A reward before vendors that sell by network, or do not."""

    @property
    def payouts(self) -> Payouts:
        """The jobs; each vendor sells."""
        catalogues = [catalogue(vendor) for vendor in self.vendors]
        return Payouts(self.database, self.vendors, SEAL, PACE, catalogues, REBINDING)

    @property
    def left(self) -> list[tuple[str, str]]:
        """What was sent where."""
        return [(one.name, order.product) for one in self.vendors for order in one.sent]

    async def refused(self) -> list[str]:
        """The phones that were said to be refused."""
        async with self.database.acquire() as conn:
            return refused_of(await told(conn))


async def city(database: Database, *vendors: Vendor) -> City:
    """One reward that is ready."""
    made = City(database, vendors, verified())
    await made.earn()
    return made


async def test_one_network_twice_stops_the_start() -> None:
    """A slip, by which the numbers of another network would get nothing: one line names both."""
    vendor = Networks()
    vendor.products = {**vendor.products, "m-21": 2000, "m-50": 5000}
    networks = {**SOLD, "m-21": "mobile", "m-50": "mobile"}
    sold = ((fen, product) for product, fen in vendor.products.items())
    made = Catalogue(vendor, {one: networks[one[1]] for one in sold})
    made._asked_of, made._next_at = made._configured, float("inf")
    with pytest.raises(Misconfigured) as caught:
        await made.__aenter__()
    [line] = str(caught.value).splitlines()
    assert "one sells its product m-21 of 20.00 CNY to the network of m-20, too" in line


@pytest.mark.parametrize(("word", "product"), [(MOBILE, "m-20"), (UNICOM, "u-20")])
async def test_the_order_is_of_the_numbers_network(
    database: Database, word: Word, product: str
) -> None:
    """Looked up once; sent, and kept, with that product."""
    vendor = Networks(word=word)
    world = await city(database, vendor)
    assert "accepted" == (await world.round()).state
    assert ([("one", product)], 1) == (world.left, vendor.looked)
    assert [product] == [order["product"] for order in await world.listed()]


async def test_only_whose_turn_it_is_learns_the_number(database: Database) -> None:
    """The first serves it: the second hears nothing."""
    one, two = Networks("one"), Networks("two")
    world = await city(database, one, two)
    await world.round()
    assert (1, 0) == (one.looked, two.looked)


@pytest.mark.parametrize("word", [TELECOM, WRONG, *NO_ANSWER, Held("key")])
async def test_the_next_vendor_has_what_the_first_does_not_serve(
    database: Database, word: Word
) -> None:
    """Certainly not, or not now: nothing was sent there, so another may at once."""
    world = await city(database, Networks(word=word), Vendor("two"))
    reward = await world.round()
    assert ("accepted", 1, 0) == (reward.state, reward.attempt, reward.failures)
    assert [("two", "p-20")] == world.left
    async with database.acquire() as conn:
        paused = await conn.fetchval("SELECT count(*) FROM vendor_pauses WHERE vendor = 'one'")
    assert (word == Held("key")) == (paused == 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([TELECOM], "no_product"),
        ([WRONG], "number_refused"),
        ([WRONG, TELECOM], "no_product"),
    ],
)
async def test_what_nobody_serves_waits_for_a_person(
    database: Database, words: list[Word], reason: str
) -> None:
    """Held with the reason; nothing left, no attempt is counted, and the citizen may bind another
    phone, which is paid."""
    vendors = [Networks(str(n), word) for n, word in enumerate(words)]
    world = await city(database, *vendors)
    held = await world.round()
    assert ("held", reason, 0) == (held.state, held.reason, held.attempt)
    assert ([], [held.phone_index]) == (world.left, await world.refused())
    async with database.acquire() as conn:
        decided = [one["decision"] for one in await told(conn) if "decision" in one]
    assert ["scheduled", "held"] == decided
    vendors[0].word = UNICOM
    async with database.transaction() as conn:
        await bind(conn, bound(held.submission_id, "+8613800138000"))
    assert ("accepted", [("0", "u-20")]) == ((await world.round()).state, world.left)


async def test_who_was_not_asked_says_nothing(database: Database) -> None:
    """One is paused, one confirms nothing yet: what the others refuse is not refused by all."""
    paused, silent, refusing = Networks("one"), Vendor("two"), Networks("three", TELECOM)
    world = await city(database, paused, silent, refusing)
    async with database.transaction() as conn:
        await pauses.begin(conn, "one", timedelta(hours=1), "wallet")
    catalogues = [catalogue(paused), nothing_told(silent), catalogue(refusing)]
    payouts = Payouts(database, world.vendors, SEAL, PACE, catalogues, REBINDING)
    assert 0 == await payouts.submit()
    assert ("ready", [], []) == ((await world.now()).state, world.left, await world.refused())
    assert (0, 1) == (paused.looked, refusing.looked)


@pytest.mark.parametrize("word", NO_ANSWER)
async def test_who_does_not_answer_is_asked_again(database: Database, word: Word) -> None:
    """Ready, ever more seldom, and not a word against the number; then it is served."""
    vendor = Networks(word=word)
    world = await city(database, vendor)
    waits = list[int]()
    for _ in range(3):
        reward = await world.round()
        assert ("ready", 0, None) == (reward.state, reward.attempt, reward.reason)
        waits.append(round(await wait_of(world)))
    assert ([2, 4, 8], [], []) == (waits, world.left, await world.refused())
    vendor.word = UNICOM
    assert "accepted" == (await world.round()).state
    assert [("one", "u-20")] == world.left


async def wait_of(world: World) -> float:
    """Seconds until the reward's turn."""
    async with world.database.acquire() as conn:
        asked = "SELECT extract(epoch FROM act_at - mashang_now())::float8 FROM rewards"
        return float(await conn.fetchval(asked))


async def test_a_wrong_key_pauses_the_vendor(database: Database) -> None:
    """Its look-up says so before any order: nothing is asked any more until an operator acts."""
    vendor = Networks(word=Held("key"))
    world = await city(database, vendor)
    for _ in range(3):
        assert "ready" == (await world.round()).state
    assert 1 == vendor.looked
    async with database.acquire() as conn:
        assert "key" == await conn.fetchval("SELECT code FROM vendor_pauses WHERE vendor = 'one'")
        await conn.execute("UPDATE vendor_pauses SET until_at = now()")
    vendor.word = MOBILE
    assert "accepted" == (await world.round()).state


async def test_a_refused_product_is_looked_up_anew(database: Database) -> None:
    """Ported between look-up and order: the next order has the right product."""
    vendor = Networks()
    world = await city(database, vendor)
    vendor.to_send = Rejected("ineligible", retriable=True)
    await world.round()
    vendor.word = UNICOM
    await world.round()
    assert [("one", "m-20"), ("one", "u-20")] == world.left


async def test_a_product_that_is_not_confirmed_yet_is_waited_for(database: Database) -> None:
    """It may be the number's: nothing is claimed, nothing leaves."""
    vendor = Networks(word=UNICOM)
    world = await city(database, vendor)
    some = nothing_told(vendor)
    some.confirmed[2000, "m-20"] = "mobile"
    await Payouts(database, [vendor], SEAL, PACE, [some], REBINDING).submit()
    assert ("ready", [], []) == ((await world.now()).state, world.left, await world.refused())


async def test_what_changes_during_the_look_up_counts(database: Database) -> None:
    """The verdict is withdrawn meanwhile: no order, and no hold of what is refused already."""
    for word in (MOBILE, TELECOM):
        vendor = Networks(word=word)
        world = await city(database, vendor)
        vendor.meanwhile = partial(world.verdict, 2, "unsubstantiated")
        reward = await world.round()
        assert ("refused", "verdict_changed") == (reward.state, reward.reason)
        assert ([], []) == (world.left, await world.refused())


async def test_two_instances_ask_once(database: Database) -> None:
    """The claim is committed before the vendor is asked."""
    vendor = Networks()
    world = await city(database, vendor)
    assert [0, 1] == sorted(await asyncio.gather(*(world.payouts.submit() for _ in range(2))))
    assert 1 == vendor.looked


@pytest.mark.parametrize(
    ("words", "refused"),
    [([TELECOM], True), ([MOBILE], False), ([TELECOM, MOBILE], False), ([TELECOM, WRONG], True),
     ([TELECOM, Held("key")], False)],
)  # fmt: skip
async def test_a_bound_phone_of_a_network_that_nobody_sells_is_told(
    database: Database, words: list[Word], refused: bool
) -> None:
    """Before any verdict: the citizen is asked for another at once, not two days later."""
    contact = bound(uuid4())
    async with database.transaction() as conn:
        await bind(conn, contact)
    catalogues = [catalogue(Networks(str(n), word)) for n, word in enumerate(words)]
    await PhoneChecks(database, catalogues, SEAL, timedelta(seconds=30)).check()
    async with database.acquire() as conn:
        found = refused_of(await told(conn))
    assert ([contact.phone_index] if refused else []) == found


async def test_a_claim_that_died_is_taken_up_again(database: Database) -> None:
    """Whoever looked up did not come back: once the claim is over another goes on."""
    vendor = Networks()
    world = await city(database, vendor)
    offers = [fit.offer for fit in await world.payouts.fitting.find(9)]
    assert catalogue(vendor).offers[:1] == offers
    assert [] == await world.payouts.fitting.find(9)
    assert "accepted" == (await world.round()).state
