"""The client's offers and what it makes of answers: SDP (RFC 8866), offer and answer (RFC 3264)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiosipua import parse_sdp

from voicebot.errors import CallError
from voicebot.media.g711 import Law

KEY_TYPE: Final = 101
"""Our payload type for keys, RFC 4733."""

PAYLOAD_TYPES: Final[dict[Law, int]] = {"PCMU": 0, "PCMA": 8}


@dataclass(frozen=True, slots=True)
class Agreed:
    """Where audio goes, in which law, and as which payload type keys go."""

    remote: tuple[str, int]
    law: Law
    key_type: int


def offer(host: str, port: int, codecs: tuple[str, ...], version: int, direction: str) -> str:
    """An offer of one audio stream. A codec beside PCMU and PCMA gets a dynamic payload type, so
    that a test can offer what nobody speaks."""
    known: dict[str, int] = {str(law): number for law, number in PAYLOAD_TYPES.items()}
    types = {codec: known.get(codec, 110 + index) for index, codec in enumerate(codecs)}
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, types.values()))} {KEY_TYPE}",
        *(f"a=rtpmap:{number} {codec}/8000" for codec, number in types.items()),
        f"a=rtpmap:{KEY_TYPE} telephone-event/8000",
        f"a=fmtp:{KEY_TYPE} 0-15",
        "a=ptime:20",
        f"a={direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


def agree(answer: str) -> Agreed:
    """Read an answer. Raises CallError when it has no audio that we speak."""
    sdp = parse_sdp(answer)
    remote, audio = sdp.rtp_address, sdp.audio
    if remote is None or audio is None or not audio.port:
        raise CallError("the answer has no audio")
    by_number = {str(number): law for law, number in PAYLOAD_TYPES.items()}
    laws = [by_number[number] for number in audio.formats if number in by_number]
    if not laws:
        raise CallError("the answer has no codec of ours")
    keys = [
        codec.payload_type
        for codec in audio.codecs
        if codec.encoding_name.lower() == "telephone-event"
    ]
    return Agreed(remote, laws[0], keys[0] if keys else KEY_TYPE)
