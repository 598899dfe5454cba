"""Figures of what all doors share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from voicebot.log_drain import lines_dropped
from voicebot.media.clock import Lag
from voicebot.speech.workers import PoolCounters
from voicebot.storage.journal import JournalStats
from voicebot.web.metrics import Figure, Histogram


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """A metric source: asks everybody for a snapshot when it is called."""

    lag: Callable[[], Lag]
    pools: Mapping[str, Callable[[], PoolCounters]]
    journal: Callable[[], JournalStats]
    lines: Callable[[], tuple[int, int]]

    def __call__(self) -> Iterator[Figure | Histogram]:
        yield from _loop(self.lag())
        in_use, most = self.lines()
        yield Figure("voicebot_lines_in_use", "Lines that calls hold", "gauge", in_use)
        yield Figure("voicebot_lines", "Calls admitted at once", "gauge", most)
        for pool, counters in self.pools.items():
            yield from _pool(pool, counters())
        yield from _journal(self.journal())
        yield Figure(
            "voicebot_log_lines_dropped_total", "Lines of the log that nobody read in time",
            "counter", lines_dropped(),
        )  # fmt: skip


def _loop(lag: Lag) -> Iterator[Figure | Histogram]:
    cumulative = [count for _, count in lag.buckets]
    counts = [after - before for before, after in zip([0, *cumulative], cumulative, strict=False)]
    yield Histogram(
        "voicebot_loop_lag_seconds",
        "How late the event loop ran",
        tuple(bound for bound, _ in lag.buckets),
        (*counts, lag.count - cumulative[-1]),
        lag.sum_s,
    )
    for name, seconds in (("p50", lag.p50_s), ("p99", lag.p99_s), ("max", lag.max_s)):
        yield Figure(
            "voicebot_loop_lag_recent_seconds",
            "How late the event loop ran in the last minute",
            "gauge",
            seconds,
            {"quantile": name},
        )


def _pool(name: str, counters: PoolCounters) -> Iterator[Figure]:
    labels = {"pool": name}
    yield Figure(
        "voicebot_workers_ready", "Worker processes that hold their model", "gauge",
        counters.workers_ready, labels,
    )  # fmt: skip
    yield Figure(
        "voicebot_jobs_waiting", "Jobs that wait for a worker", "gauge",
        counters.jobs_waiting, labels,
    )  # fmt: skip
    yield Figure(
        "voicebot_jobs_running", "Jobs at a worker", "gauge", counters.jobs_running, labels
    )
    yield Figure("voicebot_jobs_total", "Jobs done", "counter", counters.jobs_done, labels)
    yield Figure(
        "voicebot_jobs_refused_total", "Jobs refused because the queue was full", "counter",
        counters.jobs_refused, labels,
    )  # fmt: skip
    yield Figure(
        "voicebot_jobs_replaced_total", "Waiting jobs that a newer one of their call replaced",
        "counter", counters.jobs_replaced, labels,
    )  # fmt: skip
    yield Figure(
        "voicebot_workers_behind_seconds", "How long the jobs that wait will take to be begun",
        "gauge", counters.wait_s, labels,
    )  # fmt: skip
    yield Figure(
        "voicebot_worker_restarts_total", "Workers that were lost and replaced", "counter",
        counters.restarts, labels,
    )  # fmt: skip


def _journal(journal: JournalStats) -> Iterator[Figure]:
    yield Figure("voicebot_records_waiting", "Facts to be written", "gauge", journal.waiting)
    for name, help_, value in (
        ("written", "Facts written down", journal.written),
        ("dropped", "Facts dropped for want of room", journal.dropped),
        ("failed", "Facts that could not be written", journal.failed),
        ("retries", "Writes tried again", journal.retries),
    ):
        yield Figure(f"voicebot_records_{name}_total", help_, "counter", value)
