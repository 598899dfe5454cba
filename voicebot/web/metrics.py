"""``/metrics``: figures of every room, in Prometheus's text format.

Nobody pushes: at each scrape the sources are asked for a snapshot. The rooms count in their own
plain fields and know nothing of Prometheus; whoever assembles the server turns those into
`Figure` and `Histogram`. The registry is our own; prometheus_client's global one stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Annotated, Literal, TypeAlias

import structlog
from fastapi import APIRouter, Header, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)

_NO_LABELS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``name`` as Prometheus has it: ``voicebot_..._total`` for a counter, with the
    base unit in it; figures of one name share their kind and the names of their labels."""

    name: str
    help: str
    kind: Literal["counter", "gauge"]
    value: float
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often a measure fell between bounds.

    ``counts`` has one more entry than ``bounds``: counts[i] is for values up to bounds[i] and above
    the one before, the last for those above all bounds. ``total`` is the sum of the values.
    """

    name: str
    help: str
    bounds: Sequence[float]
    counts: Sequence[int]
    total: float
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)


MetricSource: TypeAlias = Callable[[], Iterable[Figure | Histogram]]
"""Gives figures as they stand now. Called on the event loop: it must return at once."""


def metrics_router(sources: Sequence[MetricSource]) -> APIRouter:
    """Serve what ``sources`` give, and memory and processor time of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshots(sources))
    ProcessCollector(registry=registry)
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics(accept: Annotated[str, Header(include_in_schema=False)] = "") -> Response:
        """Every figure of the server in Prometheus's text format, or OpenMetrics if asked for."""
        encode, content_type = choose_encoder(accept)
        return Response(encode(registry), headers={"content-type": content_type})

    return router


class _Snapshots(Collector):
    """Asks every source at every scrape. One that fails is left out and counted."""

    def __init__(self, sources: Sequence[MetricSource]) -> None:
        self._sources = sources
        self._failures = 0

    def collect(self) -> Iterator[Metric]:
        found: dict[str, list[Figure | Histogram]] = {}
        for source in self._sources:
            for figure in self._ask(source):
                found.setdefault(figure.name, []).append(figure)
        for figures in found.values():
            yield _family(figures)
        failures = CounterMetricFamily(
            "voicebot_metric_source_failures", "Times a source of figures failed at a scrape"
        )
        failures.add_metric([], self._failures)
        yield failures

    def _ask(self, source: MetricSource) -> Sequence[Figure | Histogram]:
        try:
            return tuple(source())
        except Exception:
            log.exception("metric_source_failed", source=getattr(source, "__qualname__", "?"))
            self._failures += 1
            return ()


def _family(figures: Sequence[Figure | Histogram]) -> Metric:
    first = figures[0]
    names = list(first.labels)
    if isinstance(first, Histogram):
        histogram = HistogramMetricFamily(first.name, first.help, labels=names)
        for figure in figures:
            assert isinstance(figure, Histogram)
            histogram.add_metric(
                [figure.labels[name] for name in names], _buckets(figure), figure.total
            )
        return histogram
    kind = CounterMetricFamily if first.kind == "counter" else GaugeMetricFamily
    family = kind(first.name, first.help, labels=names)
    for figure in figures:
        assert isinstance(figure, Figure)
        family.add_metric([figure.labels[name] for name in names], figure.value)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Prometheus's buckets: cumulative, the last one without bound."""
    bounds = [*(str(float(bound)) for bound in histogram.bounds), "+Inf"]
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
