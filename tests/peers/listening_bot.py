"""A bot on our real SIP door that speaks without a pause and keeps what it hears; a program.

    python -m tests.peers.listening_bot HOST FOLDER [--media-timeout S]

Says ``ready`` when it listens. Of each call it leaves FOLDER/<caller>.npz: ``audio`` as the
recogniser would get it, and ``reason``, ``failed``, ``silent_s`` (from the last packet to the end).
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import numpy as np

from voicebot.media.frames import frame_length
from voicebot.telephony._api import Admission, AudioIn, CallLeg, LegEnded, Reception
from voicebot.telephony.sip import SipServer
from voicebot.types import Samples


class Talker:
    """A tone that never stops."""

    def __init__(self, rate: int) -> None:
        length = frame_length(rate)
        self._frame = (np.sin(np.arange(length) * 2 * np.pi * 400 / rate) * 8000).astype(np.int16)

    def next_frame(self, now: float) -> Samples:
        return self._frame


async def serve(leg: CallLeg, folder: Path) -> None:
    await leg.answer()
    leg.attach(Talker(leg.sample_rate))
    frames: list[Samples] = []
    ended: LegEnded | None = None
    async for event in leg.events():
        if isinstance(event, AudioIn):
            frames.append(event.samples)
        elif isinstance(event, LegEnded):
            ended = event
    assert ended is not None
    loud = [number for number, frame in enumerate(frames) if np.abs(frame.astype(int)).max() > 500]
    silent = (len(frames) - loud[-1]) / 50 if loud else 0.0
    heard = folder / f"{leg.info.caller}.part.npz"
    np.savez(
        heard,
        audio=np.concatenate(frames),
        rate=leg.sample_rate,
        reason=ended.reason,
        failed=ended.failed,
        silent_s=silent,
    )
    heard.rename(folder / f"{leg.info.caller}.npz")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--media-timeout", type=float, default=20.0)
    options = parser.parse_args()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = SipServer(
        host=options.host,
        port=5060,
        rtp_ports=(20000, 20999),
        media_timeout_s=options.media_timeout,
        reception=Reception(
            lambda _: Admission(True),
            lambda leg: serve(leg, options.folder),
            lambda info, status: None,
        ),
    )
    await server.start()
    print("ready", flush=True)  # noqa: T201
    await stop.wait()
    await server.stop()
    counts = server.counters()
    print(  # noqa: T201
        f"lost {counts.rtp_lost} concealed {counts.rtp_concealed} late {counts.rtp_late}",
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main())
