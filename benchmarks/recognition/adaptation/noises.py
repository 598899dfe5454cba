"""Noise of many kinds, made by chance: what may sound behind a caller.

Coloured noise that comes and goes, clatter (blows on things that ring), running water, hum, voices
in the background, notes, crackling, and recorded sounds thrown in at random. No recording of any
place is used, and none of what the recogniser is measured with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

Wide: TypeAlias = NDArray[np.float64]
Chance: TypeAlias = np.random.Generator

RATE: Final = 16_000
_LOUDEST: Final = 2048


def unit(samples: Wide) -> Wide:
    """Scaled so that the loudest 2,048 samples have energy 1: levels are compared by these."""
    count = len(samples) // _LOUDEST
    frames = samples[: count * _LOUDEST].reshape(-1, _LOUDEST) if count else samples[np.newaxis]
    scaled: Wide = samples / np.sqrt((frames**2).sum(axis=1).max() + 1e-9)
    return scaled


def stretched(samples: Wide, factor: float) -> Wide:
    """Played ``factor`` times as fast, higher too."""
    places = np.arange(int(len(samples) / factor)) * factor
    faster: Wide = np.interp(places, np.arange(len(samples)), samples)
    return faster


def room(chance: Chance) -> Wide:
    """The echo of a small room."""
    seconds = chance.uniform(0.05, 0.35)
    length = int(seconds * RATE * 1.2)
    echo = chance.normal(size=length) * np.exp(-np.arange(length) / RATE * 6.9 / seconds)
    echo *= chance.uniform(0.02, 0.25)
    echo[0] = 1
    return np.asarray(echo)


def noise(length: int, chance: Chance, voices: Sequence[Wide], sounds: Sequence[Wide]) -> Wide:
    """``length`` samples at 16 kHz of one to three kinds at once, at unit level."""
    kinds: tuple[tuple[float, Callable[[], Wide]], ...] = (
        (0.17, lambda: _coloured(length, chance) * _swell(length, chance)),
        (0.22, lambda: _clatter(length, chance)),
        (0.10, lambda: _water(length, chance)),
        (0.06, lambda: _hum(length, chance)),
        (0.18, lambda: _babble(length, chance, voices)),
        (0.05, lambda: _notes(length, chance)),
        (0.17, lambda: _thrown_in(length, chance, sounds)),
        (0.05, lambda: _crackling(length, chance)),
    )
    mixed = 1e-5 * chance.normal(size=length)
    for _ in range(chance.choice([1, 2, 3], p=[0.4, 0.4, 0.2])):
        kind = kinds[chance.choice(len(kinds), p=[share for share, _ in kinds])][1]()
        if chance.random() < 0.4:
            kind = fftconvolve(kind, room(chance))[:length]
        mixed += unit(kind) * np.exp(chance.normal(0, 0.7))
    return unit(mixed)


def _coloured(length: int, chance: Chance) -> Wide:
    pitch = np.fft.rfftfreq(length, 1 / RATE)
    pitch[0] = pitch[1]
    shape = (pitch / 1000) ** -chance.uniform(0, 1.3)
    shape /= 1 + (chance.uniform(20, 150) / pitch) ** 4
    for _ in range(chance.integers(0, 4)):
        distance = np.log(pitch / _between(chance, 150, 6000)) / chance.uniform(0.05, 0.5)
        shape *= 1 + chance.uniform(0, 6) * np.exp(-(distance**2))
    phases = chance.normal(size=len(pitch)) + 1j * chance.normal(size=len(pitch))
    samples = np.fft.irfft(shape * phases, length)
    return np.asarray(samples / samples.std())


def _swell(length: int, chance: Chance, rate: float = 0.0) -> Wide:
    rate = rate or _between(chance, 0.3, 8)
    count = int(length / RATE * rate) + 2
    levels = np.exp(chance.normal(0, chance.uniform(0, 1.2), count))
    swell: Wide = np.interp(np.arange(length), np.linspace(0, length, count), levels)
    return swell


def _clatter(length: int, chance: Chance) -> Wide:
    samples = np.zeros(length)
    rate = _between(chance, 0.7, 12)
    things = [
        tuple(
            np.exp(chance.uniform(np.log(low), np.log(high), count))
            for low, high in ((250, 7500), (0.004, 0.25), (0.2, 1))
        )
        for count in chance.integers(2, 12, chance.integers(1, 5))
    ]
    at = chance.exponential(1 / rate)
    while at * RATE < length:
        blow = _blow(things[int(chance.integers(len(things)))], chance)
        level, gap, place = (
            np.exp(chance.normal(0, 0.9)),
            chance.uniform(0.02, 0.15),
            int(at * RATE),
        )
        for _ in range(1 + (chance.random() < 0.4) * chance.integers(1, 6)):
            _add(samples, level * blow, place)
            place += int(gap * RATE)
            level *= chance.uniform(0.4, 0.8)
            gap *= chance.uniform(0.7, 1.1)
        at += chance.exponential(1 / rate)
    return samples


def _blow(thing: tuple[Wide, ...], chance: Chance) -> Wide:
    pitches, decays, levels = (part[:, np.newaxis] for part in thing)
    length = int(min(0.8, decays.max() * 6) * RATE) + 90
    times = np.arange(length) / RATE
    phases = chance.uniform(0, 2 * np.pi, pitches.shape)
    tones = np.sin(2 * np.pi * chance.uniform(0.97, 1.03) * pitches * times + phases)
    ringing = (levels * np.exp(-times / decays) * tones).sum(axis=0)
    ringing[:80] += chance.normal(size=80) * np.linspace(1, 0, 80) * chance.uniform(0, 1.5)
    return np.asarray(ringing)


def _water(length: int, chance: Chance) -> Wide:
    samples = _coloured(length, chance) * _swell(length, chance, 4) * chance.uniform(0.2, 1)
    for _ in range(int(length / RATE * chance.uniform(5, 60))):
        times = np.arange(int(chance.uniform(0.005, 0.06) * RATE)) / RATE
        pitch = chance.uniform(300, 3000)
        rising = np.sin(2 * np.pi * pitch * (times + chance.uniform(0, 8) * times**2))
        drop = chance.exponential() * rising * np.exp(-4 * times / times[-1])
        _add(samples, drop, int(chance.integers(0, length)))
    return samples


def _hum(length: int, chance: Chance) -> Wide:
    times = np.arange(length) / RATE
    pitch = chance.choice([50, 60, 100, 120, chance.uniform(25, 400)])
    samples = np.zeros(length)
    for harmonic in range(1, chance.integers(3, 20)):
        level = chance.exponential() / harmonic ** chance.uniform(0.3, 1.5)
        phase = chance.uniform(0, 2 * np.pi)
        samples += level * np.sin(2 * np.pi * pitch * harmonic * times + phase)
    fan = _coloured(length, chance) * chance.uniform(0, 1) * samples.std()
    hum: Wide = samples * _swell(length, chance, 1) + fan
    return hum


def _babble(length: int, chance: Chance, voices: Sequence[Wide]) -> Wide:
    samples = np.zeros(length)
    for _ in range(chance.integers(2, 8)):
        level = np.exp(chance.normal(0, 0.5))
        at = int(chance.integers(-RATE // 2, RATE // 2))
        while at < length:
            voice = stretched(voices[int(chance.integers(len(voices)))], chance.uniform(0.8, 1.25))
            _add(samples, level * unit(voice), at)
            at += len(voice) + int(chance.exponential(0.4) * RATE)
    return samples


def _notes(length: int, chance: Chance) -> Wide:
    samples = np.zeros(length)
    key = chance.uniform(80, 500)
    for _ in range(int(length / RATE * chance.uniform(1, 10)) + 1):
        pitch = key * 2 ** (chance.integers(-12, 24) / 12)
        times = np.arange(int(chance.uniform(0.1, 1.2) * RATE)) / RATE
        tones = [
            chance.exponential() / harmonic * np.sin(2 * np.pi * pitch * harmonic * times)
            for harmonic in range(1, 8)
            if pitch * harmonic < RATE / 2
        ]
        note = np.sum(tones, axis=0) * np.exp(-times * chance.uniform(0, 8))
        _add(samples, note * np.minimum(1, times / 0.01), int(chance.integers(0, length)))
    return samples


def _thrown_in(length: int, chance: Chance, sounds: Sequence[Wide]) -> Wide:
    samples = np.zeros(length)
    some = [sounds[int(chance.integers(len(sounds)))] for _ in range(chance.integers(1, 5))]
    for _ in range(int(length / RATE * _between(chance, 0.7, 8)) + 1):
        sound = stretched(some[int(chance.integers(len(some)))], np.exp(chance.uniform(-0.5, 0.5)))
        place = int(chance.integers(-len(sound) // 2, length))
        _add(samples, sound * np.exp(chance.normal(0, 0.7)), place)
    return samples


def _crackling(length: int, chance: Chance) -> Wide:
    bursts = np.maximum(0, _coloured(length, chance) - chance.uniform(1, 2.5))
    return np.asarray(bursts * _coloured(length, chance))


def _between(chance: Chance, low: float, high: float) -> float:
    """Any size between the two, as often small as large."""
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def _add(samples: Wide, part: Wide, place: int) -> None:
    """Add ``part`` from ``place`` on, which may be before the beginning; what sticks out is cut."""
    first, last = max(place, 0), min(place + len(part), len(samples))
    if first < last:
        samples[first:last] += part[first - place : last - place]
