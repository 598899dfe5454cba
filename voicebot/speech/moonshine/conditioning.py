"""Makes an utterance fit for the model: 16 kHz, trimmed, levelled, with silence around it.

The model was trained on sentences that begin and end in silence; a lone word without any is often
misheard. Trimming goes by energy alone: the turn-taker has already found the speech, and what is
cut here is what its hang-over left.

In noise there is no silence, and an edge between noise and silence is a sound of its own. Neither
form is better throughout, but they are misheard differently: `other_forms` gives others for
further hearings. Noise suppression (RNNoise, DeepFilterNet, Wiener filters of any depth) makes
the model hear worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import AudioError
from voicebot.media.resample import resample
from voicebot.speech.moonshine.model import MAX_SAMPLES, RATE, Floats
from voicebot.types import Samples

RATES: Final = (8000, 16_000)

_FRAME: Final = RATE // 50
_FLOOR_DB: Final = -60.0
"""RMS below this, of full scale, is silence on any line."""
_CONTRAST: Final = 0.3
"""A frame is speech when it stands this far from the noise floor to the peak, in dB."""
_KEPT_FRAMES: Final = 8
"""Frames kept around speech: soft beginnings and ends lie below any threshold."""
_PADDING: Final = int(0.3 * RATE)
_FADE: Final = RATE // 100
"""Over 10 ms: a hard edge sounds like a stop consonant."""
_PEAK: Final = 0.5
_PAUSE_FRAMES: Final = 15
_NOISY_DB: Final = 25.0
"""A line is noisy where speech stands out by less than this."""
_EMPHASIS: Final = 0.6
_SLOWED: Final = 0.95
_SENTENCE: Final = int(1.5 * RATE)
_ROOM: Final = MAX_SAMPLES - 2 * _PADDING


def prepare(audio: Samples, rate: int) -> list[Floats]:
    """Give what was said in ``audio`` (mono int16, 8000 or 16000 Hz) as the model likes it.

    Each piece is float32 at 16 kHz with 0.3 s of silence on either side, at most 9.2 s long. One
    piece unless more was said than fits: then pauses are shortened, and what still does not fit is
    cut at its quietest places. No piece where nothing was said. Raises AudioError for other audio.
    """
    speech = _trimmed(audio, rate)
    if len(speech) > _ROOM:
        speech = _shorten_pauses(speech)
    pieces: list[Floats] = []
    while len(speech) > _ROOM:
        cut = _quietest(speech, _ROOM // 2, _ROOM)
        pieces.append(speech[:cut])
        speech = speech[cut:]
    pieces.append(speech)
    return [_pad(piece) for piece in pieces if len(piece) >= _FRAME]


class Form(NamedTuple):
    """One form of an utterance for another hearing, float32 at 16 kHz; ``adapted``: to be heard by
    the encoder that was adapted to noise."""

    samples: Floats
    adapted: bool = False


def other_forms(audio: Samples, rate: int) -> Iterator[Form]:
    """Give ``audio`` of a noisy line in forms that are misheard differently from `prepare`'s:
    whole, its noise before and after the speech instead of silence, with the low tones taken down,
    where most noise is; whole, for the adapted encoder; trimmed, and a little slower.

    None on a quiet line, where that would be no news, where it is longer than the model takes, and
    where it is so short that there may be nothing but speech: a lone word needs its silence.
    """
    samples = _as_floats(audio, rate)
    if not _SENTENCE <= len(samples) <= MAX_SAMPLES:
        return
    levels = _levels(samples)
    if float(np.percentile(levels, 98) - np.percentile(levels, 10)) > _NOISY_DB:
        return
    whole = samples - samples.mean()
    yield Form(_levelled(whole[1:] - np.float32(_EMPHASIS) * whole[:-1]))
    yield Form(_levelled(whole), adapted=True)
    slower = _slower(_trimmed(audio, rate))
    if _FRAME < len(slower) <= _ROOM:
        yield Form(_pad(slower))


def _slower(samples: Floats) -> Floats:
    """Played more slowly, and lower: between samples on a straight line, which is good enough for
    audio with nothing above 4 kHz."""
    places = np.arange(int(len(samples) / _SLOWED)) * _SLOWED
    slower: Floats = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    return slower


def _as_floats(audio: Samples, rate: int) -> Floats:
    if rate not in RATES:
        raise AudioError("utterance", f"sampled at {rate} Hz; it must be 8000 or 16000")
    if audio.ndim != 1 or audio.dtype != np.int16:
        raise AudioError("utterance", "must be one channel of 16-bit samples")
    return resample(audio, rate, RATE).astype(np.float32) / np.float32(32768)


def _trimmed(audio: Samples, rate: int) -> Floats:
    samples = _as_floats(audio, rate)
    levels = _levels(samples)
    spoken = np.flatnonzero(_is_speech(levels))
    if not len(spoken):
        return samples[:0]
    first = max(0, int(spoken[0]) - _KEPT_FRAMES) * _FRAME
    last = (int(spoken[-1]) + 1 + _KEPT_FRAMES) * _FRAME
    kept: Floats = samples[first:last] - samples[first:last].mean()
    return kept


def _levels(samples: Floats) -> Floats:
    """RMS of each 20 ms in dB of full scale."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power: Floats = (frames * frames).mean(axis=1)
    levels: Floats = 10 * np.log10(power + 1e-10)
    return levels


def _is_speech(levels: Floats) -> NDArray[np.bool_]:
    if not len(levels):
        return np.zeros(0, np.bool_)
    floor = max(float(np.percentile(levels, 10)), _FLOOR_DB - 20)
    peak = float(np.percentile(levels, 98))
    # Speech without any pause has no floor to measure: never ask for more than 30 dB below peak.
    threshold = max(min(floor + _CONTRAST * (peak - floor), peak - 20), peak - 35, _FLOOR_DB)
    return levels > threshold


def _shorten_pauses(samples: Floats) -> Floats:
    speech = _is_speech(_levels(samples))
    kept: list[Floats] = []
    quiet = 0
    for index, spoken in enumerate(speech):
        quiet = 0 if spoken else quiet + 1
        if quiet <= _PAUSE_FRAMES:
            kept.append(samples[index * _FRAME : (index + 1) * _FRAME])
    return np.concatenate(kept)


def _quietest(samples: Floats, low: int, high: int) -> int:
    """The middle of the quietest 100 ms between the two places, as an index."""
    levels = np.convolve(_levels(samples[low:high]), np.ones(5) / 5, mode="valid")
    return low + (int(levels.argmin()) + 2) * _FRAME


def _pad(samples: Floats) -> Floats:
    levelled = _levelled(samples)
    ramp = np.linspace(0, 1, _FADE, dtype=np.float32)
    levelled[:_FADE] *= ramp
    levelled[-_FADE:] *= ramp[::-1]
    return np.pad(levelled, _PADDING)


def _levelled(samples: Floats) -> Floats:
    peak = float(np.abs(samples).max())
    return samples * np.float32(_PEAK / peak if peak else 1.0)
