"""Grafana's dashboards, made of the boards: `python -m deploy.observability.dashboards`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.observe import boards
from shared.web.texts import texts

HERE = Path(__file__).parent / "dashboards"
WIDE, HIGH, ACROSS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TITLES = texts("en")


def board(name: str) -> dict[str, Any]:
    """A whole dashboard as Grafana imports it."""
    return {
        "uid": f"mashang-{name}",
        "title": f"Mashang: {name}",
        "tags": ["mashang"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_source(), *([_service()] if name == "service" else [])]},
        "panels": [_panel(place, panel) for place, panel in enumerate(boards.BOARDS[name])],
    }


def text(name: str) -> str:
    """The file."""
    return json.dumps(board(name), indent=1, ensure_ascii=False) + "\n"


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus"}


def _service() -> dict[str, Any]:
    return {
        "name": "service", "type": "query", "datasource": SOURCE, "refresh": 2, "multi": True,
        "includeAll": True, "query": f"label_values(up{{{boards.OURS}}}, service)",
    }  # fmt: skip


def _panel(place: int, panel: boards.Panel) -> dict[str, Any]:
    row, column = divmod(place, ACROSS)
    return {
        "id": place + 1,
        "title": TITLES.text(f"chart_{panel.key}"),
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDE, "y": row * HIGH, "w": WIDE, "h": HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {
                "refId": chr(65 + number),
                "expr": query,
                "legendFormat": legend or TITLES.text(f"chart_{panel.key}"),
            }
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def main() -> None:
    """Write them all."""
    HERE.mkdir(exist_ok=True)
    for name in boards.BOARDS:
        (HERE / f"{name}.json").write_text(text(name), "utf-8")


if __name__ == "__main__":
    main()
