"""What every SMS adapter must do, asked of each against the sandbox's book."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from deploy.local.ports import free_port
from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.testing import Inbox, SandboxProcess
from services.notifications.providers.protocol import Call, Inbound, Provider, Sms
from services.notifications.providers.registry import VENDORS
from shared.vendors import reports
from shared.vendors.outcomes import (
    Accepted,
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    TryLater,
    Unknown,
)
from shared.vendors.vendor import NotAReport
from tests.vendors import sms_vendor

Make = Callable[..., Awaitable[Provider]]
PHONE = "+8613800000088"
MORE_THAN_A_PAGE = 51


@pytest.fixture(scope="module")
def hears() -> str:
    """Where vendors report to; a test that listens starts an inbox there."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, hears: str) -> Iterator[SandboxProcess]:
    """One process for the module, whose vendors bring replies."""
    inbound = {
        f"--{one.name}-inbound-url": reports.address(
            hears, one.name, one.secret(SEED, "report_secret"), reports.INBOUND
        )
        for one in of_kind("sms")
    }
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), inbound) as process:
        yield process


@pytest.fixture
async def inbox(hears: str) -> AsyncIterator[Inbox]:
    """Listens to the vendors."""
    async with Inbox(int(hears.rpartition(":")[2])) as opened:
        yield opened


@pytest.fixture
async def client(sandbox: SandboxProcess) -> AsyncIterator[Client]:
    """The book and the faults, both empty."""
    async with ClientSession() as session:
        opened = Client(session, sandbox.url)
        await opened.reset()
        yield opened


@pytest.fixture(params=list(VENDORS))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each vendor of the registry in turn, as the sandbox knows it."""
    return DIALECTS[request.param]


@pytest.fixture
async def make(dialect: Dialect, sandbox: SandboxProcess, hears: str) -> AsyncIterator[Make]:
    """Makes the adapter; a test may change its settings and its patience."""
    async with AsyncExitStack() as stack:

        async def opened(**changes: Any) -> Provider:
            vendor = sms_vendor(sandbox.url, dialect, **{"hears": hears} | changes)
            return await stack.enter_async_context(vendor)

        yield opened


@pytest.fixture
async def provider(make: Make) -> Provider:
    """The adapter as it should be."""
    return await make()


def sms(phone: str = PHONE) -> Sms:
    """A new message of thanks."""
    return Sms(uuid4(), "thanks", phone, {})


async def ask(provider: Provider, message: Sms) -> Outcome:
    """What became of a call just made."""
    return await provider.ask(message, Call(datetime.now(UTC), None))


async def settled(provider: Provider, message: Sms) -> Outcome:
    """The first answer that is not "accepted"."""
    while isinstance(found := await ask(provider, message), Accepted):
        pass
    return found


def test_every_adapter_has_its_dialect() -> None:
    """What the registry knows, the sandbox speaks, and the other way round."""
    assert set(VENDORS) == {dialect.name for dialect in of_kind("sms")}


async def test_a_message_is_accepted_and_delivered(provider: Provider, client: Client) -> None:
    """Sent once under our reference, and found as delivered."""
    message = sms()
    sent = await provider.send(message)
    assert isinstance(sent, Accepted)
    assert sent.ref
    assert isinstance(await settled(provider, message), Done)
    book = (await client.book())["sms"]
    assert [str(message.message_id)] == [line["out_id"] for line in book["messages"]]


async def test_the_amount_reaches_the_phone(provider: Provider, client: Client) -> None:
    """The template's variable is filled."""
    await provider.send(Sms(uuid4(), "paid", PHONE, {"amount": "20.00"}))
    [line] = (await client.book())["sms"]["messages"]
    assert "奖励话费20.00元已到账" in line["content"]


async def test_an_undelivered_message_is_rejected_for_good(
    provider: Provider, client: Client
) -> None:
    """Accepted first, and failed by the operator's report."""
    message = sms("+8613800000003")
    assert isinstance(await provider.send(message), Accepted)
    assert isinstance(await settled(provider, message), Rejected)


@pytest.mark.parametrize(("ending", "kind"), [("02", Rejected), ("04", TryLater), ("05", TryLater)])
async def test_refusals_are_told_apart(
    provider: Provider, client: Client, ending: str, kind: type
) -> None:
    """Illegal number, system error and frequency limit; nothing was sent by any."""
    assert isinstance(await provider.send(sms(f"+861380000{ending:0>4}")), kind)
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_an_empty_wallet_is_held(
    provider: Provider, client: Client, dialect: Dialect
) -> None:
    """A person must pay the vendor."""
    await client.arm(dialect.name, "empty_wallet")
    assert isinstance(await provider.send(sms()), Held)


async def test_wrong_credentials_are_held(make: Make, client: Client, dialect: Dialect) -> None:
    """Mending the settings is for a person; nothing was sent by any of the wrong words."""
    for field in dialect.secrets:
        assert isinstance(await (await make(**{field: "wrong"})).send(sms()), Held)
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_an_unregistered_template_is_held(make: Make, client: Client) -> None:
    """So is a template that the carriers do not know."""
    assert isinstance(await (await make(template_thanks="SMS_0")).send(sms()), Held)


@pytest.mark.parametrize("fault", ["drop_answer", "http_500_after", "garbage", "truncated"])
async def test_a_lost_answer_is_unknown_and_then_found(
    provider: Provider, client: Client, dialect: Dialect, fault: str
) -> None:
    """The message was sent once, not silently again, and the query finds it."""
    await client.arm(dialect.name, fault, count=1)
    message = sms()
    assert isinstance(await provider.send(message), Unknown)
    assert isinstance(await settled(provider, message), Done)
    assert 1 == (await client.book())["sms"]["sent_count"]


@pytest.mark.parametrize("fault", ["drop_before", "http_500_before"])
async def test_a_lost_request_is_unknown_and_then_not_found(
    provider: Provider, client: Client, dialect: Dialect, fault: str
) -> None:
    """From our side it looks the same; only the query tells."""
    await client.arm(dialect.name, fault, count=1)
    message = sms()
    assert isinstance(await provider.send(message), Unknown)
    assert NotFound() == await ask(provider, message)
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_a_slow_answer_is_unknown(make: Make, client: Client, dialect: Dialect) -> None:
    """A time-out is not "not sent"."""
    await client.arm(dialect.name, "delay", count=1, delay_s=600)  # scaled down to 6 s
    assert isinstance(await (await make(seconds=1)).send(sms()), Unknown)


@pytest.mark.parametrize(
    "fault", ["drop_answer", "http_500_before", "garbage", "truncated", "drop_before"]
)
async def test_a_failed_query_says_nothing(
    provider: Provider, client: Client, dialect: Dialect, fault: str
) -> None:
    """It never reads as "not found", or the message would be sent twice."""
    message = sms()
    await provider.send(message)
    await client.arm(dialect.name, fault, count=1)
    assert isinstance(await ask(provider, message), Unknown | TryLater)


async def test_a_vendor_that_is_down_took_nothing(make: Make) -> None:
    """A refused connection carried no message."""
    provider = await make(url=f"http://127.0.0.1:{free_port()}/")
    assert isinstance(await provider.send(sms()), TryLater)
    assert isinstance(await ask(provider, sms()), TryLater)


async def test_redirects_are_not_followed(make: Make) -> None:
    """A redirected order could be executed twice, or somewhere else."""
    paths: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", redirect)
    async with TestServer(app) as server:
        outcome = await (await make(url=server.make_url("/"))).send(sms())
    assert (["/"], True) == (paths, isinstance(outcome, Unknown))


async def test_a_message_is_found_among_many(provider: Provider, client: Client) -> None:
    """More messages to one number than the vendor lists on a page."""
    first = sms()
    await provider.send(first)
    for _ in range(MORE_THAN_A_PAGE):
        await provider.send(sms())
    assert isinstance(await settled(provider, first), Done)
    assert NotFound() == await ask(provider, sms())


async def test_a_report_is_read_for_our_reference_only(
    provider: Provider, dialect: Dialect
) -> None:
    """The message's id out of the vendor's own form, or a refusal that quotes nothing."""
    body = web.json_response(dialect.customer.report(str(UUID(int=7)))).body
    assert isinstance(body, bytes)
    assert [str(UUID(int=7))] == provider.read_report(body)
    for malformed in (b"", b"\xff", b"{", b"[1]", b"[" * 5000):
        with pytest.raises(NotAReport):
            provider.read_report(malformed)


async def written(
    provider: Provider, client: Client, inbox: Inbox, text: str, phone: str = PHONE
) -> list[Inbound]:
    """What a citizen writes, once the vendor has brought it."""
    await client.reply(provider.name, phone, text)
    posted = await inbox.next_posted()
    return provider.read_inbound(posted.body, posted.headers)


@pytest.mark.parametrize("text", ["3", "1，谢谢&amp=+1 %20", " ２ ", "👍🏽", "a\nb"])
async def test_what_a_citizen_writes_is_read_as_written(
    provider: Provider, client: Client, inbox: Inbox, text: str
) -> None:
    """The number in E.164 and the text, of whatever signs it is made; our log sees neither."""
    [reply] = await written(provider, client, inbox, text)
    assert (PHONE, text) == (reply.phone, reply.text)
    assert "1380000" not in repr(reply)
    assert "13800000088" not in reply.ref


async def test_a_reply_that_comes_again_is_known_again(
    provider: Provider, client: Client, inbox: Inbox, dialect: Dialect
) -> None:
    """Brought twice it has one reference; written twice it has two."""
    await client.arm(dialect.name, "duplicate_callback", count=1)
    [first] = await written(provider, client, inbox, "1")
    again = await inbox.next_posted()
    assert [first] == provider.read_inbound(again.body, again.headers)
    [other] = await written(provider, client, inbox, "3")
    assert first.ref != other.ref


async def test_what_is_no_reply_is_refused(provider: Provider) -> None:
    """Nonsense at that address is not read, and not quoted."""
    for malformed in (b"", b"\xff", b"{", b"[1]", b"[" * 5000, b"null", b"{}"):
        with pytest.raises(NotAReport):
            provider.read_inbound(malformed, {})


async def test_nothing_personal_is_in_the_settings_repr(provider: Provider) -> None:
    """A message in a traceback or a log does not tell the number."""
    assert "1380000" not in repr(sms())
