"""G.711: 8-bit telephone audio, mu-law (PCMU, RFC 3551 type 0) and A-law (PCMA, type 8).

ITU-T G.711 gives the companding laws; both directions are tables, so a frame costs one lookup.
Decoded values fill 16 bits as in every softphone (14-bit mu-law << 2, 13-bit A-law << 3).
Packet-loss concealment (appendix I) and comfort noise (appendix II) are left to the RTP stack.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicebot.types import Samples

RATE: Final = 8000
"""G.711 knows one sample rate."""

Law: TypeAlias = Literal["PCMU", "PCMA"]
"""The names that SDP gives the two laws."""

SILENCE: Final[dict[Law, bytes]] = {"PCMU": b"\xff", "PCMA": b"\xd5"}
"""The octet for 'no sound'."""

_SEGMENT_BITS: Final = 4
_MU_BIAS: Final = 33
_MU_CLIP: Final = 8158


def decode(payload: bytes, law: Law = "PCMU") -> Samples:
    """Expand G.711 octets to int16 samples, shape [len(payload)], one sample an octet."""
    return _decode_table(law)[np.frombuffer(payload, np.uint8)]


def encode(samples: Samples, law: Law = "PCMU") -> bytes:
    """Compress int16 samples at 8000 Hz to G.711, one octet a sample."""
    octets: bytes = _encode_table(law)[samples.view(np.uint16)].tobytes()
    return octets


def pass_through(samples: Samples, law: Law = "PCMU") -> Samples:
    """Encode and decode: what a telephone line leaves of ``samples``, same shape."""
    return _round_trip_table(law)[samples.view(np.uint16)]


@cache
def _decode_table(law: Law) -> Samples:
    codes = np.arange(256)
    table = _expand_mu(codes) if law == "PCMU" else _expand_a(codes)
    return _frozen(table.astype(np.int16))


@cache
def _encode_table(law: Law) -> NDArray[np.uint8]:
    """Index: the sample's 16 bits read as unsigned, so that no shift or offset is needed."""
    pcm = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    table = (_compress_mu(pcm) if law == "PCMU" else _compress_a(pcm)).astype(np.uint8)
    table.setflags(write=False)
    return table


@cache
def _round_trip_table(law: Law) -> Samples:
    return _frozen(_decode_table(law)[_encode_table(law)])


def _frozen(table: Samples) -> Samples:
    table.setflags(write=False)
    return table


def _expand_mu(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    bits = ~codes & 0xFF
    segment, step = (bits >> _SEGMENT_BITS) & 7, bits & 15
    magnitude = (((2 * step + _MU_BIAS) << segment) - _MU_BIAS) << 2
    return np.where(bits & 0x80, -magnitude, magnitude)


def _compress_mu(pcm: NDArray[np.int64]) -> NDArray[np.int64]:
    # The one's complement makes the law even: the lowest two bits go the same way on both sides.
    magnitude = np.where(pcm < 0, ~pcm, pcm) >> 2
    biased = np.minimum(magnitude, _MU_CLIP) + _MU_BIAS
    segment = np.floor(np.log2(biased)).astype(np.int64) - 5
    step = (biased >> (segment + 1)) & 15
    sign = np.where(pcm < 0, 0x80, 0)
    code: NDArray[np.int64] = ~(sign | (segment << _SEGMENT_BITS) | step) & 0xFF
    return code


def _expand_a(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    bits = codes ^ 0x55
    segment, step = (bits >> _SEGMENT_BITS) & 7, bits & 15
    magnitude = np.where(segment, (2 * step + 33) << np.maximum(segment - 1, 0), 2 * step + 1) << 3
    return np.where(bits & 0x80, magnitude, -magnitude)


def _compress_a(pcm: NDArray[np.int64]) -> NDArray[np.int64]:
    magnitude = np.where(pcm < 0, ~pcm, pcm) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int64) - 4, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 15
    sign = np.where(pcm < 0, 0, 0x80)
    code: NDArray[np.int64] = (sign | (segment << _SEGMENT_BITS) | step) ^ 0x55
    return code
