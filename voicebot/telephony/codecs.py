"""The codecs that a SIP call may use, as RTP and SDP see them and as the audio does.

G.711 and G.722 are an octet for each tick of an 8 kHz clock, whatever G.722's own rate (RFC 3551
section 4.5.2); Opus has a 48 kHz clock and two channels in its name, whatever is in it (RFC 7587).
The engines are in `media`; losses of G.711 and G.722 are concealed by `media.concealment`, those of
Opus by its decoder, and with the copy that the next packet holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from voicebot.media import g711, opus
from voicebot.media.concealment import Concealer
from voicebot.media.g711 import Law
from voicebot.media.g722 import G722Decoder, G722Encoder
from voicebot.types import Samples

_EXPECTED_LOSS_PERCENT: Final = 15
"""Of Opus packets: from here on they carry a copy of the one before that is worth having."""

CodecName: TypeAlias = Literal["opus", "G722", "PCMU", "PCMA"]

NARROW: Final = 8000
WIDE: Final = 16_000


@dataclass(frozen=True, slots=True)
class CodecFacts:
    """``clock_rate`` is that of RTP timestamps; ``rate`` that of the audio; ``payload_type`` the
    static one, or the one that we offer it under; ``format`` what a=rtpmap says; ``parameters``
    what a=fmtp says, if anything."""

    name: CodecName
    payload_type: int
    clock_rate: int
    rate: int
    format: str
    parameters: str = ""


CODECS: Final[Mapping[CodecName, CodecFacts]] = {
    "opus": CodecFacts(
        "opus", 96, 48_000, WIDE, "opus/48000/2", "useinbandfec=1;maxplaybackrate=16000"
    ),
    "G722": CodecFacts("G722", 9, 8000, WIDE, "G722/8000"),
    "PCMU": CodecFacts("PCMU", 0, 8000, NARROW, "PCMU/8000"),
    "PCMA": CodecFacts("PCMA", 8, 8000, NARROW, "PCMA/8000"),
}


def usable(names: tuple[CodecName, ...]) -> tuple[CodecName, ...]:
    """Those of ``names`` whose engine is installed."""
    return tuple(name for name in names if name != "opus" or opus.available())


class Encoder(Protocol):
    """Frames of 20 ms into packets."""

    def encode(self, samples: Samples) -> bytes: ...


class Decoder(Protocol):
    """Packets of one stream into samples, in the order in which they are played."""

    def length(self, payload: bytes) -> int:
        """Samples in ``payload``. Raises ValueError where that cannot be."""
        ...

    def decode(self, payload: bytes) -> Samples:
        """Raises ValueError for what cannot be decoded."""
        ...

    def conceal(self, length: int) -> Samples:
        """Make up ``length`` samples for what is missing."""
        ...

    def recover(self, following: bytes, length: int) -> Samples:
        """The ``length`` samples just before ``following``, which is here already."""
        ...

    @property
    def faded(self) -> bool:
        """Whether nothing but silence would be made up."""
        ...


def encoder(name: CodecName) -> Encoder:
    """An encoder for one stream."""
    match name:
        case "opus":
            return opus.OpusEncoder(WIDE, expected_loss_percent=_EXPECTED_LOSS_PERCENT)
        case "G722":
            return G722Encoder()
        case law:
            return _G711Encoder(law)


def decoder(name: CodecName) -> Decoder:
    """A decoder for one stream."""
    match name:
        case "opus":
            return _Opus()
        case "G722":
            return _Waveform(G722Decoder(), WIDE, 2)
        case law:
            return _Waveform(_G711Decoder(law), NARROW, 1)


class _G711Encoder:
    def __init__(self, law: Law) -> None:
        self._law = law

    def encode(self, samples: Samples) -> bytes:
        return g711.encode(samples, self._law)


class _G711Decoder:
    def __init__(self, law: Law) -> None:
        self._law = law

    def decode(self, payload: bytes) -> Samples:
        return g711.decode(payload, self._law)


class _Expander(Protocol):
    def decode(self, payload: bytes) -> Samples: ...


class _Waveform:
    """A codec that gives ``samples_an_octet`` and knows nothing of losses."""

    def __init__(self, expander: _Expander, rate: int, samples_an_octet: int) -> None:
        self._expander = expander
        self._samples_an_octet = samples_an_octet
        self._concealer = Concealer(rate)

    def length(self, payload: bytes) -> int:
        return len(payload) * self._samples_an_octet

    def decode(self, payload: bytes) -> Samples:
        return self._concealer.heard(self._expander.decode(payload))

    def conceal(self, length: int) -> Samples:
        return self._concealer.conceal(length)

    def recover(self, following: bytes, length: int) -> Samples:
        return self._concealer.conceal(length)

    @property
    def faded(self) -> bool:
        return self._concealer.faded


class _Opus:
    """Opus conceals by itself; it goes on for as long as it is asked, so we count."""

    _STEP: Final = WIDE // 400
    _LONGEST: Final = WIDE * 60 // 1000

    def __init__(self) -> None:
        self._decoder = opus.OpusDecoder(WIDE)
        self._made_up = 0

    def length(self, payload: bytes) -> int:
        return self._decoder.length(payload)

    def decode(self, payload: bytes) -> Samples:
        self._made_up = 0
        return self._decoder.decode(payload)

    def conceal(self, length: int) -> Samples:
        self._made_up += length
        whole = -(-length // self._STEP) * self._STEP
        return self._decoder.conceal(whole)[:length]

    def recover(self, following: bytes, length: int) -> Samples:
        if length % self._STEP or length > self._decoder.length(following):
            return self.conceal(length)
        return self._decoder.recover(following, length)

    @property
    def faded(self) -> bool:
        return self._made_up >= self._LONGEST
