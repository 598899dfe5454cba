"""The process of one door: ``python -m benchmarks.doors.host DOOR``, driven over its pipes.

Prints the door's address as a line of JSON; answers each line on its standard input with a line of
JSON: processor seconds so far, calls that are up, arrivals of bursts. Ends with its input.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import resource
import sys
from dataclasses import dataclass, field
from typing import Any

import structlog

from benchmarks.doors.bursts import Onsets, tone
from voicebot.media.frames import frame_length
from voicebot.telephony._api import Admission, AudioIn, CallLeg, LegInfo, Reception
from voicebot.types import Samples


@dataclass
class Listener:
    """Answers everybody, sends a tone, and listens for bursts."""

    up: int = 0
    answered: int = 0
    onsets: list[Onsets] = field(default_factory=list)

    async def serve(self, leg: CallLeg) -> None:
        """One call until it ends."""
        await leg.answer()
        leg.attach(Tone(leg.sample_rate))
        onsets = Onsets()
        self.onsets.append(onsets)
        self.up += 1
        self.answered += 1
        loop = asyncio.get_running_loop()
        try:
            async for event in leg.events():
                if isinstance(event, AudioIn):
                    onsets.take(event.samples, loop.time())
        finally:
            self.up -= 1

    def report(self) -> dict[str, Any]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "cpu_s": used.ru_utime + used.ru_stime,
            "up": self.up,
            "answered": self.answered,
            "arrivals": self.onsets[-1].arrivals if self.onsets else [],
        }


class Tone:
    """A frame source that never ends."""

    def __init__(self, rate: int) -> None:
        self._frames = tone(rate).reshape(-1, frame_length(rate))
        self._index = 0

    def next_frame(self, now: float) -> Samples | None:
        self._index += 1
        frame: Samples = self._frames[self._index % len(self._frames)]
        return frame


def _refused(info: LegInfo, status: int) -> None:
    print(f"refused with {status}", file=sys.stderr)


async def main(name: str) -> None:
    # Standard output is for the answers.
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    module: Any = importlib.import_module(f"benchmarks.doors.{name}")
    listener = Listener()
    reception = Reception(lambda _: Admission(True), listener.serve, _refused)
    door, address = await module.open_door(reception)
    print(json.dumps(address), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(listener.report()), flush=True)
    await door.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
