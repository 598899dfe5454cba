"""Mixing: several voices into one frame, and two frames into one of the same length.

Saturating, as every conference bridge does it: voices are added at their own level and clipped at
full scale. Two people rarely speak at once at full level, and turning everybody down for the sake
of the few milliseconds when they do would be heard all the time. No automatic gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicebot.types import Samples

_LOW, _HIGH = -32768, 32767


def mix(frames: Sequence[Samples]) -> Samples | None:
    """Add frames of one length (int16), clipped at full scale.

    None for no frames; a single one is given back as it is, not copied.
    """
    if len(frames) < 2:
        return frames[0] if frames else None
    total = frames[0].astype(np.int32)
    for frame in frames[1:]:
        total += frame
    return np.clip(total, _LOW, _HIGH).astype(np.int16)


def crossfade(first: Samples, second: Samples) -> Samples:
    """One frame that begins as ``first`` and ends as ``second``: both at once, without a click."""
    rising = _ramp(len(first))
    return np.rint(first * (1.0 - rising) + second * rising).astype(np.int16)


def fade_out(frame: Samples) -> Samples:
    """``frame``, softer and softer down to silence."""
    return np.rint(frame * (1.0 - _ramp(len(frame)))).astype(np.int16)


@cache
def _ramp(length: int) -> NDArray[np.float64]:
    ramp = np.linspace(0.0, 1.0, length)
    ramp.setflags(write=False)
    return ramp
