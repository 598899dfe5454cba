"""Figures of queues and agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from voicebot.acd.model import Presence, Spill
from voicebot.sessions.queueing import QueueService
from voicebot.web.metrics import Figure


def queue_figures(service: QueueService) -> Iterator[Figure]:
    """Each queue now and since the start, and agents by what they do."""
    states = service.queues()
    for name, state in states.items():
        queue = {"queue": name}
        for what, help_, value in (
            ("waiting", "Contacts in line, callbacks among them", state.waiting),
            ("longest_wait_seconds", "Wait of the first in line", state.longest_wait_s),
            ("agents_available", "Agents who take contacts or are at work", state.agents),
            ("agents_free", "Agents with room for a contact", state.free),
            (
                "estimate_error_seconds",
                "Mean error of the waits that were told, whatever its sign",
                state.error.mean_abs_s,
            ),
        ):
            yield Figure(f"voicebot_queue_{what}", help_, "gauge", value, queue)
    yield from _since_the_start(service, tuple(states))
    presences = Counter(state.presence for state in service.agents().values())
    for presence in Presence:
        labels = {"state": presence.value}
        yield Figure("voicebot_agents", "Agents signed in", "gauge", presences[presence], labels)


def _since_the_start(service: QueueService, names: tuple[str, ...]) -> Iterator[Figure]:
    for name in names:
        counts, queue = service.tally.of(name), {"queue": name}
        for what, help_, value in (
            ("answered", "Contacts that an agent took", counts.connected),
            ("answered_in_time", "Of these, within 20 seconds", counts.in_time),
            ("abandoned", "Callers who left the line", counts.abandoned),
            ("callbacks", "Callbacks booked", counts.callbacks),
            ("unanswered", "Offers that an agent let ring", counts.unanswered),
        ):
            yield Figure(f"voicebot_queue_{what}_total", help_, "counter", value, queue)
        for why in Spill:
            yield Figure(
                "voicebot_queue_overflowed_total",
                "Contacts sent elsewhere",
                "counter",
                counts.overflowed[why.value],
                {**queue, "why": why.value},
            )
        if counts.service_level is not None:
            yield Figure(
                "voicebot_queue_service_level",
                "Share answered within 20 seconds of all who were answered or left",
                "gauge",
                counts.service_level,
                queue,
            )
