"""What a browser offers, looked at before aiortc sees it; and what our answer adds (RFC 8829).

Pure text. A caller's page offers one sound and one data channel, and no pictures. Candidates that
are hidden behind mDNS names are left out: resolving them would take a second each, and ICE finds
the browser by the checks that it sends us.
"""

from __future__ import annotations

import re
from typing import Final

from voicebot.errors import CallError, NoCommonCodec

_MAX_CANDIDATES: Final = 20
_OPUS: Final = re.compile(r"^a=rtpmap:(\d+) opus/48000", re.MULTILINE | re.IGNORECASE)
_WIDEBAND: Final = (
    "minptime=20;useinbandfec=1;stereo=0;sprop-stereo=0;"
    "maxplaybackrate=16000;maxaveragebitrate=32000"
)
"""RFC 7587: what the recogniser has no use for need not be sent."""


class MalformedOffer(CallError):
    """The offer is not one that a caller's page makes; the message says why."""


def checked(sdp: str) -> str:
    """``sdp`` as aiortc may have it. Raises MalformedOffer, and NoCommonCodec without Opus."""
    if not sdp.startswith("v=0"):
        raise MalformedOffer("the offer is no session description")
    lines = sdp.replace("\r\n", "\n").strip().split("\n")
    kinds = [line[2:].split(" ", 1)[0] for line in lines if line.startswith("m=")]
    if kinds.count("audio") != 1:
        raise MalformedOffer("the offer should have one audio stream")
    if any(kind not in {"audio", "application"} for kind in kinds) or len(kinds) > 2:
        raise MalformedOffer("the offer should have one audio stream and one data channel")
    for needed in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if not any(line.startswith(needed) for line in lines):
            raise MalformedOffer(f"the offer lacks {needed.removeprefix('a=').rstrip(':')}")
    if not _OPUS.search(sdp):
        raise NoCommonCodec("the offer has no Opus")
    return "\r\n".join(_without_hidden(lines)) + "\r\n"


def wideband(answer: str) -> str:
    """Our answer, telling the browser what sound we can use."""
    match = _OPUS.search(answer)
    if match is None:
        return answer
    kind = match.group(1)
    lines = [line for line in answer.split("\r\n") if not line.startswith(f"a=fmtp:{kind} ")]
    at = next(i for i, line in enumerate(lines) if line.startswith(f"a=rtpmap:{kind} "))
    lines.insert(at + 1, f"a=fmtp:{kind} {_WIDEBAND}")
    return "\r\n".join(lines)


def _without_hidden(lines: list[str]) -> list[str]:
    kept: list[str] = []
    candidates = 0
    for line in lines:
        if line == "a=end-of-candidates":
            continue
        if line.startswith("a=candidate:"):
            parts = line.split()
            candidates += 1
            if candidates > _MAX_CANDIDATES or len(parts) < 6:
                continue
            if parts[4].endswith(".local") or parts[2].lower() != "udp":
                continue
        kept.append(line)
    return kept
