"""``/metrics`` speaks Prometheus's format and outlives a source that fails."""

from __future__ import annotations

import httpx
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from tests.web.conftest import House
from voicebot.web.metrics import Figure, Histogram


async def _scrape(client: httpx.AsyncClient) -> dict[str, float]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        sample.name + "".join(f"|{key}={value}" for key, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_figures_stand_as_they_are_at_the_scrape(
    house: House, client: httpx.AsyncClient
) -> None:
    house.figures[:] = [Figure("voicebot_sip_dropped_total", "Dropped packets", "counter", 3)]
    assert (await _scrape(client))["voicebot_sip_dropped_total"] == 3
    house.figures[:] = [
        Figure("voicebot_workers", "Workers", "gauge", 2, {"kind": "recognition"}),
        Figure("voicebot_workers", "Workers", "gauge", 1, {"kind": "synthesis"}),
    ]
    scraped = await _scrape(client)
    assert scraped["voicebot_workers|kind=recognition"] == 2
    assert scraped["voicebot_workers|kind=synthesis"] == 1
    assert "voicebot_sip_dropped_total" not in scraped


async def test_a_histogram_becomes_cumulative(house: House, client: httpx.AsyncClient) -> None:
    house.figures.append(
        Histogram("voicebot_loop_lag_seconds", "Lag of the loop", (0.01, 0.1), (5, 2, 1), 0.75)
    )
    scraped = await _scrape(client)
    assert scraped["voicebot_loop_lag_seconds_bucket|le=0.01"] == 5
    assert scraped["voicebot_loop_lag_seconds_bucket|le=0.1"] == 7
    assert scraped["voicebot_loop_lag_seconds_bucket|le=+Inf"] == 8
    assert scraped["voicebot_loop_lag_seconds_count"] == 8
    assert scraped["voicebot_loop_lag_seconds_sum"] == 0.75


async def test_help_is_told(house: House, client: httpx.AsyncClient) -> None:
    house.figures.append(Figure("voicebot_calls_active", "Calls going on now", "gauge", 1))
    text = (await client.get("/metrics")).text
    assert "# HELP voicebot_calls_active Calls going on now\n" in text
    assert "# TYPE voicebot_calls_active gauge\n" in text


async def test_a_source_that_fails_is_counted_and_the_rest_goes_on(
    house: House, client: httpx.AsyncClient
) -> None:
    house.metrics_fail = True
    with capture_logs() as logged:
        scraped = await _scrape(client)
    assert [line["event"] for line in logged] == ["metric_source_failed"]
    assert scraped["voicebot_metric_source_failures_total"] == 1
    assert scraped["process_resident_memory_bytes"] > 0


async def test_open_metrics_is_given_to_who_asks(client: httpx.AsyncClient) -> None:
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = await client.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_the_global_registry_stays_as_it_was(house: House, client: httpx.AsyncClient) -> None:
    house.figures.append(Figure("voicebot_calls_active", "Calls", "gauge", 1))
    await _scrape(client)
    assert not any(family.name.startswith("voicebot") for family in REGISTRY.collect())
