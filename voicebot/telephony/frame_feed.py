"""What a leg sends: one frame of its source for each tick, whatever the source does."""

from __future__ import annotations

import numpy as np
import structlog

from voicebot.media.frames import frame_length
from voicebot.telephony._api import FrameSource
from voicebot.types import CallId, Samples

log = structlog.get_logger(__name__)


class FrameFeed:
    """Pulls frames of 20 ms at ``rate`` Hz from ``source``, which may be set at any time."""

    def __init__(self, rate: int, call_id: CallId | None = None) -> None:
        self.source: FrameSource | None = None
        self._length = frame_length(rate)
        self._call_id = call_id

    def pull(self, now: float) -> Samples | None:
        """Give the frame of this tick, int16 of shape [rate / 50]; None for silence.

        A last, short frame is filled up with silence. A source that raises is asked no more.
        """
        if self.source is None:
            return None
        try:
            frame = self.source.next_frame(now)
        except Exception:
            # It would fail again in 20 ms, and flood the log: the caller hears silence instead.
            log.exception("frame_source_failed", call_id=self._call_id)
            self.source = None
            return None
        if frame is None or len(frame) == self._length:
            return frame
        fitted = np.zeros(self._length, np.int16)
        fitted[: len(frame)] = frame[: self._length]
        return fitted
