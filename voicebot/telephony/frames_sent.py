"""How punctually a door sends its frames of 20 ms, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FramesSent:
    """The counters while they run. A frame that was left out is late as well."""

    frames_sent: int = 0
    frames_skipped: int = 0
    frames_late_20ms: int = 0
    frames_late_40ms: int = 0

    def frame_sent(self, late_s: float) -> None:
        self.frames_sent += 1
        self.frames_late_20ms += late_s > 0.020
        self.frames_late_40ms += late_s > 0.040

    def frames_left_out(self, count: int) -> None:
        self.frames_skipped += count
        self.frames_late_20ms += count
        self.frames_late_40ms += count
