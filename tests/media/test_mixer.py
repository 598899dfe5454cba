"""Voices are added and clipped; frames run into each other without a step."""

from __future__ import annotations

import numpy as np

from voicebot.media.mixer import crossfade, fade_out, mix
from voicebot.types import Samples


def _level(value: int) -> Samples:
    return np.full(160, value, np.int16)


def test_voices_add_up() -> None:
    mixed = mix([_level(1000), _level(-300), _level(7)])
    assert mixed is not None
    assert (mixed == 707).all()


def test_sums_beyond_full_scale_are_clipped_and_do_not_turn_over() -> None:
    loud, low = mix([_level(30_000), _level(30_000)]), mix([_level(-30_000), _level(-30_000)])
    assert loud is not None and low is not None  # noqa: PT018
    assert (loud == 32_767).all()
    assert (low == -32_768).all()


def test_one_voice_passes_as_it_is_and_none_is_silence() -> None:
    only = _level(5)
    assert mix([only]) is only
    assert mix([]) is None


def test_a_crossfade_begins_as_one_and_ends_as_the_other() -> None:
    faded = crossfade(_level(1000), _level(-1000))
    assert (faded[0], faded[-1]) == (1000, -1000)
    assert np.abs(np.diff(faded.astype(int))).max() < 20


def test_a_fade_ends_in_silence_without_a_step() -> None:
    faded = fade_out(_level(8000))
    assert (faded[0], faded[-1]) == (8000, 0)
    assert np.abs(np.diff(faded.astype(int))).max() < 60
