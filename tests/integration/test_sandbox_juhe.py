"""The Juhe dialect, against a real sandbox process."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from deploy.sandbox.customer import Client
from deploy.sandbox.dialects.juhe import customer
from deploy.sandbox.dialects.juhe.customer import KEY, OPENID
from deploy.sandbox.dialects.juhe.life import md5
from deploy.sandbox.testing import Inbox, SandboxProcess
from deploy.sandbox.when import china_text

PHONE, DECLINED = "13800000088", "13800000006"
NOBODYS, PORTED = "13800000008", "13800000009"
ORDER = "a" * 16


async def state(client: Client, order_id: str = ORDER) -> Any:
    """What ordersta says."""
    return (await customer.call(client, "ordersta", orderid=order_id))[1]


async def test_an_order_is_under_way_and_then_done(client: Client) -> None:
    """Always state 0 at once; then 1, and the book has paid 2000 fen once."""
    status, told = await customer.order(client, ORDER, PHONE)
    assert (200, 0, "0", ORDER) == (
        status, told["error_code"], told["result"]["game_state"], told["result"]["uorderid"],
    )  # fmt: skip
    await client.settled(ORDER)
    found = (await state(client))["result"]
    assert ("1", told["result"]["sporder_id"], "20.000") == (
        found["game_state"], found["sporder_id"], found["uordercash"],
    )  # fmt: skip
    airtime = (await client.book(vendor="juhe"))["airtime"]
    assert (1, {"CNY": 2000}) == (airtime["paid_count"], airtime["sum_fen"])


async def test_a_number_that_ends_in_six_is_cancelled(client: Client) -> None:
    """State 9, without a reason, and nothing is paid."""
    await customer.order(client, ORDER, DECLINED)
    await client.settled(ORDER)
    assert "9" == (await state(client))["result"]["game_state"]
    assert 0 == (await client.book())["airtime"]["paid_count"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"key": "wrong"}, 10001), ({"sign": "0" * 32}, 208508), ({"sign": ""}, 208508),
        ({"orderid": "short"}, 208505), ({"orderid": "x" * 33}, 208505),
        ({"cardnum": "21"}, 208508), ({"phoneno": "12345678901"}, 208508),
    ],
)  # fmt: skip
async def test_a_bad_order_gets_the_vendors_code(
    client: Client, fields: dict[str, str], code: int
) -> None:
    """Under HTTP 200, as everything; a changed field does not fit the signature."""
    status, told = await customer.order(client, ORDER, PHONE, **fields)
    assert (200, code, None) == (status, told["error_code"], told["result"])
    assert [] == (await client.book())["airtime"]["transactions"]


@pytest.mark.parametrize(
    ("phone", "yuan", "code"),
    [
        ("12345678901", "20", 208502), ("+8613800000088", "20", 208502), (NOBODYS, "20", 208502),
        (PHONE, "21", 208501),
    ],
)  # fmt: skip
async def test_what_is_signed_and_cannot_be_ordered(
    client: Client, phone: str, yuan: str, code: int
) -> None:
    """A number or an amount that they do not sell, or a number that no network has; telcheck says
    the same before, and nothing against one that was ported."""
    sign = md5(OPENID, KEY, phone, yuan, ORDER)
    form = {"phoneno": phone, "cardnum": yuan}
    _, told = await customer.call(client, "onlineorder", **form, orderid=ORDER, sign=sign)
    _, before = await customer.call(client, "telcheck", **form)
    assert [code, code] == [told["error_code"], before["error_code"]]
    _, ported = await customer.call(client, "telcheck", phoneno=PORTED, cardnum="20")
    assert 0 == ported["error_code"]


@pytest.mark.parametrize("kind", ["drop_before", "http_500_before", "garbage", "truncated"])
async def test_telcheck_misbehaves_on_demand(client: Client, kind: str) -> None:
    """Once, and the order is not touched by it."""
    await client.arm("juhe", kind, count=1, path="/telcheck")
    with contextlib.suppress(ClientError, ValueError):
        asked = await customer.call(client, "telcheck", phoneno=PHONE, cardnum="20")
        assert 500 == asked[0]
    assert 0 == (await customer.order(client, ORDER, PHONE))[1]["error_code"]


async def test_an_order_id_is_taken_once(client: Client) -> None:
    """Twenty at once are one order; the others hear that the id is used."""
    told = await asyncio.gather(*(customer.order(client, ORDER, PHONE) for _ in range(20)))
    assert [0] + [208516] * 19 == sorted(body["error_code"] for _, body in told)
    await client.settled(ORDER)
    assert 1 == (await client.book())["airtime"]["paid_count"]


async def test_what_was_never_ordered_is_not_known(client: Client) -> None:
    """By its own code, which is no failure of an order."""
    assert 208513 == (await state(client, "never"))["error_code"]


async def test_the_wallet_runs_dry(tmp_path: Path) -> None:
    """Thirty yuan are enough for one; `yue` tells how much is left, signed only."""
    options = {"--juhe-wallet-fen": "3000"}
    async with ClientSession() as session:
        with SandboxProcess(tmp_path, options) as process:
            poor = Client(session, process.url)
            assert 0 == (await customer.order(poor, ORDER, PHONE))[1]["error_code"]
            assert 208517 == (await customer.order(poor, "b" * 16, PHONE))[1]["error_code"]
            signed = {"timestamp": "1", "sign": md5(OPENID, KEY, "1")}
            _, purse = await customer.call(poor, "yue", **signed)
            assert "10.00" == purse["result"]["money"]
            _, refused = await customer.call(poor, "yue", timestamp="1", sign="x")
            assert 208508 == refused["error_code"]


async def test_a_report_is_signed_and_repeated_until_it_is_taken(tmp_path: Path) -> None:
    """`success` takes it; the signature covers both ids, and not the state."""
    async with Inbox() as inbox, ClientSession() as session:
        options = {"--juhe-report-url": inbox.url}
        with SandboxProcess(tmp_path, options) as process:
            client = Client(session, process.url)
            await customer.order(client, ORDER, PHONE)
            posted = [await inbox.next_posted() for _ in range(2)]
    assert posted[0].body == posted[1].body
    told = dict(pair.split("=") for pair in posted[0].body.decode().split("&"))
    assert (ORDER, "1") == (told["orderid"], told["sta"])
    assert md5(KEY, told["sporder_id"], ORDER) == told["sign"]


async def test_its_statement_has_what_its_wallet_held(client: Client) -> None:
    """GB18030, in its own words: opening, what was paid, closing; a row can be made to lack."""
    await customer.order(client, ORDER, PHONE)
    day = china_text((await client.settled(ORDER))["paid_at"])[:10]
    path = f"/admin/statement?vendor=juhe&day={day}"
    text = str((await client.call("GET", path))[1])
    states = [line.split(",")[3] for line in text.splitlines()]
    assert ["订单状态", "期初余额", "充值成功", "期末余额"] == states
    opening, closing = (text.splitlines()[n].rsplit(",", 1)[1] for n in (1, 3))
    assert 20 == float(opening) - float(closing)
    await client.arm("juhe", "statement_missing_row", seed=1)
    spoilt = str((await client.call("GET", path))[1])
    assert 3 == len(spoilt.splitlines())


@pytest.mark.parametrize("kind", ["drop_answer", "http_500_after", "garbage", "truncated"])
async def test_it_misbehaves_on_demand(client: Client, kind: str) -> None:
    """The answer is spoilt once, and the order is carried out all the same."""
    await client.arm("juhe", kind, count=1, path="/onlineorder")
    with contextlib.suppress(ClientError, ValueError):
        assert 500 == (await customer.order(client, ORDER, PHONE))[0]
    assert "COMPLETED" == (await client.settled(ORDER))["status"]
