"""G.722: wideband telephone audio, 16 kHz in 64 kbit/s (ITU-T G.722; RFC 3551 type 9).

Two ADPCM coders, one for each half of the band, so both directions have a state and a lost packet
is felt for some milliseconds after it. The one file that knows the G722 package (the public-domain
coder of CMU and SpanDSP). Its 56 and 48 kbit/s modes are left out: RTP has no sign for them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from G722 import G722

from voicebot.types import Samples

RATE: Final = 16_000
_BIT_RATE: Final = 64_000


class G722Encoder:
    """One stream on its way out."""

    def __init__(self) -> None:
        self._coder = G722(RATE, _BIT_RATE)

    def encode(self, samples: Samples) -> bytes:
        """An octet for every two int16 samples at 16 kHz."""
        octets: bytes = self._coder.encode(samples)
        return octets


class G722Decoder:
    """One stream on its way in."""

    def __init__(self) -> None:
        self._coder = G722(RATE, _BIT_RATE)

    def decode(self, payload: bytes) -> Samples:
        """Two int16 samples at 16 kHz for every octet."""
        return np.frombuffer(self._coder.decode(payload), np.int16)
