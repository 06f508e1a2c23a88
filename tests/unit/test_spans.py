"""Where nobody listens a span is nothing, and costs nothing; its names hold no values."""

import subprocess
import sys

import pytest

from shared import config
from shared.events import traceparent_in, wrap
from shared.observe import spans, trace
from tests.conftest import ROOT
from tests.samples import SAMPLES

EXAMPLE = "http://HOST:PORT/v1/traces"
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OFF = """
import sys
from importlib import import_module
from shared import flows, service
from shared.observe import spans
for name in flows.SERVICES:
    import_module(f"services.{name}.service")
spans.begin("intake", "")
with spans.entering("x", None), spans.doing("y"), spans.together("z", [None, None], "consumer"):
    spans.note("n", None, "producer", {}, spans.now())
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""


def test_off_nothing_is_even_imported() -> None:
    """Without an address no process of ours loads OpenTelemetry, whatever it does."""
    done = subprocess.run(
        [sys.executable, "-c", OFF], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]\n" == done.stdout


def test_off_the_trace_is_kept() -> None:
    """It goes on where it came from, as if spans were not there."""
    with spans.entering("x", GIVEN) as span:
        assert (GIVEN, None) == (trace.current(), span.traceparent)
    with spans.together("x", [GIVEN], "consumer") as traces:
        assert ([GIVEN], GIVEN) == (traces, trace.current())
    with spans.together("x", [GIVEN, None], "consumer") as traces:
        assert [GIVEN, None] == traces
        assert GIVEN != trace.current()
    trace.start(None)
    before = trace.current()
    with spans.aside("x", GIVEN) as its:
        assert (GIVEN, before) == (its, trace.current())


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT 1", "SELECT"),
        ("\n  INSERT INTO outbox (a) SELECT * FROM unnest($1::int[])", "INSERT outbox"),
        ("UPDATE ONLY cases SET x = 'FROM 13912345678'", "UPDATE cases"),
        ("WITH a AS (DELETE FROM b RETURNING 1) SELECT count(*) FROM a", "WITH b a"),
        ("COMMIT;", "COMMIT"),
        ("", "?"),
    ],
)
def test_a_statement_is_named_by_what_it_touches(statement: str, name: str) -> None:
    """By its verb and its tables; nothing else of it is told."""
    assert name == spans.summary(statement)


def test_the_trace_of_an_envelope_is_found_without_reading_it() -> None:
    """Of every event of ours; what is none of ours has none."""
    trace.start(GIVEN)
    assert {GIVEN} == {traceparent_in(wrap(one, "x")[1]) for one in SAMPLES}
    assert None is traceparent_in("{}")


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:4318/v1/traces", "https://otel.example/x"])
def test_an_address_is_taken(url: str) -> None:
    """Of the collector, by HTTP; or none."""
    assert url == config.address(url, EXAMPLE)


@pytest.mark.parametrize(
    "url",
    ["otel:4318", "grpc://otel:4317", "http://", "http://a:b/", "http://[x", "http://a:99999"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """With what it should be."""
    with pytest.raises(ValueError, match="should be http://HOST:PORT/v1/traces, or empty"):
        config.address(url, EXAMPLE)
