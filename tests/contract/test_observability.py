"""Rules and dashboards ask for nothing that is not there, and every alert says what to do."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import targets
from deploy.local.ports import Ports
from deploy.observability import dashboards
from shared.observe import boards
from tests.metrics import SCRAPED, all_metrics, all_series

HERE = Path(__file__).parents[2] / "deploy" / "observability"
RULES = sorted((HERE / "rules").glob("*.yml"))
BOARDS = sorted((HERE / "dashboards").glob("*.json"))
SERIES = all_series() | {"up": frozenset[str]()}
BUCKETS = {
    f"{one.name}_bucket": {*(str(float(edge)) for edge in one.buckets), "+Inf"}
    for one in all_metrics()
}
# What a recorded series may be asked for; where a rule makes it says which it has.
RECORDED = frozenset({"slo", "duty", "outcome"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?\s*(\()?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_WORDS = {"and", "or", "unless", "offset", "bool"}


def rules(kind: str) -> list[dict[str, Any]]:
    """All alerts, or all that is recorded."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def wrong(query: str) -> list[str]:
    """What a query asks for that is not there: metrics, labels, edges of buckets."""
    known = SERIES | {one["record"]: RECORDED for one in rules("record")}
    bare = re.sub(r"\[[^\]]*\]", "", query)
    grouped = {name for _, names in _GROUPING.findall(bare) for name in names.split(",")}
    found, labels = list[str](), set(SCRAPED | {"slo"})
    for name, matchers, called in _SELECTOR.findall(_GROUPING.sub("", bare_of(bare))):
        if called or name in _WORDS or re.fullmatch(r"e?\d*[smhdw]?", name):
            continue
        if name not in known:
            found.append(f"no metric {name}")
            continue
        labels |= known[name]
        for label, value in _MATCHER.findall(matchers.replace("«", '"').replace("»", '"')):
            if label not in known[name] | SCRAPED:
                found.append(f"no label {label} of {name}")
            if label == "le" and value not in BUCKETS[name]:
                found.append(f"no bucket {value} of {name}")
    return found + [f"no label {name.strip()}" for name in grouped if name.strip() not in labels]


def bare_of(query: str) -> str:
    """Strings outside of braces are no names; those inside keep their text, in other quotes."""
    inside = re.sub(r"\{[^}]*\}", lambda m: re.sub(r'"([^"]*)"', r"«\1»", m[0]), query)
    return _STRING.sub("", inside)


def queries() -> Iterator[tuple[str, str]]:
    """Each with where it stands."""
    for rule in [*rules("alert"), *rules("record")]:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for file in BOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file.stem}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_a_query_names_what_is_there(where: str, query: str) -> None:
    """Every metric, label and bucket of a rule or a dashboard is declared in code."""
    assert [] == wrong(query), where


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("mashang_outbox_event > 1", "no metric mashang_outbox_event"),
        ('rate(mashang_http_requests_total{code="500"}[5m])', "no label code of mashang_http"),
        ("sum by (unit_code) (mashang_payouts)", "no label unit_code"),
        ('mashang_accept_duration_seconds_bucket{le="0.3"}', "no bucket 0.3 of"),
        ("slo:errors:ratio_2d > 1", "no metric slo:errors:ratio_2d"),
        ("max(mashang_outbox_events) > on (slo) slo:budget", "no metric slo:budget"),
    ],
)
def test_an_unknown_name_fails_the_check(query: str, said: str) -> None:
    """A typing mistake or a metric that was renamed is found, and named."""
    assert [said] == [one[: len(said)] for one in wrong(query)]


def paragraphs() -> dict[str, str]:
    """The handbook's, by the anchor that a link names."""
    parts = re.split(r"^#{2,3} (.+)$", (HERE / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    names = [re.sub(r"[^\w -]", "", name).lower().replace(" ", "-") for name in parts[1::2]]
    return dict(zip(names, parts[2::2], strict=True))


@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """It has a severity and a link to a paragraph with symptom, look and do."""
    assert rule["labels"]["severity"] in ("page", "ticket", "none")
    file, anchor = rule["annotations"]["runbook"].split("#")
    assert ("README.md", rule["alert"].lower()) == (file, anchor)
    said = re.findall(r"^(Symptom|Look|Do): \S.+\.$", paragraphs()[anchor], re.MULTILINE)
    assert ["Symptom", "Look", "Do"] == said


def test_no_paragraph_is_of_an_alert_that_is_gone() -> None:
    """The handbook tells of the alerts that there are."""
    told = {anchor for anchor, text in paragraphs().items() if "Symptom:" in text}
    assert told == {rule["alert"].lower() for rule in rules("alert")}


def promtool(*arguments: str) -> tuple[int, str]:
    """Its exit code and what it said."""
    done = subprocess.run(
        ["promtool", *arguments], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_prometheus_takes_its_configuration() -> None:
    """Prometheus's own check of the configuration and of all rules."""
    code, said = promtool("check", "config", "prometheus.yml")
    assert 0 == code, said


@pytest.mark.parametrize("file", sorted((HERE / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_rules_do_what_they_say(file: Path) -> None:
    """promtool's tests: all well is quiet, all ill is loud, objectives burn as computed."""
    code, said = promtool("test", "rules", f"tests/{file.name}")
    assert 0 == code, said


def test_every_alert_is_tried() -> None:
    """The tests of rules let each alert come, and each but the watchdog stay away."""
    well, ill = yaml.safe_load((HERE / "tests" / "alerts.yml").read_text())["tests"]
    names = {f'{{alertname="{rule["alert"]}"}}' for rule in rules("alert")}
    tried = [
        {sample["labels"] for sample in one["promql_expr_test"][0]["exp_samples"]}
        for one in (well, ill)
    ]
    assert [{'{alertname="Watchdog"}'}, names] == tried


def test_targets_are_the_launchers_ports() -> None:
    """The file that lies here watches `make run` as it starts without any variable."""
    assert targets.usual(Ports.default()) == json.loads((HERE / "targets.json").read_text())


@pytest.mark.parametrize("name", boards.BOARDS)
def test_dashboards_are_as_their_tables_say(name: str) -> None:
    """`python -m deploy.observability.dashboards` writes them; nobody edits the JSON."""
    assert dashboards.text(name) == (HERE / "dashboards" / f"{name}.json").read_text("utf-8")
