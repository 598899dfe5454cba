"""When what is sent to a carrier, who keeps it and plays it when its time comes.

Pure. The carrier plays from a buffer. Sent all at once, a prompt would go on after the caller has
interrupted it; sent at the pace of speech it would stutter with every hiccup of the network. So
sound leaves at the pace of speech with a lead of `LEAD` frames: each utterance begins with 60 ms of
silence, and that much is in the carrier's hands ever after (20 ms less where frames leave in
pairs). During long silences nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voicebot.media.frames import level_dbfs
from voicebot.types import Samples

LEAD: Final = 3
"""Frames of 20 ms that the carrier has in hand: what a caller who interrupts may still hear."""
_HOLD: Final = 25
"""Frames of silence that are sent before nothing is: a short pause keeps its length."""
_SOUND_DBFS: Final = -40.0
"""A prompt that is over ends more quietly than this; one that was interrupted does not."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be sent at one tick, in this order.

    ``clear``: the carrier is to forget what it has. ``silence``: so many frames of it. ``sound``:
    the frame itself. ``mark``: have the end of the utterance reported.
    """

    clear: bool = False
    silence: int = 0
    sound: bool = False
    mark: bool = False


_NOTHING: Final = Step()
_CLEAR: Final = Step(clear=True)


class Pacing:
    """Decides for one stream. ``ahead`` is how many frames the carrier should have in hand."""

    def __init__(self) -> None:
        self.ahead = 0
        self._last: Samples | None = None
        self._quiet = _HOLD

    def step(self, frame: Samples | None, ticks: int) -> Step:
        """``frame`` is the sound of this tick, None for silence; ``ticks`` have passed since the
        last step (more than one where some were left out)."""
        self.ahead = max(0, self.ahead - ticks)
        if frame is not None:
            self._last, self._quiet = frame, 0
            return self._sent(Step(silence=0 if self.ahead else LEAD, sound=True))
        last, self._last = self._last, None
        if last is not None and level_dbfs(last) > _SOUND_DBFS:
            self.ahead, self._quiet = 0, _HOLD
            return _CLEAR
        if self._quiet >= _HOLD:
            return _NOTHING
        self._quiet += 1
        return self._sent(Step(silence=1 if self.ahead else LEAD + 1, mark=last is not None))

    def _sent(self, step: Step) -> Step:
        self.ahead += step.silence + step.sound
        return step
