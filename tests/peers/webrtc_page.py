"""A caller's page without a browser: aiortc on the other side of the door."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from voicebot.media.opus import CLOCK, OpusEncoder
from voicebot.types import Samples

RATE = 16_000
WAIT_S = 30.0


class Microphone(MediaStreamTrack):
    """Says a tone, or nothing while ``hushed``; sends no packet at all while ``unplugged``."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.hushed = False
        self.unplugged = False
        self._encoder = OpusEncoder(RATE)
        self._index = 0

    async def recv(self) -> Packet[Any]:
        await asyncio.sleep(0.02)
        while self.unplugged and self.readyState == "live":
            await asyncio.sleep(0.02)
        if self.readyState != "live":
            raise MediaStreamError
        packet: Packet[Any] = Packet(self._encoder.encode(self._frame()))
        packet.pts = self._index * CLOCK // 50
        packet.time_base = Fraction(1, CLOCK)
        self._index += 1
        return packet

    def _frame(self) -> Samples:
        places = np.arange(self._index * 320, (self._index + 1) * 320)
        loud = 0 if self.hushed else 8000
        return (np.sin(2 * np.pi * 400 * places / RATE) * loud).astype(np.int16)


class Page:
    """One connection of a page. ``said`` is what came over the data channel."""

    def __init__(self) -> None:
        self.microphone = Microphone()
        self.said: list[dict[str, Any]] = []
        self.heard: list[Samples] = []
        self.changed = asyncio.Event()
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peer.addTrack(self.microphone)
        self.channel = self.peer.createDataChannel("voicebot")
        self.channel.add_listener("message", self._message)
        self.peer.add_listener("track", self._track)
        self._listening: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return self.peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Take the answer and wait until the connection is up."""
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(WAIT_S):
            while self.peer.connectionState != "connected" or self.channel.readyState != "open":
                await asyncio.sleep(0.02)

    def send(self, **message: object) -> None:
        self.channel.send(json.dumps(message))

    async def until_told(self, kind: str) -> dict[str, Any]:
        """The next message of this kind, which may have come already."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for message in self.said:
                    if message["type"] == kind:
                        return message
                self.changed.clear()
                await self.changed.wait()

    async def close(self) -> None:
        self.microphone.stop()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self.peer.close()

    def _message(self, text: str) -> None:
        self.said.append(json.loads(text))
        self.changed.set()

    def _track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            self.heard.append(frame.to_ndarray()[0][::2])
