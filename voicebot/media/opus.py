"""Opus (RFC 6716) by libopus, decoded and encoded at the rate that is wanted.

libopus decodes a packet of any bandwidth at 8, 12, 16, 24 or 48 kHz, so nothing is resampled; it
makes up for lost packets, from the next one where that carries a copy (in-band FEC). The library is
the one inside PyAV's wheel, or the system's. Mono only: telephones have one ear.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from voicebot.errors import AudioError
from voicebot.media.frames import frame_length
from voicebot.types import Samples

CLOCK: Final = 48_000
"""Units of an RTP timestamp in a second, whatever the audio's own rate (RFC 7587)."""

_OK: Final = 0
_VOIP: Final = 2048
_SET_BITRATE: Final = 4002
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS: Final = 4014
_LARGEST_PACKET: Final = 1275
_LONGEST_MS: Final = 120


class OpusEncoder:
    """Encodes 20 ms frames of speech at ``rate`` Hz.

    ``bitrate`` in bits a second; ``complexity`` 0..10: at 1 a frame of speech takes 75 us of a
    core, at 5 three times that, and the difference is hard to hear at this bitrate. Packets carry a
    copy of the one before them, as far as ``expected_loss_percent`` makes that worth it.
    """

    def __init__(
        self,
        rate: int,
        *,
        bitrate: int = 28_000,
        complexity: int = 1,
        expected_loss_percent: int = 5,
    ) -> None:
        """Raises AudioError where libopus is missing, ValueError where it refuses ``rate``."""
        self._length = frame_length(rate)
        self._state = _Created("encoder", rate, _VOIP)
        self._out = ctypes.create_string_buffer(_LARGEST_PACKET)
        self._encode = library().opus_encode
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, complexity),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS, expected_loss_percent),
        ):
            _checked(library().opus_encoder_ctl(self._state.pointer, request, value))

    def encode(self, frame: Samples) -> bytes:
        """One frame (int16, 20 ms exactly) to a packet. Raises ValueError for another length."""
        if len(frame) != self._length:
            raise ValueError(f"{len(frame)} samples instead of {self._length}")
        pcm = np.ascontiguousarray(frame, np.int16)
        size = self._encode(
            self._state.pointer, pcm.ctypes.data, self._length, self._out, _LARGEST_PACKET
        )
        return self._out.raw[: _checked(size)]


class OpusDecoder:
    """Decodes one stream to mono int16 at ``rate`` Hz."""

    def __init__(self, rate: int) -> None:
        """Raises AudioError where libopus is missing, ValueError where it refuses ``rate``."""
        self._rate = rate
        self._state = _Created("decoder", rate)
        self._pcm = np.zeros(rate * _LONGEST_MS // 1000, np.int16)
        self._address = self._pcm.ctypes.data
        self._decode = library().opus_decode

    def length(self, packet: bytes) -> int:
        """How long ``packet`` is, in samples. Raises ValueError for what is no Opus packet."""
        if not packet:
            raise ValueError("an Opus packet is never empty")
        count = library().opus_packet_get_nb_samples(packet, len(packet), self._rate)
        if _checked(count) > len(self._pcm):
            raise ValueError("an Opus packet is never longer than 120 ms")
        return int(count)

    def decode(self, packet: bytes) -> Samples:
        """The sound of ``packet``. Raises ValueError for what is no Opus packet."""
        return self._run(packet, len(self._pcm), fec=False)

    def recover(self, following: bytes, samples: int) -> Samples:
        """The sound of a lost packet of ``samples``, from the copy in the one after it; made up as
        in `conceal` where that has none."""
        return self._run(following, samples, fec=True)

    def conceal(self, samples: int) -> Samples:
        """Something like what was lost, fading out when it is asked for again and again."""
        return self._run(None, samples, fec=False)

    def _run(self, packet: bytes | None, samples: int, *, fec: bool) -> Samples:
        size = 0 if packet is None else len(packet)
        count = self._decode(self._state.pointer, packet, size, self._address, samples, int(fec))
        return self._pcm[: _checked(count)].copy()


class _Created:
    """An encoder's or decoder's state in libopus, freed with this object."""

    def __init__(self, kind: str, rate: int, *more: int) -> None:
        opus = library()
        error = ctypes.c_int(_OK)
        self._destroy = getattr(opus, f"opus_{kind}_destroy")
        self.pointer: int | None = getattr(opus, f"opus_{kind}_create")(
            rate, 1, *more, ctypes.byref(error)
        )
        _checked(error.value)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self._destroy(self.pointer)
            self.pointer = None


@cache
def available() -> bool:
    """Whether libopus is there."""
    try:
        library()
    except AudioError:
        return False
    return True


@cache
def library() -> ctypes.CDLL:
    """libopus. Raises AudioError where there is none."""
    for name in _candidates():
        try:
            opus = ctypes.CDLL(name)
        except OSError:
            continue
        _declare(opus)
        return opus
    raise AudioError("Opus", "no libopus here: install PyAV (pip install av) or Debian's libopus0")


def _candidates() -> Iterator[str]:
    av = find_spec("av")
    if av is not None and av.origin:
        for path in sorted((Path(av.origin).parents[1] / "av.libs").glob("libopus*")):
            yield str(path)
    yield "libopus.so.0"


def _declare(opus: ctypes.CDLL) -> None:
    state, pointer, integer = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int
    errors = ctypes.POINTER(ctypes.c_int)
    for name, result, arguments in (
        ("opus_encoder_create", state, [integer, integer, integer, errors]),
        ("opus_decoder_create", state, [integer, integer, errors]),
        ("opus_encoder_destroy", None, [state]),
        ("opus_decoder_destroy", None, [state]),
        # Variadic: the fixed argument only.
        ("opus_encoder_ctl", integer, [state]),
        ("opus_encode", integer, [state, pointer, integer, ctypes.c_char_p, integer]),
        ("opus_decode", integer, [state, ctypes.c_char_p, integer, pointer, integer, integer]),
        ("opus_packet_get_nb_samples", integer, [ctypes.c_char_p, integer, integer]),
        ("opus_strerror", ctypes.c_char_p, [integer]),
    ):
        function = getattr(opus, name)
        function.restype, function.argtypes = result, arguments


def _checked(result: int) -> int:
    if result < _OK:
        reason = library().opus_strerror(result).decode()
        raise ValueError(f"libopus says: {reason}")
    return result
