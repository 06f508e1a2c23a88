"""What every SMS adapter must do, asked of each against the sandbox's book."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestServer

from deploy.local.ports import free_port
from deploy.sandbox.customer import ALIYUN_KEY_ID, ALIYUN_KEY_SECRET, SIGN_NAME, Client
from deploy.sandbox.testing import SandboxProcess
from services.notifications.outcomes import (
    Accepted,
    Delivered,
    Found,
    Held,
    NotFound,
    Refused,
    TryLater,
    Unknown,
)
from services.notifications.providers.aliyun import PAGE, Aliyun, Templates
from services.notifications.providers.protocol import Call, Provider, Sms
from services.notifications.providers.registry import PROVIDERS

Make = Callable[..., Provider]
TEMPLATES: dict[Any, str] = {"thanks": "SMS_480000001", "paid": "SMS_PAID"}
VENDORS = ["aliyun"]
PHONE = "+8613800000088"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the module, with a template that has the amount in it."""
    options = {"--aliyun-template": "SMS_PAID=奖励话费${amount}元已到账。"}
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), options) as process:
        yield process


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Short of patience, so that a slow answer is a lost one."""
    async with ClientSession(timeout=ClientTimeout(total=1)) as opened:
        yield opened


@pytest.fixture
async def client(sandbox: SandboxProcess, session: ClientSession) -> Client:
    """The book and the faults, both empty."""
    opened = Client(session, sandbox.url)
    await opened.reset()
    return opened


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    """The name of each adapter in turn."""
    return str(request.param)


@pytest.fixture
def make(vendor: str, sandbox: SandboxProcess, session: ClientSession) -> Make:
    """Makes the adapter; a test may give it a wrong address, secret or template."""

    def aliyun(
        url: str = f"{sandbox.url}/aliyun/",
        secret: str = ALIYUN_KEY_SECRET,
        templates: dict[Any, str] = TEMPLATES,
    ) -> Provider:
        return Aliyun(session, url, ALIYUN_KEY_ID, secret, Templates(SIGN_NAME, templates))

    return {"aliyun": aliyun}[vendor]


@pytest.fixture
def provider(make: Make) -> Provider:
    """The adapter as it should be."""
    return make()


def sms(phone: str = PHONE) -> Sms:
    """A new message of thanks."""
    return Sms(uuid4(), "thanks", phone, {})


async def find(provider: Provider, message: Sms) -> Found:
    """What became of a call just made."""
    return await provider.find(message, Call(datetime.now(UTC), None))


async def settled(provider: Provider, message: Sms) -> Found:
    """The first answer that is not "accepted"."""
    while isinstance(found := await find(provider, message), Accepted):
        pass
    return found


async def test_a_message_is_accepted_and_delivered(provider: Provider, client: Client) -> None:
    """Sent once under our reference, and found as delivered."""
    message = sms()
    sent = await provider.send(message)
    assert isinstance(sent, Accepted)
    assert sent.ref
    assert Delivered() == await settled(provider, message)
    book = (await client.book())["sms"]
    assert [str(message.message_id)] == [line["out_id"] for line in book["messages"]]


async def test_the_amount_reaches_the_phone(provider: Provider, client: Client) -> None:
    """The template's variable is filled."""
    await provider.send(Sms(uuid4(), "paid", PHONE, {"amount": "20.00"}))
    [line] = (await client.book())["sms"]["messages"]
    assert "【码上评】奖励话费20.00元已到账。" == line["content"]


async def test_an_undelivered_message_is_refused_for_good(
    provider: Provider, client: Client
) -> None:
    """Accepted first, and failed by the operator's report."""
    message = sms("+8613800000003")
    assert isinstance(await provider.send(message), Accepted)
    assert isinstance(await settled(provider, message), Refused)


@pytest.mark.parametrize(("ending", "kind"), [("02", Refused), ("04", TryLater), ("05", TryLater)])
async def test_refusals_are_told_apart(
    provider: Provider, client: Client, ending: str, kind: type
) -> None:
    """Illegal number, system error and frequency limit; nothing was sent by any."""
    assert isinstance(await provider.send(sms(f"+861380000{ending:0>4}")), kind)
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_an_empty_wallet_is_held(provider: Provider, client: Client, vendor: str) -> None:
    """A person must pay the vendor."""
    await client.arm(vendor, "empty_wallet")
    assert isinstance(await provider.send(sms()), Held)


async def test_wrong_credentials_are_held(make: Make, client: Client) -> None:
    """Mending the settings is for a person; nothing was sent."""
    assert isinstance(await make(secret="wrong").send(sms()), Held)


async def test_an_unregistered_template_is_held(make: Make, client: Client) -> None:
    """So is a template that the carriers do not know."""
    assert isinstance(await make(templates={"thanks": "SMS_0"}).send(sms()), Held)


@pytest.mark.parametrize("fault", ["drop_answer", "http_500_after", "garbage", "truncated"])
async def test_a_lost_answer_is_unknown_and_then_found(
    provider: Provider, client: Client, vendor: str, fault: str
) -> None:
    """The message was sent once, not silently again, and the query finds it."""
    await client.arm(vendor, fault, count=1)
    message = sms()
    assert isinstance(await provider.send(message), Unknown)
    assert Delivered() == await settled(provider, message)
    assert 1 == (await client.book())["sms"]["sent_count"]


@pytest.mark.parametrize("fault", ["drop_before", "http_500_before"])
async def test_a_lost_request_is_unknown_and_then_not_found(
    provider: Provider, client: Client, vendor: str, fault: str
) -> None:
    """From our side it looks the same; only the query tells."""
    await client.arm(vendor, fault, count=1)
    message = sms()
    assert isinstance(await provider.send(message), Unknown)
    assert NotFound() == await find(provider, message)
    assert 0 == (await client.book())["sms"]["sent_count"]


async def test_a_slow_answer_is_unknown(provider: Provider, client: Client, vendor: str) -> None:
    """A time-out is not "not sent"."""
    await client.arm(vendor, "delay", count=1, delay_s=200)  # scaled down to 2 s
    assert isinstance(await provider.send(sms()), Unknown)


@pytest.mark.parametrize(
    "fault", ["drop_answer", "http_500_before", "garbage", "truncated", "drop_before"]
)
async def test_a_failed_query_says_nothing(
    provider: Provider, client: Client, vendor: str, fault: str
) -> None:
    """It never reads as "not found", or the message would be sent twice."""
    message = sms()
    await provider.send(message)
    await client.arm(vendor, fault, count=1)
    assert isinstance(await find(provider, message), Unknown | TryLater)


async def test_a_vendor_that_is_down_took_nothing(make: Make, vendor: str) -> None:
    """A refused connection carried no message."""
    provider = make(url=f"http://127.0.0.1:{free_port()}/")
    assert isinstance(await provider.send(sms()), TryLater)
    assert isinstance(await find(provider, sms()), TryLater)


async def test_redirects_are_not_followed(make: Make) -> None:
    """A redirected order could be executed twice, or somewhere else."""
    paths: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", redirect)
    async with TestServer(app) as server:
        outcome = await make(url=str(server.make_url("/"))).send(sms())
    assert (["/"], True) == (paths, isinstance(outcome, Unknown))


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_is_unknown_whatever_its_body_says(make: Make, status: int) -> None:
    """Something between us and the vendor may have written it, after the message was taken."""

    async def fail(_: web.Request) -> web.Response:
        return web.json_response({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", fail)
    async with TestServer(app) as server:
        provider = make(url=str(server.make_url("/")))
        assert Unknown(f"http_{status}") == await provider.send(sms())
        assert Unknown(f"http_{status}") == await find(provider, sms())


async def test_a_message_is_found_among_many(provider: Provider, client: Client) -> None:
    """More messages to one number than the vendor lists on a page."""
    first = sms()
    await provider.send(first)
    for _ in range(PAGE):
        await provider.send(sms())
    assert Delivered() == await settled(provider, first)
    assert NotFound() == await find(provider, sms())


def test_every_registered_vendor_is_asked() -> None:
    """A new adapter cannot be forgotten here."""
    assert sorted(PROVIDERS) == sorted(VENDORS)
