"""One peer connection to a caller's browser, by aiortc: ICE, DTLS, SRTP and one data channel.

aiortc does the transport; the sound goes past its codecs and threads. Packets are taken where they
would enter its jitter buffer, so that its reports to the browser stay right, and what is sent is
encoded already. aiortc cannot restart ICE on a connection: `leg` makes a new one instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import structlog
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import RtpPacket
from av.packet import Packet

from voicebot.errors import CallError, NoCommonCodec
from voicebot.media.opus import CLOCK
from voicebot.telephony.webrtc.offer import MalformedOffer, checked, wideband
from voicebot.telephony.webrtc.sockets import MediaSockets

log = structlog.get_logger(__name__)

_TIME_BASE: Final = Fraction(1, CLOCK)
_CHANNEL_BYTES: Final = 64 * 1024
"""How much may wait to be sent on the data channel."""
_EARLY_MESSAGES: Final = 32
# aiortc parses without checking: what strangers send may raise any of these.
_UNREADABLE: Final = (
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    OSError,
)
_OPUS_ONLY: Final = [
    codec
    for codec in RTCRtpSender.getCapabilities("audio").codecs
    if codec.mimeType.lower() == "audio/opus"
]


class PeerConnection:
    """``on_packet`` gets (RTP timestamp, payload) of each packet, ``on_message`` what the page
    says, ``on_closed`` is told once when the browser closed the connection."""

    def __init__(
        self,
        sockets: MediaSockets,
        ice_servers: list[RTCIceServer],
        *,
        on_packet: Callable[[int, bytes], None],
        on_message: Callable[[str], None],
        on_closed: Callable[[], None],
    ) -> None:
        self.connected = asyncio.Event()
        self.messages_dropped = 0
        self._sockets = sockets
        self._on_packet = on_packet
        self._on_message = on_message
        self._on_closed = on_closed
        self._closing = False
        self._track = _OutTrack()
        self._channel: RTCDataChannel | None = None
        self._early: deque[str] = deque(maxlen=_EARLY_MESSAGES)
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=ice_servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._peer.add_listener("datachannel", self._opened)
        self._peer.add_listener("connectionstatechange", self._changed)

    async def accept(self, offer: str) -> str:
        """Take the browser's offer and give the answer. Raises MalformedOffer, NoCommonCodec, or
        CallError when no socket is to be had."""
        sdp = checked(offer)
        transceiver = self._peer.addTransceiver(self._track, "sendrecv")
        transceiver.setCodecPreferences(_OPUS_ONLY)
        try:
            self._sockets.use_for(transceiver.receiver.transport.transport)
            await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            _tap(transceiver.receiver, self._on_packet)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except OperationError:
            raise NoCommonCodec("the offer has no codec of ours") from None
        except CallError:
            raise
        except _UNREADABLE as error:
            log.debug("webrtc_offer_refused", error=type(error).__name__)
            raise MalformedOffer("the offer cannot be read") from None
        return self._sockets.advertise(wideband(self._peer.localDescription.sdp))

    def send(self, timestamp: int, packet: bytes) -> None:
        """Send a packet of sound, ``timestamp`` in units of 1/48000 s since the beginning."""
        self._track.push(timestamp, packet)

    def tell(self, message: str) -> None:
        """Send ``message`` on the data channel, or when that opens; dropped and counted where too
        much waits already."""
        channel = self._channel
        if channel is None:
            self.messages_dropped += len(self._early) == _EARLY_MESSAGES
            self._early.append(message)
        elif channel.readyState != "open" or channel.bufferedAmount > _CHANNEL_BYTES:
            self.messages_dropped += 1
        else:
            try:
                channel.send(message)
            except InvalidStateError:
                self.messages_dropped += 1

    def unsent(self) -> tuple[str, ...]:
        """Messages that wait for the channel to open."""
        return tuple(self._early)

    async def close(self) -> None:
        """Close; does nothing the second time."""
        self._closing = True
        self._track.stop()
        await self._peer.close()

    def _changed(self) -> None:
        state = self._peer.connectionState
        if state == "connected":
            self.connected.set()
        elif state == "closed" and not self._closing:
            self._closing = True
            self._on_closed()

    def _opened(self, channel: RTCDataChannel) -> None:
        if self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.add_listener("message", self._heard)
        while self._early:
            self.tell(self._early.popleft())

    def _heard(self, message: object) -> None:
        if isinstance(message, str):
            self._on_message(message)


class _OutTrack(MediaStreamTrack):
    """Packets on their way to aiortc's sender; nothing queues but for a moment."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._packets: deque[Packet[Any]] = deque(maxlen=3)
        self._waiter: asyncio.Future[None] | None = None

    def push(self, timestamp: int, payload: bytes) -> None:
        packet = Packet(payload)
        packet.pts = timestamp
        packet.time_base = _TIME_BASE
        self._packets.append(packet)
        self._wake()

    async def recv(self) -> Packet[Any]:
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._packets.popleft()

    def stop(self) -> None:
        super().stop()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Tap:
    """Stands where aiortc's jitter buffer would be, and hands the packets to us."""

    capacity = 0

    def __init__(self, on_packet: Callable[[int, bytes], None]) -> None:
        self._on_packet = on_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        self._on_packet(packet.timestamp, packet.payload)
        return False, None


def _tap(receiver: RTCRtpReceiver, on_packet: Callable[[int, bytes], None]) -> None:
    place: Final = "_RTCRtpReceiver__jitter_buffer"
    if not hasattr(receiver, place):
        raise CallError("this release of aiortc is not one that voicebot knows")
    unchecked: Any = receiver
    setattr(unchecked, place, _Tap(on_packet))
