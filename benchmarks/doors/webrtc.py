"""The WebRTC door: a peer connection of aiortc's own for each caller, Opus both ways, DTLS-SRTP.

The callers' sound is encoded before the measurement; what comes is decrypted and thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet
from fastapi import FastAPI

from benchmarks.doors.bursts import EVERY_FRAMES, Bursts
from voicebot.errors import CallRefused
from voicebot.media.frames import FRAME_S
from voicebot.media.opus import CLOCK, OpusEncoder
from voicebot.telephony._api import CallDoor, Reception
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import Json
from voicebot.web.api.webrtc import PagePolicy, tell_refused, webrtc_router
from voicebot.web.server import HttpServer

GOAL: Final = 4.0
_RATE: Final = 16_000


async def open_door(reception: Reception) -> tuple[CallDoor, dict[str, Json]]:
    door = WebRtcDoor(host="127.0.0.1", ports=(37000, 37999), reception=reception)
    await door.start()
    app = FastAPI()
    app.add_exception_handler(CallRefused, tell_refused)
    app.include_router(webrtc_router(door, PagePolicy(per_minute=10_000)))
    http = HttpServer(app, "127.0.0.1", 0)
    await http.start()
    return door, {"url": http.url}


async def speak(address: dict[str, str], bursts: Bursts, seconds: float) -> None:
    track = _Caller(bursts)
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(track)
    peer.createDataChannel("voicebot")
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Origin": address["url"]}
    async with httpx.AsyncClient(base_url=address["url"], headers=headers) as client:
        token = (await client.post("/api/webrtc/token")).raise_for_status().json()["token"]
        offer = {"token": token, "sdp": peer.localDescription.sdp}
        answer = (await client.post("/api/webrtc/offer", json=offer)).raise_for_status().json()
    for transceiver in peer.getTransceivers():
        _throw_away(transceiver.receiver)
    await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    await asyncio.sleep(seconds)
    await peer.close()


class _Caller(MediaStreamTrack):
    """A second of sound with a burst in it, encoded once, again and again."""

    kind = "audio"

    def __init__(self, bursts: Bursts) -> None:
        super().__init__()
        self._bursts = bursts
        self._packets = _second()
        self._index = 0
        self._began = 0.0

    async def recv(self) -> Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(self._began + self._index * FRAME_S - loop.time())
        place = self._index % EVERY_FRAMES
        if place == EVERY_FRAMES // 2:
            self._bursts.left(loop.time())
        packet: Packet[Any] = Packet(self._packets[place])
        packet.pts = self._index * CLOCK // 50
        packet.time_base = Fraction(1, CLOCK)
        self._index += 1
        return packet


_SECOND: list[bytes] = []


def _second() -> Sequence[bytes]:
    if not _SECOND:
        encoder, bursts = OpusEncoder(_RATE), Bursts(_RATE)
        _SECOND.extend(encoder.encode(bursts.next_frame(0.0)) for _ in range(EVERY_FRAMES))
    return _SECOND


class _Nowhere:
    """In the place of aiortc's jitter buffer, so that nothing is decoded."""

    capacity = 0

    def add(self, packet: object) -> tuple[bool, None]:
        return False, None


def _throw_away(receiver: Any) -> None:
    receiver._RTCRtpReceiver__jitter_buffer = _Nowhere()
