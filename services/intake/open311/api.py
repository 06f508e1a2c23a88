"""The endpoints of GeoReport v2, each in JSON and in XML."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel

from services.intake.accept.store import units
from services.intake.open311 import catalogue, formats, models, reading, store
from services.intake.open311.creating import Creating
from shared.db import Database
from shared.errors import NotFound
from shared.policy import Policies
from shared.values import clock
from shared.web.endpoints import JSON, PUBLIC, Call, Endpoint, Link
from shared.web.replies import Answer
from shared.web.texts import texts

ROOT = "/open311/v2"
LIMIT = 64 * 1024
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGED = "2026-11-26T00:00:00+08:00"
Handler = Callable[[Call[Any, Any]], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Api:
    """The handlers."""

    creating: Creating
    database: Database
    policies: Policies
    public_url: str

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        return [one for name in formats.FORMATS for one in self._in(name)]

    def _in(self, name: str) -> Iterator[Endpoint]:
        read = partial(self._read, name)
        its_request = _links(name, "requests", "service_request_id")
        yield read(
            "/open311/discovery", "discovery", self.discovery, "Where the Open311 API is",
            models.Discovery,
        )  # fmt: skip
        yield read(
            f"{ROOT}/services", "services", self.services, "Open311: the kinds of request",
            models.Services, links=_links(name, "services", "service_code", "service_code"),
        )  # fmt: skip
        yield read(
            f"{ROOT}/services/{{service_code}}", "service_definition", self.definition,
            "Open311: what may be said with a kind of request", models.Definition,
            params={"service_code": str},
        )  # fmt: skip
        yield read(
            f"{ROOT}/requests", "service_requests", self.requests,
            "Open311: what became of the requests of apps, without words, place and person",
            models.Requests, query=models.Listed, links=its_request,
        )  # fmt: skip
        yield read(
            f"{ROOT}/requests/{{service_request_id}}", "service_requests", self.request,
            "Open311: what became of a request", models.Requests,
            params={"service_request_id": UUID},
        )  # fmt: skip
        yield read(
            f"{ROOT}/tokens/{{token}}", "service_requests", self.token,
            "Open311: the request of a token", models.Tokens, params={"token": UUID},
            links=its_request,
        )  # fmt: skip
        yield Endpoint(
            "POST", f"{ROOT}/requests.{name}",
            self._answering(name, "service_requests", self.create),
            "Open311: hand in a request; the answer has its receipt", PUBLIC, query=models.Posted,
            body=models.Sent, form=True, answers={200: models.AllCreated}, repeat="offered",
            limit=LIMIT, seconds=0, links=[*its_request, *_links(name, "tokens", "token")],
            **_told(name),
        )  # fmt: skip

    def _read(
        self,
        name: str,
        path: str,
        root: str,
        handler: Handler,
        summary: str,
        model: type[BaseModel],
        *,
        params: Mapping[str, type[Any]] | None = None,
        query: type[BaseModel] = models.Asked,
        links: Sequence[Link] = (),
    ) -> Endpoint:
        return Endpoint(
            "GET", f"{path}.{name}", self._answering(name, root, handler), summary, PUBLIC,
            params=params or {}, query=query, answers={200: model}, links=links, **_told(name),
        )  # fmt: skip

    def _answering(
        self, name: str, root: str, handler: Handler
    ) -> Callable[[Call[Any, Any]], Awaitable[Answer]]:
        async def answer(call: Call[Any, Any]) -> Answer:
            asked = call.query.jurisdiction_id or call.fields.one("jurisdiction_id")
            if asked not in ("", urlsplit(self.public_url).hostname):
                raise NotFound("refused.open311_jurisdiction")
            return formats.answer(formats.FORMATS[name], root, await handler(call))

        return answer

    async def discovery(self, _: Call[None, Any]) -> models.Discovery:
        """One version, one place."""
        server = models.Server(
            specification=SPECIFICATION, url=f"{self.public_url}{ROOT}", changeset=CHANGED,
            type="production", formats=["text/xml", "application/json"],
        )  # fmt: skip
        return models.Discovery(
            changeset=CHANGED, contact=self.public_url, key_service=f"{self.public_url}/openapi",
            endpoints=[server],
        )  # fmt: skip

    async def services(self, call: Call[None, Any]) -> models.Services:
        """As today's policy has them."""
        return catalogue.services(self.policies.at(clock.now()), texts(call.language))

    async def definition(self, call: Call[None, Any]) -> models.Definition:
        """With every window that takes something in."""
        async with self.database.acquire() as conn:
            open_units = await units.list_open(conn)
        policy, code = self.policies.at(clock.now()), call.params["service_code"]
        return catalogue.definition(policy, code, open_units, texts(call.language))

    async def requests(self, call: Call[None, models.Listed]) -> models.Requests:
        """By the filters."""
        async with self.database.acquire() as conn:
            found = await reading.search(conn, call.query, self.policies)
        words = texts(call.language)
        return models.Requests([reading.told(one, self.policies, words) for one in found])

    async def request(self, call: Call[None, Any]) -> models.Requests:
        """A list of one."""
        seen = await self._one(call.params["service_request_id"])
        return models.Requests([reading.told(seen, self.policies, texts(call.language))])

    async def token(self, call: Call[None, Any]) -> models.Tokens:
        """A request has its id at once, so that its token is the id."""
        seen = await self._one(call.params["token"])
        return models.Tokens([models.Token(service_request_id=str(seen.id), token=str(seen.id))])

    async def _one(self, request_id: UUID) -> store.Seen:
        async with self.database.acquire() as conn:
            found = await store.list_by_ids(conn, [request_id])
        if not found:
            raise NotFound("refused.open311_request")
        return found[0]

    async def create(self, call: Call[models.Sent, models.Posted]) -> models.AllCreated:
        """The receipt stands in the notice: for the sender alone, and no id that is listed."""
        receipt = await self.creating.create(call, call.query.api_key or call.body.api_key)
        address = f"{self.public_url}/r/{receipt.code}"
        notice = texts(call.language).text("open311.notice", code=receipt.code, address=address)
        created = models.Created(service_request_id=str(receipt.stored.id), service_notice=notice)
        return models.AllCreated([created])


def _told(name: str) -> dict[str, Any]:
    tell = formats.refused_json if name == "json" else formats.refused_xml
    return {"media": formats.FORMATS[name], "tell": tell, "problem": models.Faults}


def _links(
    name: str, resource: str, part: str, value: str = "service_request_id"
) -> Sequence[Link]:
    """From the first of a list to its resource in each format; only JSON can be pointed into."""
    if formats.FORMATS[name] != JSON:
        return ()
    path, values = f"{ROOT}/{resource}/{{{part}}}", {part: f"/0/{value}"}
    return [Link(f"{path}.{each}", values) for each in formats.FORMATS]
