"""The dashboard for Grafana asks for nothing that the server does not give."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import httpx
import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from voicebot.app import Server
from voicebot.config import load_settings
from voicebot.storage.migrations import upgrade

DASHBOARD: Final = Path(__file__).parents[1] / "docs" / "grafana" / "voicebot.json"
FLOW = "start: end\nsteps:\n  end:\n    hangup: self_served\n"
HOOK = '[event_hooks.crm]\nurl = "http://127.0.0.1:9/"\nsecret_env = "CRM_SECRET"\n'
GIVEN_BY_PROMETHEUS = {"instance", "job"}


@pytest.fixture
async def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The labels of every series that a whole server exports, by its name."""
    monkeypatch.setenv("CRM_SECRET", "s" * 32)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(FLOW)
    (tmp_path / "queues.yaml").write_text("queues:\n  support: {wrap_up_s: 15}\n")
    (tmp_path / "voicebot.toml").write_text(HOOK)
    environment = {
        "VOICEBOT_SERVER__APPLICATION": str(tmp_path),
        "VOICEBOT_SERVER__DATA": str(tmp_path),
        "VOICEBOT_STAFF__METRICS": "open",
    }
    settings = load_settings(tmp_path / "voicebot.toml", environment)
    await upgrade(settings.database_url)
    server = Server(settings)
    transport = httpx.ASGITransport(server.web_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
        text = (await client.get("/metrics")).text
    await server.stop()
    series: defaultdict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series[sample.name] |= set(sample.labels)
    return series


def expressions(part: Any) -> list[str]:
    """Every PromQL expression of the dashboard."""
    if isinstance(part, list):
        return [found for each in part for found in expressions(each)]
    if not isinstance(part, dict):
        return []
    own = [part["expr"]] if "expr" in part else []
    return own + [found for each in part.values() for found in expressions(each)]


def test_the_dashboard_asks_for_what_there_is(exported: dict[str, set[str]]) -> None:
    asked = expressions(json.loads(DASHBOARD.read_text(encoding="utf-8")))
    assert len(asked) > 30
    for expression in asked:
        labels: set[str] = set()
        for name, matchers in re.findall(r"([a-z_]+)\{([^}]*)\}", expression):
            assert name in exported, f"{name} is not in /metrics"
            labels |= exported[name]
            wanted = set(re.findall(r"(\w+)[=!]", matchers))
            assert wanted <= exported[name] | GIVEN_BY_PROMETHEUS, expression
        for grouping in re.findall(r"by \(([^)]*)\)", expression):
            assert set(grouping.split(", ")) <= labels, expression
        assert set(re.findall(r"(?:voicebot|process)_\w+", expression)) <= set(exported)


def as_prometheus_gets_it(expression: str) -> str:
    """With what Grafana puts in place of its variables."""
    given = {"$__rate_interval": "2m", "$__range": "6h", "$instance": ".*"}
    for name, value in given.items():
        expression = expression.replace(name, value)
    return expression


def parts(expression: promql_parser.Expr) -> list[Any]:
    """The expression and all that is in it."""
    inner = [
        each
        for name in ("lhs", "rhs", "expr")
        if isinstance(each := getattr(expression, name, None), promql_parser.Expr)
    ]
    inner += getattr(expression, "args", [])
    return [expression, *(part for each in inner for part in parts(each))]


def test_prometheus_understands_every_expression() -> None:
    for expression in expressions(json.loads(DASHBOARD.read_text(encoding="utf-8"))):
        read = promql_parser.parse(as_prometheus_gets_it(expression))
        assert "$" not in as_prometheus_gets_it(expression)
        calls = [part for part in parts(read) if isinstance(part, promql_parser.Call)]
        for call in calls:
            if call.func.name in {"rate", "increase"}:
                (counted,) = call.args
                # What goes up and down has no rate.
                assert counted.vector_selector.name.endswith(("_total", "_bucket")), expression


KINDS: Final = {"stat": "reduceOptions", "timeseries": "legend"}
"""Kinds of panels that Grafana brings along, with an option that each has."""
UNITS: Final = {"short", "none", "percentunit", "s", "ms", "bytes", "decbytes", "cpm", "ops"}


def test_panels_are_as_grafana_reads_them() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert {"uid", "title", "schemaVersion", "time", "templating"} <= set(dashboard)
    named = {each["name"] for each in dashboard["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(dashboard["panels"]))) <= named
    for panel in dashboard["panels"]:
        assert set(panel["gridPos"]) == {"h", "w", "x", "y"}
        if panel["type"] == "row":
            continue
        assert KINDS[panel["type"]] in panel["options"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults.get("unit", "none") in UNITS, panel["title"]
        assert isinstance(panel["fieldConfig"]["overrides"], list)
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)) > 0
        for target in panel["targets"]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert shown <= {name for each in grouped for name in each.split(", ")} | {"instance"}


def test_panels_have_a_place_and_a_title_of_their_own() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
