"""The contract of an airtime vendor's adapter, whatever its dialect.

A code that is not in the adapter's table is `Unknown`: money may have moved.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field
from pydantic_settings import NoDecode

from services.rewards.rules.numbers import Word
from services.rewards.rules.orders import Order
from shared.values.money import MOST, parse_yuan
from shared.values.sheet import RowError
from shared.vendors import vendor
from shared.vendors.client import Client
from shared.vendors.outcomes import Outcome, TryLater, Unknown
from shared.vendors.vendor import Terms, Vendor, VendorSettings
from shared.web.texts import texts

# Money as a vendor writes it, in its own unit; more than we could count is unreadable.
Amount = Annotated[Decimal, Field(ge=-MOST, le=MOST)]


def _readable(text: str) -> str:
    products(text)
    return text


def products(text: str) -> dict[str, int]:
    """`20.00=441/442/443,50.00=451`: the amount in fen of each of a vendor's products. ValueError.

    Several of one amount serve different networks.
    """
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    amounts = [int(parse_yuan(yuan.strip())) for yuan, _, _ in pairs]
    listed = [
        (product.strip(), fen)
        for fen, (_, _, some) in zip(amounts, pairs, strict=True)
        for product in some.split("/")
    ]
    sold, twice = dict(listed), len(set(amounts)) < len(amounts)
    if not sold or len(sold) < len(listed) or twice or not all(sold) or min(amounts) <= 0:
        raise ValueError(
            "should be amounts and products, each once, as 20.00=441/442/443,50.00=451"
        )
    return sold


class AirtimeSettings(VendorSettings):
    """One account, and what it is sold: `20.00=441/442/443`."""

    products: Annotated[str, NoDecode, AfterValidator(_readable)]


class NotAStatement(ValueError):
    """Rows of a statement that cannot be what they should be: line, column and why, by key."""

    def __init__(self, *errors: RowError) -> None:
        self.errors = errors
        super().__init__("; ".join(f"line {line}: {fault}" for line, fault in self.faults))

    @property
    def faults(self) -> tuple[tuple[int, str], ...]:
        """Line and fault in English, for the log and the command."""
        say = texts("en").text
        told = ((e, say(e.key, **e.values)) for e in self.errors)
        return tuple((e.line, f"{e.column}: {why}" if e.column else why) for e, why in told)


class BadCell(ValueError):
    """What a cell cannot be; whoever knows the line makes a RowError of it."""

    def __init__(self, column: str, key: str, **values: object) -> None:
        super().__init__(f"{column}: {key}")
        self.column, self.key, self.values = column, key, values

    def on(self, line: int) -> RowError:
        """In this line."""
        return RowError(line, self.column, self.key, self.values)


@dataclass(frozen=True)
class StatementRow:
    """What a vendor says it did: an order of ours paid, or taken back."""

    order_id: str
    outcome: Literal["paid", "reversed"]
    vendor_ref: str
    product: str
    amount_fen: int
    at: datetime


@dataclass(frozen=True)
class Statement:
    """One day of a vendor's, by its own clock.

    What the wallet held at its beginning and end, and what was paid into it, if the vendor says so.
    """

    day: date
    opened_at: datetime
    closed_at: datetime
    rows: tuple[StatementRow, ...]
    opening_fen: int | None = None
    closing_fen: int | None = None
    topped_up_fen: int = 0


@dataclass(frozen=True)
class Listed:
    """What a vendor says it sells under a product's id; `amount_fen` is None if that is no airtime
    in yuan that we may buy. `said` is for people, `network` whose numbers get it, None if all do.
    """

    amount_fen: int | None
    said: str
    network: str | None = None


# The vendor cannot be asked about this order: it goes by ids of its own, and has not told this one.
UNASKABLE = Unknown("no_reference")


class Airtime(Vendor):
    """One vendor of airtime.

    `settings`: of its account, their variables with a prefix of their own. `refuses_repeats`: the
    vendor takes an order id once, so sending the same order again cannot pay twice. `by_own_id`: it
    is asked about, and reports, an order by its own id and not by ours. `hands_out`: a program can
    fetch its statements; else a person takes in its files. `products`: the amount in fen of each
    that it sells us now. `by_network`: one serves the numbers of one network, which `check` tells.
    `wrong_numbers`: its words for an order or a look-up by which a number, and nothing else, is
    what it cannot top up.
    """

    settings: ClassVar[type[AirtimeSettings]]
    refuses_repeats: ClassVar[bool]
    by_own_id: ClassVar[bool] = False
    hands_out: ClassVar[bool] = False
    by_network: ClassVar[bool] = False
    wrong_numbers: ClassVar[frozenset[str]] = frozenset()
    products: Mapping[str, int]

    def __init__(
        self, settings: AirtimeSettings, terms: Terms, headers: Mapping[str, str] | None = None
    ) -> None:
        url = str(settings.url).rstrip("/")
        super().__init__(Client(url, terms.seconds, headers), settings.report_secret)
        self.products = products(settings.products)

    @classmethod
    def make(cls, terms: Terms) -> Self:
        """With its settings, from the environment. Misconfigured names what is wrong."""
        return cls(vendor.settings(cls.settings), terms)

    @abstractmethod
    async def send(self, order: Order, phone: str) -> Outcome:
        """Place the order to a phone in E.164, once, without any retry underneath."""

    @abstractmethod
    async def ask(self, order: Order) -> Outcome:
        """What became of an order, by its id and as it was made. NotFound is not a failure.

        An order that failed is Rejected, unless it was `paid` before: then it is Reversed.
        UNASKABLE where the vendor's own id is needed and not known.
        """

    async def look_up(self, product: str) -> Listed | TryLater | Unknown:
        """What the vendor sells under this id. One without a list is taken at our own word."""
        return Listed(self.products.get(product), product)

    async def check(self, phone: str) -> Word:
        """What it says of a number before any order.

        It knows where a number was ported to, which no table of prefixes does.
        """
        return None

    async def fetch_statement(self, day: date) -> bytes | None:
        """The statement of a day that is over; None if the vendor does not hand it out, yet."""
        return None

    @staticmethod
    def read_statement(raw: bytes, day: date | None) -> Statement:
        """The statement of a day, named where the file has no row to tell. NotAStatement."""
        raise NotAStatement(RowError(1, "", "statement_unread"))
