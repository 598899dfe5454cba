"""Figures of self-service: how often each action ran, how it ended, how long it took."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.actions.tally import BOUNDS_S, ActionTally
from voicebot.web.metrics import Figure, Histogram


def action_figures(tally: ActionTally) -> Iterator[Figure | Histogram]:
    for action, figures in tally.figures().items():
        for result, runs in figures.results.items():
            labels = {"action": action, "result": str(result)}
            yield Figure(
                "voicebot_action_runs_total", "Runs of actions by result", "counter", runs, labels
            )
    for action, figures in tally.figures().items():
        yield Histogram(
            "voicebot_action_seconds",
            "Time from the wish to the result of an action, repetitions included",
            BOUNDS_S,
            tuple(figures.counts),
            figures.seconds,
            {"action": action},
        )
    for name, help_, value in (
        (
            "action_processes_replaced",
            "Processes given up, as a function did not come back",
            tally.processes_replaced,
        ),
        (
            "action_printed_lines_dropped",
            "Lines that functions printed faster than the log takes",
            tally.lines_dropped,
        ),
    ):
        yield Figure(f"voicebot_{name}_total", help_, "counter", value)
