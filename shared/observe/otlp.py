"""Spans as OpenTelemetry's SDK makes and sends them. Imported only where traces are sent.

They are kept for a moment, sent together by a thread, and lost where nobody takes them for long:
memory stays bounded, and no work waits.
"""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from contextvars import copy_context

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared.observe import log, metrics

Told = Mapping[str, str | int | float]
# One attempt ends before the process does.
SEND_SECONDS, END_SECONDS = 2.0, 3.0
# What a batch of events may link to, and more than anything else of ours has.
MOST_LINKS = 512
_MADE, _SENT, _REFUSED = map(metrics.SPANS.labels, ("made", "sent", "refused"))


class Watched(SpanExporter):
    """Says once that nobody takes the spans, and once that somebody does again."""

    def __init__(self, url: str) -> None:
        self._to = OTLPSpanExporter(endpoint=url, timeout=SEND_SECONDS)
        self._failing = False
        # A thread of the SDK's calls us, and knows nothing of whose lines these are.
        self._ours = copy_context()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some; what fails is lost."""
        result = self._to.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        (_REFUSED if failing else _SENT).inc(len(spans))
        self._ours.run(self._note, failing, len(spans))
        return result

    def _note(self, failing: bool, size: int) -> None:
        if failing and not self._failing:
            log.get().warning("traces not taken", size=size)
        elif self._failing and not failing:
            log.get().info("traces taken again", size=size)
        self._failing = failing

    def shutdown(self) -> None:
        """No more of them."""
        self._to.shutdown()  # type: ignore[no-untyped-call]


class Recorded:
    """A span that goes on; `traceparent` is what it is known by elsewhere."""

    def __init__(self, span: Span) -> None:
        self._span = span
        own = span.get_span_context()
        self.traceparent = f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def tell(self, told: Told) -> None:
        """What is known only later."""
        self._span.set_attributes(told)

    def end(self, error: BaseException | None = None, at: int | None = None) -> None:
        """Over, now or at that time (ns). Of an error only its kind: its words may quote."""
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)
            self._span.set_status(StatusCode.ERROR)
        if self._span.is_recording():
            _MADE.inc()
        self._span.end(at)


class Recorder:
    """Makes a process's spans and sends them: of `share` of the traces, the same in each service.

    Whether a trace is told of follows from its id, so that none is told of in parts.
    """

    def __init__(self, service: str, url: str, share: float) -> None:
        # Its own words at every failure; ours come once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        told = {
            "service.name": service,
            "service.namespace": "mashang",
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
        limits = SpanLimits(max_links=MOST_LINKS)
        self._provider = TracerProvider(
            TraceIdRatioBased(share), Resource(told), shutdown_on_exit=False, span_limits=limits
        )
        self._sending = BatchSpanProcessor(Watched(url))
        self._provider.add_span_processor(self._sending)
        self._tracer = self._provider.get_tracer("mashang")

    def begin(
        self,
        name: str,
        kind: str,
        parent: str | None,
        told: Told,
        links: Sequence[str] = (),
        at: int | None = None,
    ) -> Recorded:
        """A span below `parent`, or the first of a trace; now, or at that time (ns)."""
        above = set_span_in_context(NonRecordingSpan(_context(parent))) if parent else Context()
        span = self._tracer.start_span(
            name, above, SpanKind[kind.upper()], told, [Link(_context(one)) for one in links], at
        )
        return Recorded(span)

    async def end(self) -> None:
        """Send what is there, if somebody takes it within seconds."""
        # It would wait for half a minute, and a thread of the loop's pool for as long.
        ending = threading.Thread(target=self._sending.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, END_SECONDS)


def _context(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))
