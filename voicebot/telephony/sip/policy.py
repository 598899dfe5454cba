"""What an operator decides about the audio of SIP calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from voicebot.telephony.codecs import CODECS, CodecName

ToneKeys: TypeAlias = Literal["auto", "always", "never"]
"""When keys are looked for in the sound; 'auto': where no telephone events were agreed."""


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """``codecs`` are those that calls may use, in the order in which we offer them."""

    codecs: tuple[CodecName, ...] = tuple(CODECS)
    tone_keys: ToneKeys = "auto"
