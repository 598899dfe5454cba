"""What a telephone line does to a caller's voice: G.711, noise and lost packets.

The voice is brought to one level first, so that a signal-to-noise ratio in dB means the same for
every voice. Noise falls off by 3 dB an octave, as that of rooms and streets does, and goes on while
the caller is silent. Everything comes of a seed: the same line twice is the same to the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voicebot.media import g711
from voicebot.media.frames import frame_length, frames_of
from voicebot.types import Samples

RATE = g711.RATE
VOICE_RMS = 2300.0
"""About -23 dB below full scale, what telephones send."""

_NOISE_SECONDS = 11
_LOSS_FRAMES = 1009
_SEED = 20_261_121


@dataclass(frozen=True, slots=True)
class LineQuality:
    """``noise_db`` is the ratio of voice to noise, None for a quiet line; ``loss`` the share of
    frames that are lost, 0 to 1, each way."""

    noise_db: float | None = None
    loss: float = 0.0


class TelephoneLine:
    """Makes frames of 20 ms at 8000 Hz of what a caller says."""

    def __init__(self, quality: LineQuality) -> None:
        generator = np.random.default_rng(_SEED)
        self._noise = _noise(quality.noise_db, generator)
        self._at = 0
        lost = generator.random(_LOSS_FRAMES) < quality.loss
        self.loss: tuple[bool, ...] = tuple(bool(each) for each in lost) if quality.loss else ()
        """A pattern for a loopback leg, true where a frame is lost."""

    def frames(self, voice: Samples) -> Iterator[Samples]:
        """``voice`` (int16 at 8000 Hz) as it comes out of the line."""
        for frame in frames_of(levelled(voice), RATE):
            yield self._sent(frame)

    def silence(self) -> Samples | None:
        """A frame while the caller says nothing; None where the line is quiet."""
        return None if self._noise is None else self._sent(np.zeros(frame_length(RATE), np.int16))

    def _sent(self, frame: Samples) -> Samples:
        if self._noise is not None:
            frame = _mixed(
                frame, np.take(self._noise, np.arange(frame.size) + self._at, mode="wrap")
            )
            self._at += frame.size
        return g711.pass_through(frame)


def levelled(voice: Samples) -> Samples:
    """``voice`` at `VOICE_RMS`, measured where it is loud; silence stays silence."""
    loud = voice[np.abs(voice) > 0.02 * np.abs(voice).max(initial=0)].astype(np.float64)
    if not loud.size:
        return voice
    gain = VOICE_RMS / max(1.0, float(np.sqrt((loud**2).mean())))
    louder: Samples = np.clip(np.rint(voice * gain), -32768, 32767).astype(np.int16)
    return louder


def _noise(noise_db: float | None, generator: np.random.Generator) -> Samples | None:
    if noise_db is None:
        return None
    size = _NOISE_SECONDS * RATE
    spectrum = np.fft.rfft(generator.standard_normal(size))
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    spectrum[0] = 0
    # What a telephone does not carry would only count as noise that nobody hears.
    spectrum[: size * 200 // RATE] = 0
    sound = np.fft.irfft(spectrum, size)
    level = VOICE_RMS / 10 ** (noise_db / 20)
    scaled = sound * (level / float(np.sqrt((sound**2).mean())))
    noise: Samples = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return noise


def _mixed(first: Samples, second: Samples) -> Samples:
    both = first.astype(np.int32) + second
    mixed: Samples = np.clip(both, -32768, 32767).astype(np.int16)
    return mixed
