"""Pigeon post, an SMS vendor that does not exist: the dialect of README's second recipe."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web
from pydantic import BaseModel, Field

from deploy.sandbox import texts
from deploy.sandbox.callbacks import Callback, plan_callback
from deploy.sandbox.customer import SEED
from deploy.sandbox.dialect import Caller, Dialect, secret
from deploy.sandbox.digits import ending, national, settle_seconds
from deploy.sandbox.parts import PARTS, Parts
from deploy.sandbox.tasks import Action, Task, add_task, finish_task
from deploy.sandbox.texts import Registered
from deploy.sandbox.when import now

NAME = "pigeon"
PATH = f"/{NAME}/letters"
ENDINGS = {"02": "NO_SUCH_LOFT", "04": "STORM", "05": "TIRED", "06": "NO_SUCH_LOFT"}
IDS = texts.numbered("P{}".format)
STATES = {"waiting": "OK", "delivered": "ARRIVED", "failed": "LOST"}


class Account(BaseModel):
    """The customer's."""

    key: str = Field(min_length=1)
    report_url: str | None = None
    inbound_url: str | None = None
    templates: Registered = IDS


class Letter(BaseModel):
    """What is sent."""

    to: str
    template: str
    reference: str
    values: dict[str, str]


class Refusal(Exception):
    """By code."""


def check(request: web.Request, parts: Parts) -> None:
    """The key."""
    if request.headers.get("X-Key") != parts.account(Account).key:
        raise Refusal("WRONG_KEY")


def refusal(error: Exception) -> web.Response:
    """In its words."""
    code = str(error) if isinstance(error, Refusal) else "BROKEN"
    return web.json_response({"code": code}, status=400)


async def send(request: web.Request) -> web.Response:
    """POST: a letter."""
    parts = request.app[PARTS]
    letter = Letter.model_validate_json(await request.read())
    with parts.book.writing() as db:
        code = refused(parts, letter)
        biz_id, state = (None, "refused") if code else (uuid4().hex, "waiting")
        text = texts.filled(registered(parts).get(letter.template, ""), letter.values)
        added = db.execute(
            "INSERT INTO sms (vendor, biz_id, phone, template, content, out_id, state, code,"
            " sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (NAME, biz_id, letter.to, letter.template, text, letter.reference, state, code or "",
             now()),
        )  # fmt: skip
        if code is None:
            seconds = settle_seconds(letter.to, parts.config.delay_scale)
            add_task(db, f"{NAME}.arrive", added.lastrowid or 0, seconds)
    return web.json_response({"code": code or "OK", "id": biz_id})


def registered(parts: Parts) -> Mapping[str, str]:
    """Texts by id."""
    return texts.by_id(parts.account(Account).templates)


def refused(parts: Parts, letter: Letter) -> str | None:
    """Why it does not fly."""
    if letter.template not in registered(parts):
        return "NO_TEMPLATE"
    if parts.faults.strike(NAME, {"empty_wallet"}):
        return "NO_GRAIN"
    if national(letter.to, ("+86",)) is None:
        return "NO_SUCH_LOFT"
    return ENDINGS.get(ending(letter.to))


async def find(request: web.Request) -> web.Response:
    """GET ?reference=."""
    row = (
        request.app[PARTS]
        .book.db.execute(
            "SELECT * FROM sms WHERE vendor = ? AND out_id = ? AND biz_id IS NOT NULL",
            (NAME, request.query["reference"]),
        )
        .fetchone()
    )
    if row is None:
        return web.json_response({"code": "UNKNOWN_LETTER"})
    return web.json_response({"code": STATES[row["state"]], "id": row["biz_id"]})


def actions(parts: Parts) -> dict[str, Action]:
    """Arrival."""

    async def arrive(task: Task) -> None:
        with parts.book.writing() as db:
            row = db.execute("SELECT * FROM sms WHERE id = ?", (task.ref,)).fetchone()
            state = "failed" if ending(row["phone"]) == "03" else "delivered"
            db.execute(
                "UPDATE sms SET state = ?, code = ?, reported_at = ? WHERE id = ?",
                (state, STATES[state], now(), task.ref),
            )
            if url := parts.account(Account).report_url:
                body = {"reference": row["out_id"], "code": STATES[state]}
                told = Callback(NAME, task.ref, url, body, body | {"code": "LOST"})
                plan_callback(db, parts.faults, told, parts.config.delay_scale)
            finish_task(db, task)

    return {f"{NAME}.arrive": arrive}


def heard(parts: Parts, phone: str, text: str) -> bool:
    """A letter home."""
    if url := parts.account(Account).inbound_url:
        body = {"id": uuid4().hex, "sender": f"+86{phone}", "text": text}
        told = Callback(NAME, 0, url, body, body | {"text": "forged"})
        plan_callback(parts.book.db, parts.faults, told, parts.config.delay_scale)
    return url is not None


class PigeonCustomer:
    """For tests."""

    async def buy(
        self, client: Caller, reference: str, phone: str, report_to: str | None = None
    ) -> tuple[int, Any]:
        """A letter of thanks."""
        headers = {"X-Key": secret(SEED, NAME, "key")}
        letter = {"to": f"+86{phone}", "template": "P1", "reference": reference, "values": {}}
        return await client.call("POST", PATH, headers=headers, data=json.dumps(letter))

    def report(self, reference: str) -> Any:
        """Lost."""
        return {"reference": reference, "code": "LOST"}

    def told(self, body: Any) -> tuple[str, str]:
        """Reference and word."""
        return body["reference"], body["code"]


PIGEON = Dialect(
    name=NAME,
    kind="sms",
    account=Account,
    url="/pigeon/letters",
    secrets=("key",),
    values={"templates": texts.as_value(IDS)},
    routes=lambda: [web.post(PATH, send), web.get(PATH, find, allow_head=False)],
    check=check,
    refusal=refusal,
    actions=actions,
    retries=(1,),
    is_taken=lambda status, body: status == 200,
    customer=PigeonCustomer(),
    heard=heard,
)
