"""What every SMS adapter must do, asked of each against the sandbox's book."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from deploy.local.ports import free_port
from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.testing import Inbox, Posted, SandboxProcess
from services.notifications.providers.protocol import VALUES, Call, Inbound, Provider, Sms
from services.notifications.providers.registry import VENDORS
from services.notifications.rules.messages import Purpose
from shared.errors import Misconfigured
from shared.policy.section import SPOKEN
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
A_WHILE = timedelta(minutes=15)


@pytest.fixture(scope="module")
def hears() -> str:
    """Where vendors report to; a test that listens starts an inbox there."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, hears: str) -> Iterator[SandboxProcess]:
    """One process for the module, whose vendors bring reports and replies."""
    told = {
        f"--{one.name}-{what}-url": reports.address(
            hears, one.name, one.secret(SEED, "report_secret"), path
        )
        for one in of_kind("sms")
        for what, path in (("report", reports.PATH), ("inbound", reports.INBOUND))
    }
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), told) as process:
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


def code(number: int) -> Sms:
    """A message whose words no other has."""
    return Sms(uuid4(), "code", PHONE, {"code": f"{number:06}"})


async def ask(provider: Provider, message: Sms) -> Outcome:
    """What became of a call just made."""
    return await provider.ask(message, Call(datetime.now(UTC), None))


async def settled(provider: Provider, message: Sms) -> Outcome:
    """The first answer that says what became of it, for good or not."""
    async with asyncio.timeout(60):
        while isinstance(found := await ask(provider, message), Accepted | Unknown):
            pass
    return found


async def ask_late(provider: Provider, message: Sms) -> Outcome:
    """What is said of a call of a while ago, when every vendor would list what it took."""
    return await provider.ask(message, Call(datetime.now(UTC) - A_WHILE, None))


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
    assert isinstance(await provider.ask(message, Call(datetime.now(UTC), sent.ref)), Done)
    [line] = (await client.book())["sms"]["messages"]
    # Where a vendor takes no reference of ours, it is known by its own.
    assert (sent.ref, True) == (line["biz_id"], line["out_id"] in ("", str(message.message_id)))


@pytest.mark.parametrize(
    ("language", "expected"),
    [("zh", "奖励话费20.00元已到账"), ("en", "reward of 20.00 yuan"), ("ug", "奖励话费20.00元")],
)
async def test_the_amount_reaches_the_phone(
    provider: Provider, client: Client, language: str, expected: str
) -> None:
    """The variable is filled in the citizen's language, or in Chinese where we lack it."""
    await provider.send(Sms(uuid4(), "paid", PHONE, {"amount": "20.00"}, language))
    [line] = (await client.book())["sms"]["messages"]
    assert expected in line["content"]


@pytest.mark.parametrize("purpose", get_args(Purpose))
async def test_every_kind_of_message_can_be_sent(
    provider: Provider, client: Client, purpose: Purpose
) -> None:
    """In every language of a policy, whole: no variable is left open."""
    values = dict.fromkeys(VALUES.get(purpose, ()), "048213")
    for language in SPOKEN:
        sent = await provider.send(Sms(uuid4(), purpose, PHONE, values, language))
        assert isinstance(sent, Accepted), language
    book = (await client.book())["sms"]["messages"]
    assert len(SPOKEN) == len({line["content"] for line in book})
    assert not any("{" in line["content"] for line in book)


async def test_an_undelivered_message_is_rejected_for_good(
    provider: Provider, client: Client
) -> None:
    """Accepted first, and failed by the operator's report."""
    message = sms("+8613800000003")
    assert isinstance(await provider.send(message), Accepted)
    assert isinstance(await settled(provider, message), Rejected)


async def test_who_opted_out_is_left_alone(provider: Provider, client: Client) -> None:
    """A blacklisted phone is final, at once or by the carrier's word; nobody tries again."""
    message = sms("+8613800000006")
    outcome = await provider.send(message)
    if isinstance(outcome, Accepted):
        outcome = await settled(provider, message)
    assert isinstance(outcome, Rejected)
    assert not outcome.retriable


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


async def test_an_unregistered_template_is_held(
    make: Make, client: Client, dialect: Dialect
) -> None:
    """So is a template that the carriers do not know; some vendors want none to be registered."""
    templates = json.loads(dialect.values["templates"])
    templates["thanks"]["zh"] = "nobody knows me"
    sent = await (await make(templates=json.dumps(templates))).send(sms())
    assert isinstance(sent, Held if dialect.registers else Accepted)


def test_what_lacks_a_template_does_not_start(dialect: Dialect) -> None:
    """One line names each that is missing, of a purpose or of a language, and quotes none."""
    templates = json.loads(dialect.values["templates"])
    del templates["urgent"], templates["code"]["en"]
    with pytest.raises(Misconfigured) as caught:
        sms_vendor("http://127.0.0.1:9", dialect, templates=json.dumps(templates))
    expected = "lacks urgent in zh, urgent in en, code in en"
    assert f"{dialect.variable('templates')}: {expected}" == str(caught.value)


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
    assert NotFound() == await ask_late(provider, message)
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
    assert (1, True) == (len(paths), not isinstance(outcome, Accepted))


async def test_a_message_is_found_among_many(provider: Provider, client: Client) -> None:
    """More messages to one number than the vendor lists on a page."""
    first, *others = (code(number) for number in range(MORE_THAN_A_PAGE + 2))
    await provider.send(first)
    for other in others[1:]:
        await provider.send(other)
    assert isinstance(await settled(provider, first), Done)
    assert NotFound() == await ask_late(provider, others[0])


async def test_a_report_is_read_for_our_reference_only(
    provider: Provider, dialect: Dialect
) -> None:
    """The message's id, ours or the vendor's own, out of its form; or a refusal without quotes."""
    told = dialect.customer.report(str(UUID(int=7)))
    body = (told if isinstance(told, str) else json.dumps(told)).encode()
    assert [str(UUID(int=7))] == provider.read_report(body)
    for malformed in (b"", b"\xff", b"{", b"[1]", b"[" * 5000):
        with pytest.raises(NotAReport):
            provider.read_report(malformed)


async def reported(provider: Provider, inbox: Inbox, wanted: Sms, ref: str | None) -> list[Posted]:
    """The next reports about a message, until there are two."""
    found: list[Posted] = []
    while len(found) < 2:
        posted = await inbox.next_posted()
        if {str(wanted.message_id), ref} & set(provider.read_report(posted.body)):
            found.append(posted)
    return found


async def test_a_forged_report_changes_nothing(
    provider: Provider, client: Client, inbox: Inbox, dialect: Dialect
) -> None:
    """It comes beside the true one and names the message; where the vendor signs, it shows."""
    await client.arm(dialect.name, "forged_callback", count=1)
    message = sms()
    sent = await provider.send(message)
    assert isinstance(sent, Accepted)
    posted = await reported(provider, inbox, message, sent.ref)
    signs = {provider.has_signed(one.body, one.headers) for one in posted}
    assert signs in ({True}, {True, False})
    # The other half of "always followed by a query": what it finds is the truth.
    assert isinstance(await settled(provider, message), Done)


async def test_duplicated_and_late_reports_name_the_same_message(
    provider: Provider, client: Client, inbox: Inbox, dialect: Dialect
) -> None:
    """Whatever comes again, or after the next one's, is about the message that it names."""
    for fault in ("duplicate_callback", "reorder_callbacks"):
        await client.arm(dialect.name, fault, count=1)
    message = sms()
    sent = await provider.send(message)
    assert isinstance(sent, Accepted)
    first, second = await reported(provider, inbox, message, sent.ref)
    assert (first.body, True) == (second.body, provider.has_signed(second.body, second.headers))


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
