"""Fewer samples a second: speech is kept, what the new rate cannot hold is gone."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.decimation import Decimator
from voicebot.types import Samples


def sine(hz: float, rate: int) -> Samples:
    return (np.sin(2 * np.pi * hz * np.arange(rate) / rate) * 10_000).astype(np.int16)


def decimated(samples: Samples, factor: int, block: int) -> Samples:
    decimator = Decimator(factor)
    starts = range(0, len(samples), block)
    return np.concatenate([decimator.feed(samples[at : at + block]) for at in starts])


@pytest.mark.parametrize("factor", [2, 3, 6])
@pytest.mark.parametrize("hz, gain_db", [(50, 0.0), (1000, 0.0), (3500, 0.0)])
def test_speech_passes(factor: int, hz: float, gain_db: float) -> None:
    out = decimated(sine(hz, 8000 * factor), factor, 160 * factor)[400:7600]
    assert 20 * np.log10(np.std(out) / (10_000 / np.sqrt(2))) == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize("factor", [2, 3, 6])
@pytest.mark.parametrize("hz", [4500, 5000, 7000])
def test_what_would_be_folded_is_gone(factor: int, hz: float) -> None:
    out = decimated(sine(hz, 8000 * factor), factor, 160 * factor)[400:7600]
    assert np.std(out) < 10_000 / np.sqrt(2) / 300


@pytest.mark.parametrize("block", [1, 7, 320, 1000])
def test_blocks_may_have_any_length(block: int) -> None:
    said = sine(700, 16_000)[:4000]
    assert np.array_equal(decimated(said, 2, block), decimated(said, 2, 4000))


def test_every_20_ms_give_20_ms_at_once() -> None:
    decimator = Decimator(6)
    assert [len(decimator.feed(np.zeros(960, np.int16))) for _ in range(3)] == [160] * 3
