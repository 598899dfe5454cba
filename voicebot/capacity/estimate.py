"""From what one call costs to how many calls a machine carries: arithmetic, no measuring.

Every part of the work has a limit of its own. The audio of all calls goes through one event loop,
on one core; recognition and synthesis run in worker processes on all cores, at lower priority. The
part that is used up first decides. No part is planned to be always busy: work does not come evenly,
and a caller waits for whoever came just before (M/M/c queues at 60% load wait about half a job on
two servers). What is not in the sums: the database, the web pages, and other programs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LOOP_BUSY: Final = 0.6
"""Share of one core that the audio of all calls may take: beyond it frames leave late."""
WORKERS_BUSY: Final = 0.6
"""Share of their time that the workers may be busy with what is planned."""
MACHINE_BUSY: Final = 0.8
"""Share of all cores that all of it may take together."""
LEAST_WORKERS: Final = 2
"""While one worker is replaced the other goes on (docs/decisions/0012-fair-queue.md)."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a call asks for. Seconds are of the clock.

    ``turn_every_s``: from one answer of the caller to the next. ``decodes_per_turn``: an utterance
    with a pause is decoded again. ``fresh_speech_s``: seconds of a turn's prompts that are not
    recorded or in the cache, and must be synthesised.
    """

    turn_every_s: float = 12.0
    decodes_per_turn: float = 1.5
    fresh_speech_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured on this machine, in seconds of processor time.

    ``frames`` for each second of a call's audio, ``decode`` for an utterance, ``speech`` for a
    second of synthesised speech. ``worker_mb`` is the memory of a recognition worker, ``free_mb``
    what the machine has free; 0 where unknown.
    """

    cores: int
    frames: float
    decode: float
    speech: float
    worker_mb: float = 0.0
    free_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the work: its load for each call, in cores, and the calls that it allows."""

    name: str
    load: float
    calls: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many calls at once, which part is the ``limit``, and the settings that fit."""

    calls: int
    limit: str
    parts: tuple[Part, ...]
    recognition_workers: int
    synthesis_workers: int


def estimate(costs: Costs, habits: Habits) -> Estimate:
    """Do the sums. All of ``costs`` but the memory, and ``habits.turn_every_s``, are above 0."""
    hearing = costs.decode * habits.decodes_per_turn / habits.turn_every_s
    speaking = costs.speech * habits.fresh_speech_s / habits.turn_every_s
    hearers = _workers_at_most(costs)
    parts = (
        _part("audio", costs.frames, LOOP_BUSY),
        _part("recognition", hearing, WORKERS_BUSY * hearers),
        _part("synthesis", speaking, WORKERS_BUSY * costs.cores),
        _part("processor", costs.frames + hearing + speaking, MACHINE_BUSY * costs.cores),
    )
    least = min(parts, key=lambda part: part.calls)
    return Estimate(
        calls=least.calls,
        limit=least.name,
        parts=parts,
        recognition_workers=min(hearers, max(LEAST_WORKERS, _workers(least.calls * hearing))),
        synthesis_workers=min(costs.cores, _workers(least.calls * speaking)),
    )


def _part(name: str, load: float, room: float) -> Part:
    return Part(name, load, math.floor(room / load + 1e-9))


def _workers(load: float) -> int:
    return max(1, math.ceil(load / WORKERS_BUSY - 1e-9))


def _workers_at_most(costs: Costs) -> int:
    """One for each core, if the memory holds them; never fewer than one."""
    if not (costs.worker_mb and costs.free_mb):
        return max(costs.cores, LEAST_WORKERS)
    fitting = int(costs.free_mb * MACHINE_BUSY / costs.worker_mb)
    return max(1, min(max(costs.cores, LEAST_WORKERS), fitting))
