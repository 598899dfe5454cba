"""One call's RTP: aiortp's session with a stricter door and one clock for all (RFC 3550, 3551).

What is kept of `aiortp.RTPSession`: sockets, sender, RTCP. What is done differently, and why:

- Packets go straight into `AdaptivePlayout`, which orders them by timestamp; aiortp's jitter buffer
  in between would hold each back until the next one came, 20 ms of the caller's waiting.
- They pass a `FrameGrid` first, so that any packet time works.
- `MediaSource` says whose packets count (aiortp follows whoever sent last).
- Nothing that arrives can raise into the event loop.
- Sending and playing are driven from outside, by the one `FrameClock` of the door.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from aiortp import RtpPacket, RTPSession, StreamStatistics

from voicebot.media import g711
from voicebot.media.g711 import Law
from voicebot.telephony.sip.counters import Counters, StreamCounts
from voicebot.telephony.sip.frame_grid import FrameGrid
from voicebot.telephony.sip.keys import KeyReader
from voicebot.telephony.sip.media_source import MediaSource
from voicebot.telephony.sip.offer_answer import Agreement
from voicebot.telephony.sip.playout import G711, Playout
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.types import Samples

RATE: Final = 8000
MAX_PAYLOAD: Final = 1600
"""200 ms, the longest packet time anybody uses."""

_PLAYOUT_MAX_MS: Final = 200
_NOWHERE: Final = "0.0.0.0"
_COMFORT_NOISE: Final = 13
_NO_KEYS: Final = -1
_BAD_PACKET: Final = (
    ValueError,
    LookupError,
    struct.error,
    ArithmeticError,
    AssertionError,
    TypeError,
    AttributeError,
)
"""What aiortp's parsers raise on noise."""


class CallMedia(RTPSession):
    """Audio and keys of one call. Made by `open`; ``on_key`` is to be set by who owns it."""

    def __init__(self, counters: Counters, ports: RtpPorts) -> None:
        super().__init__(
            payload_type=0, codec=G711("PCMU"), plc=False, cname="voicebot", symmetric_rtp=True
        )
        self.on_key: Callable[[str, float], None] = lambda key, at: None
        self.heard_at = asyncio.get_running_loop().time()
        """When the last packet from the other party came, on the loop's clock."""
        self.port = 0
        self._counters = counters
        self._ports = ports
        self._keys = KeyReader()
        self._marker = 1
        self.source = MediaSource()
        self._agreed: Agreement | None = None
        self._past = StreamCounts(0, 0, 0, 0.0)
        self._begin_stream("PCMU")

    @classmethod
    async def open(cls, host: str, ports: RtpPorts, counters: Counters) -> CallMedia:
        """Bind a port pair of ``ports``; nothing is sent before `apply`. Raises CallError."""
        tried: set[int] = set()
        while True:
            port = ports.take(but=tried)
            media = cls(counters, ports)
            try:
                await media._bind_transports((host, port), (_NOWHERE, 0))
            except BaseException as error:
                # aiortp leaves the first of the two sockets open when the second cannot be bound.
                if media._rtp_transport is not None:
                    media._rtp_transport.close()
                ports.give_back(port)
                if not isinstance(error, OSError):
                    raise
                tried.add(port)
                continue
            media.port = port
            assert media._sender is not None
            media._sender.timestamp_increment = RATE // 50
            return media

    @property
    def agreed(self) -> Agreement | None:
        """What the last `apply` brought."""
        return self._agreed

    @property
    def closed(self) -> bool:
        return self._closed

    def apply(self, agreed: Agreement) -> None:
        """Take over what was agreed, at the beginning or by a re-INVITE."""
        before = self._agreed
        listen_anew = before is None
        self._agreed = agreed
        assert self._sender is not None
        self._sender._payload_type = agreed.payload_type
        self._dtmf_payload_type = (
            _NO_KEYS if agreed.keys_payload_type is None else agreed.keys_payload_type
        )
        if agreed.remote[0] != _NOWHERE and (before is None or before.remote != agreed.remote):
            self.update_remote(agreed.remote)
            listen_anew = True
        if before is None or before.law != agreed.law or before.held != agreed.held:
            self._begin_stream(agreed.law)
            # A NAT on the way may have forgotten the port while nothing was sent.
            listen_anew = True
        self.heard_at = asyncio.get_running_loop().time()
        if listen_anew:
            self.source.agreed(agreed.remote, self.heard_at)

    def _begin_stream(self, law: Law) -> None:
        """Expect a stream with another codec, or the same after a pause."""
        self._keep_counts()
        self._law = law
        self._codec = G711(law)
        self._grid = FrameGrid(g711.SILENCE[law])
        self._playout = Playout(self._codec, max_delay_ms=_PLAYOUT_MAX_MS, clock_rate=RATE)
        self._keys.reset()

    # Out

    def send(self, frame: Samples) -> None:
        """Send 20 ms: int16, shape [160]."""
        if self._sender is None or self._closed:
            return
        payload = g711.encode(frame, self._law)
        self._sender.send_frame_auto(payload, marker=self._marker, addr=self._remote_addr)
        self._marker = 0

    def skip(self, frames: int = 1) -> None:
        """Let time pass without sending: what comes next is marked as a new talkspurt."""
        if self._sender is not None and frames:
            for _ in range(frames):
                self._sender.advance_timestamp()
            self._marker = 1

    # In

    def play(self) -> Samples | None:
        """The next 20 ms of the other party: int16, shape [160]; None where there is nothing."""
        assert self._playout is not None
        frame = self._playout.tick()
        return None if frame is None else np.frombuffer(frame[0], np.int16)

    def _handle_rtp(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            packet = RtpPacket.parse(data)
        except _BAD_PACKET:
            self._counters.rtp_malformed += 1
            return
        now = asyncio.get_running_loop().time()
        if not self._is_ours(packet, addr, now):
            self._counters.rtp_ignored += 1
            return
        self._counters.rtp_received += 1
        self.heard_at = now
        try:
            self._take(packet, now)
        except ValueError:
            self._counters.rtp_malformed += 1

    def _is_ours(self, packet: RtpPacket, addr: tuple[str, int], now: float) -> bool:
        types = {self._payload_type_in, self._dtmf_payload_type, _COMFORT_NOISE}
        if self._agreed is None or packet.payload_type not in types:
            return False
        address = (addr[0], addr[1])
        if not self.source.takes(address, packet.ssrc, packet.sequence_number, now):
            return False
        # Symmetric RTP: answer to where the packets really come from.
        self._remote_addr = address
        return True

    @property
    def _payload_type_in(self) -> int:
        return -1 if self._agreed is None else self._agreed.payload_type

    def _take(self, packet: RtpPacket, now: float) -> None:
        assert self._playout is not None
        if packet.ssrc != self._remote_ssrc:
            self._keep_counts()
            self._remote_ssrc = packet.ssrc
            self._stream_stats = StreamStatistics(clockrate=RATE)
            self._grid.reset()
            self._playout.reset()
            self._keys.reset()
        assert self._stream_stats is not None
        self._stream_stats.add(packet)
        if packet.payload_type == self._dtmf_payload_type:
            self._take_key(packet, now)
        elif packet.payload_type == _COMFORT_NOISE:
            # Comfort noise says 'silence'; silence is what is played when nothing comes.
            self._playout.suppress()
            self._grid.reset()
        elif len(packet.payload) > MAX_PAYLOAD:
            raise ValueError("a packet of more than 200 ms")
        else:
            for timestamp, frame in self._grid.feed(packet.timestamp, packet.payload):
                self._playout.put(timestamp, frame)

    def _take_key(self, packet: RtpPacket, now: float) -> None:
        assert self._playout is not None
        key = self._keys.read(packet.payload, packet.timestamp, marker=bool(packet.marker))
        # The packets of a key stand in for audio: their absence from the playout is no loss.
        self._playout.suppress()
        self._grid.reset()
        if key is not None:
            self.on_key(key, now)

    def _handle_rtcp(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._remote_addr is None or addr[0] != self._remote_addr[0]:
            self._counters.rtp_ignored += 1
            return
        try:
            super()._handle_rtcp(data, addr)
        except _BAD_PACKET:
            self._counters.rtp_malformed += 1

    def _send_rtcp_report(self) -> None:
        if not self._has_remote:
            return
        try:
            super()._send_rtcp_report()
        except _BAD_PACKET:
            # Figures of a strange stream that do not fit the report; the call needs none.
            self._counters.rtp_malformed += 1

    def _send_bye(self) -> None:
        if self._has_remote:
            super()._send_bye()

    @property
    def _has_remote(self) -> bool:
        return self._remote_addr is not None and self._remote_addr[0] != _NOWHERE

    # Counts

    def counts(self) -> StreamCounts:
        """Totals of this call so far; the jitter is the present one."""
        stats, playout = self._stream_stats, self._playout
        return StreamCounts(
            lost=self._past.lost + (max(0, stats.packets_lost) if stats is not None else 0),
            concealed=self._past.concealed + (playout.concealed_frames if playout else 0),
            late=self._past.late + (playout.late_dropped if playout else 0),
            jitter_ms=max(0, stats.jitter) * 1000 / RATE if stats is not None else 0.0,
        )

    def _keep_counts(self) -> None:
        self._past = self.counts()
        self._stream_stats = None
        self._remote_ssrc = None
        if self._playout is not None:
            self._playout.concealed_frames = self._playout.late_dropped = 0

    async def close(self) -> None:
        """Say good-bye by RTCP, close the sockets, give the port back."""
        if self._closed:
            return
        self._counters.stream_closed(self.counts())
        await super().close()
        self._ports.give_back(self.port)
