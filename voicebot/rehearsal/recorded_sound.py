"""The caller's words of a recorded call, cut out of its recording turn by turn.

A recording's left side is the caller (`media.stereo`). It ends with the call, so its place in time
is counted from there. A turn's words lie between the end of the turn before and its own end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from voicebot.errors import AudioError
from voicebot.media.frames import frames_of
from voicebot.sessions.ears import voice_detector
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import Samples

MARGIN_S: Final = 0.3
"""What is kept around the words; soft beginnings and ends lie below any detector."""
_RATES: Final = (8000, 16_000)


class RecordedSound:
    """The caller's side of ``call``. Raises AudioError where the file cannot be used."""

    def __init__(self, call: CallRecord, file: Path) -> None:
        if call.ended_at is None:
            raise AudioError(str(file), "the call is not over")
        try:
            samples, rate = soundfile.read(file, dtype="int16", always_2d=True)
        except (soundfile.SoundFileError, OSError, RuntimeError) as error:
            raise AudioError(str(file), f"cannot be read as audio ({error})") from None
        if rate not in _RATES:
            raise AudioError(str(file), f"sampled at {rate} Hz; a call has 8000 or 16000 Hz")
        self.rate = int(rate)
        self._caller: Samples = np.ascontiguousarray(samples[:, 0])
        self._start = call.ended_at - self._caller.size / self.rate
        self._ends = [self._start, *(turn.at for turn in call.spoken)]

    def words(self, turn: TurnRecord) -> Samples | None:
        """What the caller said in ``turn``, int16 at ``rate``; None where that was nothing, or is
        not in the recording."""
        begin = max((end for end in self._ends if end < turn.at), default=self._start)
        cut = self._caller[self._place(begin) : self._place(turn.at)]
        is_speech = voice_detector(self.rate)
        frames = frames_of(cut, self.rate)
        spoken = [place for place, frame in enumerate(frames) if is_speech(frame)]
        if not spoken:
            return None
        margin = round(MARGIN_S * self.rate)
        length = frames[0].size
        return cut[max(0, spoken[0] * length - margin) : (spoken[-1] + 1) * length + margin]

    def _place(self, at: float) -> int:
        return min(self._caller.size, max(0, round((at - self._start) * self.rate)))
