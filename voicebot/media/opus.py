"""Opus: the codec of phones on the Internet (RFC 6716), one channel, 8 or 16 kHz.

The one file that knows opuslib-next, which calls the system's libopus. Where that is not installed
`available` says so and the rest of voicebot does without. We send 20 ms packets with in-band
forward error correction: each holds a coarse copy of the one before. Stereo is mixed to one channel
by the decoder; music modes, DTX and changing bit rates are not used.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from voicebot.types import Samples

LONGEST_MS: Final = 120
"""Of one packet, whatever the rate."""

_BIT_RATE: Final = 24_000
_COMPLEXITY: Final = 2
"""Of 10: what is above costs twice the time and is not heard on speech."""
_EXPECTED_LOSS_PERCENT: Final = 10
"""With none expected the encoder leaves the copies out."""


@cache
def available() -> bool:
    """Whether libopus is there."""
    try:
        _library()
    except ImportError:
        return False
    return True


@cache
def _library() -> Any:
    """The package; importing it loads the library. Raises ImportError."""
    try:
        import opuslib_next
        import opuslib_next.api.decoder
    except Exception as error:  # its own, a plain one, when libopus is missing
        raise ImportError("libopus is not installed") from error
    return opuslib_next


class OpusEncoder:
    """One stream of ``rate`` Hz on its way out. Raises ImportError without libopus."""

    def __init__(self, rate: int) -> None:
        opus = _library()
        self._encoder = opus.Encoder(rate, 1, opus.APPLICATION_VOIP)
        self._encoder.bitrate = _BIT_RATE
        self._encoder.complexity = _COMPLEXITY
        self._encoder.inband_fec = 1
        self._encoder.packet_loss_perc = _EXPECTED_LOSS_PERCENT

    def encode(self, samples: Samples) -> bytes:
        """One packet of 20 ms: int16 of shape [rate / 50]."""
        packet: bytes = self._encoder.encode(samples.tobytes(), len(samples))
        return packet


class OpusDecoder:
    """One stream on its way in, decoded to ``rate`` Hz. Raises ImportError without libopus."""

    def __init__(self, rate: int) -> None:
        opus = _library()
        self._calls = opus.api.decoder
        self._error: type[Exception] = opus.OpusError
        # Keeps the state alive; the calls below reach what its own methods leave out.
        self._owner = opus.Decoder(rate, 1)
        self._longest = rate * LONGEST_MS // 1000

    def length(self, packet: bytes) -> int:
        """Samples in ``packet``. Raises ValueError for what is no Opus."""
        try:
            state = self._owner.decoder_state
            return int(self._calls.get_nb_samples(state, packet, len(packet)))
        except self._error as error:
            raise ValueError("not an Opus packet") from error

    def decode(self, packet: bytes) -> Samples:
        """The samples of ``packet``, int16. Raises ValueError for what is no Opus."""
        return self._decode(packet, self._longest, copy=False)

    def recover(self, following: bytes, length: int) -> Samples:
        """The ``length`` samples before ``following``, from the coarse copy that it holds; made up
        where it holds none. To be called before ``following`` is decoded."""
        return self._decode(following, length, copy=True)

    def conceal(self, length: int) -> Samples:
        """Make up ``length`` samples, a multiple of 2.5 ms, for a packet that is lost."""
        return self._decode(None, length, copy=False)

    def _decode(self, packet: bytes | None, length: int, *, copy: bool) -> Samples:
        size = 0 if packet is None else len(packet)
        try:
            octets = self._calls.decode(
                self._owner.decoder_state, packet, size, length, copy, channels=1
            )
        except self._error as error:
            raise ValueError("not an Opus packet") from error
        return np.frombuffer(octets, np.int16)
