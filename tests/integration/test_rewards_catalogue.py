"""What the vendor says it sells decides what may be ordered: at the start, and ever after."""

import asyncio
import time

import pytest
from prometheus_client import REGISTRY

from services.rewards import catalogue
from services.rewards.catalogue import Catalogue
from services.rewards.jobs import Payouts
from services.rewards.providers.protocol import Listed
from services.rewards.rules.routing import Offer
from services.rewards.watching import Watch
from shared.db import Database
from shared.errors import Misconfigured
from shared.vendors.outcomes import TryLater, Unknown
from tests import support
from tests.integration.test_rewards_decisions import verified
from tests.integration.test_rewards_money import PACE, REBINDING, SEAL, Vendor, World
from tests.vendors import confirmed

SERVICE = "rewards"
LOST = Unknown("lost")
TWENTY, FIFTY = Listed(2000, "20 CNY"), Listed(5000, "50 CNY")


class Shop(Vendor):
    """A vendor with a list of its own, which it may not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: Listed | TryLater | Unknown = TWENTY
        self.looked_up: list[str] = []

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """What the test says."""
        self.looked_up.append(product)
        return self.listed


class Silent(Shop):
    """It takes the question and never answers."""

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """Later than anybody waits."""
        await asyncio.sleep(3600)
        return self.listed


@pytest.fixture
def shop() -> Shop:
    """It sells what is configured."""
    return Shop()


@pytest.fixture
async def world(database: Database, shop: Shop) -> World:
    """One reward that is ready."""
    made = World(database, (shop,), verified())
    await made.earn()
    return made


def payouts(world: World, of: Catalogue) -> Payouts:
    """The jobs, with this catalogue."""
    return Payouts(world.database, world.vendors, SEAL, PACE, [of], REBINDING)


def gauge(state: str) -> float | None:
    """How many products are shown in a state."""
    return REGISTRY.get_sample_value("mashang_airtime_products", {"vendor": "one", "state": state})


async def hour(looked: Catalogue) -> None:
    """The next look, as if its time had come."""
    looked._next_at = time.monotonic()
    await looked.look()


async def test_what_is_sold_as_configured_is_ordered(world: World, shop: Shop) -> None:
    """Asked once at the start; the order leaves, and nothing is asked again."""
    async with Catalogue(shop) as looked:
        assert 1 == await payouts(world, looked).submit()
    assert (["p-20"], "accepted") == (shop.looked_up, (await world.now()).state)
    assert (1, 0, 0) == tuple(map(gauge, ("confirmed", "unconfirmed", "wrong")))


@pytest.mark.parametrize(
    ("listed", "said"), [(FIFTY, "50 CNY"), (Listed(None, "nothing"), "nothing")]
)
async def test_what_is_sold_otherwise_stops_the_start(
    shop: Shop, listed: Listed, said: str
) -> None:
    """50 yuan under the product of 20, or no such product: one line names both."""
    shop.listed = listed
    with pytest.raises(Misconfigured) as caught:
        await Catalogue(shop).__aenter__()
    [line] = str(caught.value).splitlines()
    assert f"one sells {said} as its product p-20, which is configured for 20.00 CNY" in line


@pytest.mark.parametrize("away", [TryLater("c", PACE.lease), LOST])
async def test_a_vendor_that_cannot_tell_stops_no_start(
    world: World, shop: Shop, away: TryLater | Unknown
) -> None:
    """Nothing leaves before it has confirmed; then the order does, without a restart."""
    shop.listed = away
    async with Catalogue(shop) as looked:
        for _ in range(3):
            assert 0 == await payouts(world, looked).submit()
        assert (1, 1, []) == (len(shop.looked_up), gauge("unconfirmed"), shop.sent)
        shop.listed = TWENTY
        await hour(looked)
        assert 1 == await payouts(world, looked).submit()


async def test_questions_without_an_answer_get_rarer(shop: Shop) -> None:
    """A second, two, four, and never more than a minute."""
    shop.listed, looked, pauses = LOST, Catalogue(shop), []
    for _ in range(9):
        await hour(looked)
        pauses.append(round(looked._next_at - time.monotonic()))
    assert [1, 2, 4, 8, 16, 32, 60, 60, 60] == pauses


async def test_a_silent_vendor_holds_up_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for so long and no longer."""
    monkeypatch.setattr(catalogue, "AT_START_SECONDS", 0.01)
    async with asyncio.timeout(30), Catalogue(Silent()) as looked:
        assert [] == looked.offers


async def test_what_is_sold_otherwise_later_stops_the_orders(world: World, shop: Shop) -> None:
    """The vendor changes a product: nothing leaves until it is right again, and gauge, log and
    readiness tell.
    """
    async with Catalogue(shop) as looked:
        watch = Watch(world.database, [shop.name], [looked])
        shop.listed = FIFTY
        with support.captured_logs() as logged:
            await hour(looked)
        assert "product sold otherwise" in [entry["event"] for entry in logged]
        assert (0, [], 1) == (
            await payouts(world, looked).submit(), shop.sent, gauge("wrong"),
        )  # fmt: skip
        assert {"money": "1 products that the vendor sells otherwise"} == watch.state()
        shop.listed = TWENTY
        await hour(looked)
        assert (1, {"money": "ok"}) == (await payouts(world, looked).submit(), watch.state())


async def test_what_was_confirmed_stands_while_the_vendor_is_away(world: World, shop: Shop) -> None:
    """An hour later it does not answer: orders go on leaving."""
    async with Catalogue(shop) as looked:
        shop.listed = LOST
        await hour(looked)
        assert 1 == await payouts(world, looked).submit()


async def test_a_vendor_without_a_list_is_taken_at_our_word() -> None:
    """Where it cannot be asked what it sells, what is configured stands."""
    async with Catalogue(Vendor()) as looked:
        assert [Offer("one", 2000, "p-20")] == looked.offers == confirmed(Vendor()).offers
