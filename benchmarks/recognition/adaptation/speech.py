"""Sentences to learn from: speech without noise, what the recogniser writes of it, and the same
sentence with noise, as the telephone brings it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from benchmarks.recognition.adaptation.noises import RATE, Chance, Wide, room, stretched, unit
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.moonshine import beam
from voicebot.speech.moonshine.model import Floats, Model

_ENDINGS: Final = {".wav", ".flac", ".ogg", ".gsm", ".g722"}
_LONGEST_S: Final = 3.5
_LONGEST_TEXT: Final = 34
_UNSURE: Final = -1.5
_LEAST_NOISE_DB: Final = 22.0
_MOST_NOISE_DB: Final = 1.0
_TOKENS_PER_SECOND: Final = 8

Batch: TypeAlias = tuple[Floats, Floats, NDArray[np.int64], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Speech at 16 kHz in the telephone's band, and the tokens that the recogniser writes."""

    samples: Wide
    tokens: tuple[int, ...]


def recordings(folders: Sequence[Path], without: Sequence[str]) -> list[Wide]:
    """All recordings below ``folders`` at 16 kHz, silence before and after cut off; those left out
    whose path has one of the words ``without``, or that cannot be read."""
    found: list[Wide] = []
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix not in _ENDINGS or any(word in str(file) for word in without):
                continue
            try:
                samples = _read(file)
            except (av.FFmpegError, ValueError):
                continue
            loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
            if len(loud) > RATE // 40:
                found.append(samples[max(0, loud[0] - RATE // 10) : loud[-1] + RATE // 10])
    return found


def sentences(voices: Sequence[Wide], count: int, chance: Chance, model: Model) -> list[Sentence]:
    """``count`` sentences in voices made higher or lower; those left out of which the recogniser
    itself makes nothing."""
    found: list[Sentence] = []
    for _ in range(count):
        said = voices[int(chance.integers(len(voices)))]
        while len(said) < 1.5 * RATE:
            pause = np.zeros(int(chance.uniform(0.02, 0.4) * RATE))
            said = np.concatenate([said, pause, voices[int(chance.integers(len(voices)))]])
        said = stretched(said, np.exp(chance.uniform(-0.18, 0.18)))[: int(_LONGEST_S * RATE)]
        clear = _levelled(
            _line(np.pad(said / np.abs(said).max() / 2, RATE * 3 // 10), g711_too=False)
        )
        limit = int(len(clear) / RATE * _TOKENS_PER_SECOND) + 12
        written = beam.decode_freely(model.begin(model.encode(clear)), limit)
        sure = written.score / (len(written.tokens) + 1) > _UNSURE
        if sure and 0 < len(written.tokens) <= _LONGEST_TEXT:
            found.append(Sentence(said, written.tokens))
    return found


def batch(some: Sequence[Sentence], noises: Sequence[Wide], chance: Chance) -> Batch:
    """``some`` sentences of like length without noise and with it, [sentences, samples]; their
    tokens with the beginning before them, [sentences, places], and which places count."""
    said = [_varied(one.samples, chance) for one in some]
    length = int(max(map(len, said)) + chance.uniform(0.35, 0.8) * RATE) // 384 * 384
    pairs = [_pair(one, length, noises, chance) for one in said]
    places = max(len(one.tokens) for one in some) + 1
    tokens = np.full((len(some), places), 2, np.int64)
    counts = np.zeros((len(some), places), np.bool_)
    for row, one in enumerate(some):
        tokens[row, : len(one.tokens) + 1] = (1, *one.tokens)
        counts[row, : len(one.tokens) + 1] = True
    return np.stack([one for one, _ in pairs]), np.stack([one for _, one in pairs]), tokens, counts


def _pair(said: Wide, length: int, noises: Sequence[Wide], chance: Chance) -> tuple[Floats, Floats]:
    start = int(chance.uniform(0, length - len(said)))
    clear = np.zeros(length)
    clear[start : start + len(said)] = said
    quiet = chance.random() < 0.1
    snr_db = chance.uniform(20, 40) if quiet else chance.uniform(_MOST_NOISE_DB, _LEAST_NOISE_DB)
    noise = _cut(length, noises, chance) * 10 ** (-snr_db / 20)
    gain = np.exp(chance.uniform(np.log(0.03), np.log(0.9))) / np.abs(clear + noise).max()
    forms = _line(clear * gain, g711_too=False), _line((clear + noise) * gain, g711_too=True)
    if chance.random() < 0.55:  # trimmed as the recogniser trims, else whole
        first = max(0, start - int(chance.uniform(0, 0.3) * RATE))
        last = min(length, start + len(said) + int(chance.uniform(0, 0.3) * RATE))
        shape = np.zeros(length, np.float32)
        shape[first:last] = 1
        fade = np.linspace(0, 1, RATE // 100, dtype=np.float32)
        shape[first : first + len(fade)] = fade
        shape[last - len(fade) : last] = fade[::-1]
        forms = forms[0] * shape, forms[1] * shape
    return _levelled(forms[0]), _levelled(forms[1])


def _varied(samples: Wide, chance: Chance) -> Wide:
    varied = stretched(samples, np.exp(chance.uniform(-0.06, 0.06)))
    if chance.random() < 0.4:
        varied = lfilter([1, chance.uniform(-0.5, 0.5)], [1], varied)
    if chance.random() < 0.2:
        varied = fftconvolve(varied, room(chance))[: len(varied) + RATE // 10]
    return unit(varied)


def _cut(length: int, noises: Sequence[Wide], chance: Chance) -> Wide:
    """One or two of the noises, each at another speed and from another place."""
    mixed = np.zeros(length)
    for _ in range(1 if chance.random() < 0.6 else 2):
        one = stretched(
            noises[int(chance.integers(len(noises)))], np.exp(chance.uniform(-0.2, 0.2))
        )
        start = chance.integers(0, max(1, len(one) - length))
        mixed += np.resize(one[start : start + length], length) * np.exp(chance.normal(0, 0.5))
    return mixed


def _line(samples: Wide, *, g711_too: bool) -> Floats:
    """Through the telephone's band, and its 8 bits too."""
    whole = np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype(np.int16)
    narrow = resample(whole, RATE, g711.RATE)
    if g711_too:
        narrow = g711.pass_through(narrow)
    heard = resample(narrow, g711.RATE, RATE)[: len(samples)]
    return np.pad(heard, (0, len(samples) - len(heard))).astype(np.float32) / np.float32(32_768)


def _levelled(samples: Floats) -> Floats:
    return samples * np.float32(0.5 / max(float(np.abs(samples).max()), 1e-6))


def _read(file: Path) -> Wide:
    kind = file.suffix[1:] if file.suffix in {".gsm", ".g722"} else None
    with av.open(str(file), format=kind) as container:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [
            part.to_ndarray().ravel()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    samples = np.concatenate(frames).astype(np.float64)
    return samples / max(float(np.abs(samples).max()), 1.0)
