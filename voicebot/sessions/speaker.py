"""The bot's mouth on one call: utterances in order, cut into frames when the leg asks for one.

Pure: sound is put in as it is rendered, frames are taken out on the leg's clock. An utterance may
begin to play while its end is still being synthesised; when the rest is late the caller hears a
pause, which is counted, and never a broken frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from voicebot.media.frames import is_silent
from voicebot.types import Samples


@dataclass(slots=True, eq=False)
class Utterance:
    """One thing to say: clips of int16 samples at the leg's rate, played back to back."""

    bargein: bool
    serves: bool = False
    """Whether it is what the caller called for."""
    secret: bool = False
    """Whether only the caller may hear it, and no recording."""
    _clips: deque[Samples] = field(default_factory=deque)
    _size: int = 0
    _whole: bool = False

    def add(self, clip: Samples) -> None:
        if clip.size:
            self._clips.append(clip)
            self._size += clip.size

    def finish(self) -> None:
        """No more clips will come."""
        self._whole = True

    @property
    def is_over(self) -> bool:
        return self._whole and not self._clips

    def take(self, count: int) -> Samples | None:
        """Give the next ``count`` samples (fewer at the very end), None until they are there."""
        if self._size < count and not self._whole:
            return None
        taken = []
        while count and self._clips:
            clip = self._clips.popleft()
            if clip.size > count:
                self._clips.appendleft(clip[count:])
                clip = clip[:count]
            taken.append(clip)
            count -= clip.size
            self._size -= clip.size
        if len(taken) > 1:
            return np.concatenate(taken)
        return taken[0] if taken else None


@dataclass(slots=True)
class Speaker:
    """Plays utterances one after the other; a `FrameSource` for a leg.

    ``frame_samples`` is the size of a frame. ``on_start`` is called with the utterance's bargein
    flag when it becomes the current one, ``on_silence`` when the last one has been played.
    """

    frame_samples: int
    on_start: Callable[[bool], None]
    on_silence: Callable[[], None]
    gaps: int = 0
    """Frames that had to be silent because the sound was not there yet, once it had begun."""
    first_voice_at: float | None = None
    """When the first non-silent frame left since `expect_reply`."""
    _queue: deque[Utterance] = field(default_factory=deque)
    _begun: bool = False

    def begin(self, *, bargein: bool, serves: bool = False, secret: bool = False) -> Utterance:
        """Queue a new utterance, to be filled by the caller."""
        utterance = Utterance(bargein, serves, secret)
        self._queue.append(utterance)
        if len(self._queue) == 1:
            self._begun = False
            self.on_start(bargein)
        return utterance

    def stop(self) -> None:
        """Fall silent with the next frame: drop the current utterance and all that wait."""
        self._queue.clear()

    def expect_reply(self) -> None:
        """What is said from now on answers what the caller has just said."""
        self.first_voice_at = None

    @property
    def is_speaking(self) -> bool:
        return bool(self._queue)

    @property
    def is_secret(self) -> bool:
        """Whether what is being said is for the caller alone."""
        return bool(self._queue) and self._queue[0].secret

    @property
    def owes_answer(self) -> bool:
        """Whether something that serves the caller has not been said to its end."""
        return any(utterance.serves for utterance in self._queue)

    def next_frame(self, now: float) -> Samples | None:
        """Give the next frame, None for silence. ``now`` is when the frame leaves."""
        while self._queue:
            samples = self._queue[0].take(self.frame_samples)
            if samples is not None:
                return self._framed(samples, now)
            if not self._queue[0].is_over:
                self.gaps += self._begun
                return None
            self._advance()
        return None

    def _framed(self, samples: Samples, now: float) -> Samples:
        self._begun = True
        if self.first_voice_at is None and not is_silent(samples):
            self.first_voice_at = now
        if samples.size == self.frame_samples:
            return samples
        frame = np.zeros(self.frame_samples, dtype=np.int16)
        frame[: samples.size] = samples
        return frame

    def _advance(self) -> None:
        self._queue.popleft()
        self._begun = False
        if self._queue:
            self.on_start(self._queue[0].bargein)
        else:
            self.on_silence()
