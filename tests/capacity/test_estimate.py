"""How many calls: the sums."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicebot.capacity.estimate import LEAST_WORKERS, Costs, Habits, estimate

TWO_CORES = Costs(cores=2, frames=0.005, decode=0.08, speech=0.1)
HABITS = Habits(turn_every_s=12, decodes_per_turn=1.5, fresh_speech_s=1)


def test_part_that_is_used_up_first_decides() -> None:
    assert estimate(TWO_CORES, HABITS).limit == "processor"
    slow_audio = estimate(replace(TWO_CORES, frames=0.02, cores=16), HABITS)
    assert (slow_audio.limit, slow_audio.calls) == ("audio", 30)
    slow_ears = estimate(replace(TWO_CORES, decode=1.0), HABITS)
    assert slow_ears.limit == "recognition"
    assert slow_ears.calls == 9  # 0.6 x 2 workers / (1 s x 1.5 / 12 s)


def test_loads_are_in_cores_for_each_call() -> None:
    loads = {part.name: part.load for part in estimate(TWO_CORES, HABITS).parts}
    assert loads["recognition"] == pytest.approx(0.01)
    assert loads["synthesis"] == pytest.approx(0.1 / 12)
    assert loads["processor"] == pytest.approx(0.005 + 0.01 + 0.1 / 12)


def test_callers_who_answer_less_often_cost_less() -> None:
    slow = replace(HABITS, turn_every_s=30)
    assert estimate(TWO_CORES, slow).calls > estimate(TWO_CORES, HABITS).calls


def test_more_cores_carry_more_calls_until_the_audio_is_the_limit() -> None:
    calls = [estimate(replace(TWO_CORES, cores=cores), HABITS).calls for cores in (1, 2, 4, 8, 64)]
    assert calls == sorted(calls)
    assert estimate(replace(TWO_CORES, cores=64), HABITS).limit == "audio"


def test_workers_fit_the_calls_and_the_cores() -> None:
    found = estimate(replace(TWO_CORES, cores=8, frames=0.003), HABITS)
    assert LEAST_WORKERS <= found.recognition_workers <= 8
    assert found.recognition_workers * 0.6 >= found.calls * 0.01
    assert found.synthesis_workers * 0.6 >= found.calls * 0.1 / 12


def test_workers_that_memory_does_not_hold_are_not_counted_on() -> None:
    tight = replace(TWO_CORES, cores=8, decode=0.5, worker_mb=400, free_mb=1100)
    found = estimate(tight, HABITS)
    assert found.recognition_workers == 2
    assert found.calls < estimate(replace(tight, free_mb=0), HABITS).calls


def test_machine_that_carries_no_call_says_so() -> None:
    assert estimate(replace(TWO_CORES, decode=30), HABITS).calls == 0
