"""One call's RTP: aiortp's session with a stricter door and one clock for all (RFC 3550, 3551).

What is kept of `aiortp.RTPSession`: sockets, sender, RTCP. What is done differently, and why:

- Packets go into our `Playout`, which takes any packet time, waits for late speech rather than skip
  it, and follows the line's jitter; aiortp's held back too much on a good line and lost too much
  on a bad one.
- Keys that come as tones are found in the audio, where the other side has no telephone events.
- `MediaSource` says whose packets count (aiortp follows whoever sent last).
- Nothing that arrives can raise into the event loop.
- Sending and playing are driven from outside, by the one `FrameClock` of the door.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final

from aiortp import RtpPacket, RTPSession, StreamStatistics
from aiortp.cn import parse_cn_payload

from voicebot.media.dtmf_detector import DtmfDetector
from voicebot.media.frames import silence
from voicebot.media.resample import FrameResampler
from voicebot.telephony.codecs import CODECS, NARROW, CodecName, decoder, encoder
from voicebot.telephony.playout import Playout, PlayoutCounts
from voicebot.telephony.sip.counters import Counters, StreamCounts
from voicebot.telephony.sip.key_sender import KeySender
from voicebot.telephony.sip.keys import KeyReader, KeyWays
from voicebot.telephony.sip.media_source import MediaSource
from voicebot.telephony.sip.offer_answer import Agreement
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.types import Samples

MAX_PAYLOAD: Final = 1600
"""200 ms of G.711, the longest packet time anybody uses."""

_NOWHERE: Final = "0.0.0.0"
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
    """Audio and keys of one call. Made by `open`; ``on_key`` is to be set by who owns it.

    ``rate`` is that of the frames both ways, in Hz: the first agreed codec's, for the whole call.
    Where a re-INVITE brings a codec of another rate, its frames are converted.
    """

    def __init__(self, counters: Counters, ports: RtpPorts, policy: MediaPolicy) -> None:
        super().__init__(payload_type=0, plc=False, cname="voicebot", symmetric_rtp=True)
        self.on_key: Callable[[str, float], None] = lambda key, at: None
        self.heard_at = asyncio.get_running_loop().time()
        """When the last packet from the other party came, on the loop's clock."""
        self.port = 0
        self._counters = counters
        self._ports = ports
        self.policy = policy
        self.rate = NARROW
        self._keys = KeyReader()
        self._ways = KeyWays()
        self._tones: DtmfDetector | None = None
        self._marker = 1
        self._pressed = KeySender()
        self.source = MediaSource()
        self._agreed: Agreement | None = None
        self._lost_before = 0
        self._playout_counts = PlayoutCounts()
        self._begin_stream("PCMU")

    @classmethod
    async def open(
        cls,
        host: str,
        ports: RtpPorts,
        counters: Counters,
        policy: MediaPolicy | None = None,
    ) -> CallMedia:
        """Bind a port pair of ``ports``; nothing is sent before `apply`. Raises CallError."""
        tried: set[int] = set()
        while True:
            port = ports.take(but=tried)
            media = cls(counters, ports, policy or MediaPolicy())
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
        self._sender.timestamp_increment = CODECS[agreed.codec].clock_rate // 50
        self._dtmf_payload_type = (
            _NO_KEYS if agreed.keys_payload_type is None else agreed.keys_payload_type
        )
        if before is None:
            self.rate = CODECS[agreed.codec].rate
        if agreed.remote[0] != _NOWHERE and (before is None or before.remote != agreed.remote):
            self.update_remote(agreed.remote)
            listen_anew = True
        if before is None or before.codec != agreed.codec or before.held != agreed.held:
            self._keep_counts()
            self._begin_stream(agreed.codec)
            self._keys = KeyReader(agreed.keys_clock_rate)
            # A NAT on the way may have forgotten the port while nothing was sent.
            listen_anew = True
        if agreed.keys_payload_type is None:
            self._pressed.clear()
        self._listen_for_tones(agreed)
        self.heard_at = asyncio.get_running_loop().time()
        if listen_anew:
            self.source.agreed(agreed.remote, self.heard_at)

    def _begin_stream(self, codec: CodecName) -> None:
        """Expect a stream with another codec, or the same after a pause."""
        facts = CODECS[codec]
        self._clock_rate = facts.clock_rate
        self._encoder = encoder(codec)
        self._playout_buffer = Playout(
            decoder(codec), facts.rate, facts.clock_rate, self._playout_counts
        )
        self._converted_in = FrameResampler(facts.rate, self.rate)
        self._converted_out = FrameResampler(self.rate, facts.rate)
        self._marker = 1

    def _listen_for_tones(self, agreed: Agreement) -> None:
        wanted = {
            "auto": agreed.keys_payload_type is None,
            "always": True,
            "never": False,
        }[self.policy.tone_keys]
        if not wanted:
            self._tones = None
        elif self._tones is None:
            self._tones = DtmfDetector(self.rate)

    # Out

    def send(self, frame: Samples) -> None:
        """Send 20 ms: int16, shape [rate / 50], or a key that was pressed instead."""
        sender = self._sender
        if sender is None or self._closed:
            return
        key = self._pressed.next(sender.current_timestamp, sender.timestamp_increment)
        if key is not None:
            marker = int(key.marker)
            sender.send_raw(
                self._dtmf_payload_type, key.payload, key.timestamp, marker, self._remote_addr
            )
            sender.advance_timestamp()
            return
        payload = self._encoder.encode(self._converted_out.feed(frame))
        sender.send_frame_auto(payload, marker=self._marker, addr=self._remote_addr)
        self._marker = 0

    def press(self, key: str) -> bool:
        """Send ``key`` as a telephone event (RFC 4733); False where none were agreed."""
        if self._agreed is None or self._agreed.keys_payload_type is None:
            return False
        self._pressed.press(key)
        return True

    def skip(self, frames: int = 1) -> None:
        """Let time pass without sending: what comes next is marked as a new talkspurt."""
        if self._sender is not None and frames:
            for _ in range(frames):
                self._sender.advance_timestamp()
            self._marker = 1

    # In

    def play(self, now: float) -> Samples | None:
        """The next 20 ms of the other party: int16, shape [rate / 50]; None where there is nothing.

        Keys that are heard as tones are told, and taken out.
        """
        frame = self._playout_buffer.tick(now)
        if frame is not None:
            frame = self._converted_in.feed(frame)
        if self._tones is None:
            return frame
        listened = self._tones.feed(silence(self.rate) if frame is None else frame)
        if listened.key is not None and self._ways.sounded(listened.key, now):
            self.on_key(listened.key, now)
        return None if frame is None else listened.samples

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
        if self._agreed is None or not self._is_agreed(packet.payload_type):
            return False
        address = (addr[0], addr[1])
        if not self.source.takes(address, packet.ssrc, packet.sequence_number, now):
            return False
        # Symmetric RTP: answer to where the packets really come from.
        self._remote_addr = address
        return True

    def _is_agreed(self, payload_type: int) -> bool:
        agreed = self._agreed
        return agreed is not None and payload_type in (
            agreed.payload_type,
            self._dtmf_payload_type,
            agreed.noise_payload_type,
        )

    def _take(self, packet: RtpPacket, now: float) -> None:
        assert self._agreed is not None
        if packet.ssrc != self._remote_ssrc:
            self._keep_counts()
            self._remote_ssrc = packet.ssrc
            self._stream_stats = StreamStatistics(clockrate=self._clock_rate)
            self._playout_buffer.reset()
            self._keys.reset()
        assert self._stream_stats is not None
        self._stream_stats.add(packet)
        if len(packet.payload) > MAX_PAYLOAD:
            raise ValueError("a packet of more than 200 ms")
        if packet.payload_type == self._agreed.payload_type:
            if self._agreed.held:
                return  # their music on hold: nobody listens
            self._playout_buffer.put(packet.timestamp, packet.payload, now)
        elif packet.payload_type == self._dtmf_payload_type:
            self._take_key(packet, now)
        else:
            self._playout_buffer.comfort(packet.timestamp, parse_cn_payload(packet.payload))

    def _take_key(self, packet: RtpPacket, now: float) -> None:
        key = self._keys.read(packet.payload, packet.timestamp, marker=bool(packet.marker))
        # The packets of a key stand in for audio: their absence from the playout is no loss.
        self._playout_buffer.hush(packet.timestamp)
        if key is not None and self._ways.signalled(key, now):
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
        stats = self._stream_stats
        return StreamCounts(
            lost=self._lost_before + (max(0, stats.packets_lost) if stats is not None else 0),
            concealed=self._playout_counts.concealed,
            late=self._playout_counts.late,
            jitter_ms=max(0, stats.jitter) * 1000 / self._clock_rate if stats is not None else 0.0,
        )

    def _keep_counts(self) -> None:
        """Add what this stream has counted to what was before it."""
        self._lost_before = self.counts().lost
        self._stream_stats = None
        self._remote_ssrc = None

    async def close(self) -> None:
        """Say good-bye by RTCP, close the sockets, give the port back."""
        if self._closed:
            return
        self._counters.stream_closed(self.counts())
        await super().close()
        self._ports.give_back(self.port)
