"""What `voicebot check` finds between the settings and the application: names that `serve` would
not start with."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from voicebot.config import Settings
from voicebot.document import suggest
from voicebot.errors import ConfigError
from voicebot.flows.model import FlowSet


def settings_problems(
    settings: Settings, flows: FlowSet, queues: Collection[str] | None
) -> Iterator[ConfigError]:
    """Flows and queues that the settings name and that are not there. ``queues`` are those of
    queues.yaml, None where nobody can tell."""
    first = settings.calls.flow
    if flows.flows and first not in {*flows.flows, *flows.unread}:
        yield ConfigError("calls.flow", f"there is no flow '{first}'", suggest(first, flows.flows))
    if queues is None:
        return
    for name, agent in settings.agents.items():
        for queue in agent.queues:
            if queue not in queues:
                where = f"agents.{name}.queues"
                remedy = suggest(queue, queues) or "Define it under 'queues' in queues.yaml."
                yield ConfigError(where, f"there is no queue '{queue}'", remedy)
