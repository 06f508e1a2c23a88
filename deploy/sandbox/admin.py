"""The tests' own door: the book, the statement and the faults, for this machine only."""

import ipaddress
from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from deploy.sandbox import witness
from deploy.sandbox.dialects import DIALECTS, of_kind
from deploy.sandbox.digits import national
from deploy.sandbox.faults import AIRTIME_ONLY, Armed, Fault, Kind
from deploy.sandbox.parts import PARTS
from deploy.sandbox.problem import problem, wrong_fields
from deploy.sandbox.statement import statement


def known(vendor: str) -> str:
    """A vendor that the sandbox simulates."""
    if vendor not in DIALECTS:
        raise ValueError(f"should be one of: {', '.join(DIALECTS)}")
    return vendor


def sells_airtime(vendor: str) -> str:
    """One that keeps a statement."""
    names = [dialect.name for dialect in of_kind("airtime")]
    if vendor not in names:
        raise ValueError(f"should be one of: {', '.join(names)}")
    return vendor


def sells_sms(vendor: str) -> str:
    """One through which citizens write back."""
    names = [dialect.name for dialect in of_kind("sms")]
    if vendor not in names:
        raise ValueError(f"should be one of: {', '.join(names)}")
    return vendor


def mainland(phone: str) -> str:
    """A mainland mobile number, without its country code."""
    found = national(phone, ("+86", ""))
    if found is None:
        raise ValueError("should be a mainland mobile number")
    return found


Vendor = Annotated[str, AfterValidator(known)]


class Wanted(Fault):
    """A fault that could strike."""

    vendor: Vendor

    @field_validator("kind")
    @classmethod
    def vendor_has_kind(cls, kind: Kind, others: ValidationInfo) -> Kind:
        """Refuse a fault that this vendor does not have."""
        dialect = DIALECTS.get(others.data.get("vendor", ""))
        if kind in AIRTIME_ONLY and dialect and dialect.kind != "airtime":
            raise ValueError("exists only for an airtime vendor")
        return kind


class BookQuery(BaseModel):
    """Filters of GET /admin/book; ``external`` is the customer's own reference."""

    model_config = ConfigDict(extra="forbid")

    vendor: Vendor | None = None
    external: str | None = None


class StatementQuery(BaseModel):
    """Which statement; the day is a day in China."""

    model_config = ConfigDict(extra="forbid")

    vendor: Annotated[str, AfterValidator(sells_airtime)]
    day: str

    @field_validator("day")
    @classmethod
    def is_day(cls, text: str) -> str:
        """A calendar day that begins and ends in China as in the world's time."""
        if not 1 < datetime.strptime(text, "%Y-%m-%d").year < 9999:
            raise ValueError("should be a day between the years 2 and 9998")
        return text


class Reply(BaseModel):
    """What a citizen's phone writes back."""

    model_config = ConfigDict(extra="forbid")

    vendor: Annotated[str, AfterValidator(sells_sms)]
    phone: Annotated[str, AfterValidator(mainland)]
    text: str = Field(min_length=1, max_length=1000)


async def get_book(request: web.Request) -> web.Response:
    """GET /admin/book?vendor=&external=."""
    query = BookQuery.model_validate(dict(request.query))
    db = request.app[PARTS].book.db
    body = {
        "airtime": witness.airtime(db, query.vendor, query.external),
        "sms": witness.sms(db, query.vendor, query.external),
    }
    return web.json_response(body)


async def delete_book(request: web.Request) -> web.Response:
    """DELETE /admin/book: forget all, also what is still under way; faults stay armed."""
    return web.json_response({"deleted": request.app[PARTS].book.clear()})


async def get_statement(request: web.Request) -> web.Response:
    """GET /admin/statement?vendor=&day=YYYY-MM-DD as CSV."""
    query = StatementQuery.model_validate(dict(request.query))
    day = datetime.strptime(query.day, "%Y-%m-%d")
    layout = DIALECTS[query.vendor].layout
    body = statement(request.app[PARTS], query.vendor, day, layout)
    return web.Response(body=body, content_type="text/csv", charset=layout.encoding)


async def post_fault(request: web.Request) -> web.Response:
    """POST /admin/faults: arm one; 201 with its number."""
    fault = Wanted.model_validate_json(await request.read())
    return web.json_response(armed_json(request.app[PARTS].faults.arm(fault)), status=201)


async def post_reply(request: web.Request) -> web.Response:
    """POST /admin/replies: the citizen replies; 202, or 409 where no address is configured."""
    reply = Reply.model_validate_json(await request.read())
    parts = request.app[PARTS]
    with parts.book.writing():
        planned = DIALECTS[reply.vendor].heard(parts, reply.phone, reply.text)
    if not planned:
        return problem(409, f"{reply.vendor} knows no address for replies: --…-inbound-url.")
    return web.json_response({"vendor": reply.vendor}, status=202)


async def get_faults(request: web.Request) -> web.Response:
    """GET /admin/faults: all that is armed, with how often each was tried and struck."""
    return web.json_response({"faults": [armed_json(a) for a in request.app[PARTS].faults.all()]})


async def delete_faults(request: web.Request) -> web.Response:
    """DELETE /admin/faults: disarm all."""
    return web.json_response({"deleted": request.app[PARTS].faults.clear()})


def armed_json(armed: Armed) -> dict[str, Any]:
    """A fault with its number and counters."""
    counters = {"id": armed.id, "draws": armed.draws, "fired": armed.fired}
    return counters | armed.fault.model_dump()


def routes() -> list[web.RouteDef]:
    """The admin paths."""
    return [
        web.get("/admin/book", get_book, allow_head=False),
        web.delete("/admin/book", delete_book),
        web.get("/admin/statement", get_statement, allow_head=False),
        web.post("/admin/faults", post_fault),
        web.post("/admin/replies", post_reply),
        web.get("/admin/faults", get_faults, allow_head=False),
        web.delete("/admin/faults", delete_faults),
    ]


@web.middleware
async def admin_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep strangers out and turn every refusal outside the vendors' paths into problem+json."""
    if request.path.startswith(("/admin", "/phone")) and not is_local(request.remote):
        return problem(403, "Only this machine may look behind the vendors.")
    try:
        return await handler(request)
    except ValidationError as error:
        return wrong_fields(error)
    except web.RequestPayloadError:
        return problem(400, "The body did not come whole.")
    except web.HTTPException as error:
        return problem(error.status, f"{error.reason}: {request.method} {request.path}")


def is_local(address: str | None) -> bool:
    """Whether a request came over loopback."""
    return address is not None and ipaddress.ip_address(address.partition("%")[0]).is_loopback
