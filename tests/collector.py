"""What OpenTelemetry's collector is to our services: it takes spans over HTTP, and keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from deploy.local.ports import free_port


@dataclass(frozen=True)
class Seen:
    """A span as it came; ids in hexadecimal, `links` the traces that it leads to."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]
    told: dict[str, str | int]
    failed: bool


@dataclass
class Collector:
    """Listens at `url` inside its block; `raw` is all that came, as it came."""

    port: int = field(default_factory=free_port)
    spans: list[Seen] = field(default_factory=list)
    raw: bytes = b""

    @property
    def url(self) -> str:
        """What MASHANG_TRACES is set to."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    async def __aenter__(self) -> "Collector":
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw += body
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.spans += read(part)
        return web.Response(content_type="application/x-protobuf")

    def of(self, trace_id: str) -> list[Seen]:
        """Those of one trace."""
        return [one for one in self.spans if one.trace_id == trace_id]


def read(part: ResourceSpans) -> Iterator[Seen]:
    """The spans of one process."""
    service = str(_values(part.resource.attributes)["service.name"])
    for one in (span for scope in part.scope_spans for span in scope.spans):
        yield Seen(
            service=service, name=one.name, kind=Span.SpanKind.Name(one.kind)[10:].lower(),
            trace_id=one.trace_id.hex(), span_id=one.span_id.hex(),
            parent_id=one.parent_span_id.hex(),
            links=tuple(link.trace_id.hex() for link in one.links),
            told=_values(one.attributes), failed=one.status.code == Status.STATUS_CODE_ERROR,
        )  # fmt: skip


def _values(attributes: "list[KeyValue]") -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in attributes}
