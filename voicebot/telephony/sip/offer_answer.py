"""What two parties agree on about audio: SDP offer and answer (RFC 3264, RFC 8866, RFC 4733).

Pure. aiosipua reads and writes the SDP; the agreement is ours, because aiosipua's answers with its
own number for telephone events and its caller's packet time, and looks neither at hold on session
level nor at whether the address can be sent to. We speak G.711 in 20 ms packets over plain RTP and
IPv4: anything else (SRTP, video) is declined line by line.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from aiosipua import (
    Codec,
    ConnectionData,
    MediaDescription,
    Origin,
    SdpMessage,
    parse_sdp,
    serialize_sdp,
)

from voicebot.errors import NoCommonCodec
from voicebot.media.g711 import Law
from voicebot.telephony.sip.messages import MalformedMessage

OUR_KEYS_PAYLOAD_TYPE: Final = 101
_STATIC: Final[dict[Law, int]] = {"PCMU": 0, "PCMA": 8}
_PLAIN_RTP: Final = ("RTP/AVP", "RTP/AVPF")
_MIRRORED: Final = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed about the one audio stream.

    ``remote`` is where RTP goes. ``direction`` is ours: 'sendrecv', 'recvonly' and so on.
    ``keys_payload_type`` is None where the other side has no telephone events.
    """

    line: int
    law: Law
    payload_type: int
    keys_payload_type: int | None
    remote: tuple[str, int]
    direction: str

    @property
    def held(self) -> bool:
        """Whether the other party put us on hold: they do not want to hear us."""
        return self.direction in {"recvonly", "inactive"}

    @property
    def expects_audio(self) -> bool:
        """Whether silence on the line would mean that it is dead."""
        return self.direction == "sendrecv"


@dataclass(frozen=True, slots=True)
class OurMedia:
    """Our side of a description. ``version`` goes up with each one sent (RFC 3264 section 8)."""

    host: str
    port: int
    session: int
    version: int


def read_sdp(text: str) -> SdpMessage:
    """Parse a session description. Raises MalformedMessage."""
    try:
        sdp = parse_sdp(text)
    except Exception as error:
        raise MalformedMessage(f"unreadable SDP: {type(error).__name__}") from error
    if not sdp.media:
        raise MalformedMessage("SDP without media")
    return sdp


def agree(theirs: SdpMessage, current: Law | None = None, peer_host: str = "") -> Agreement:
    """Choose the first usable audio line of ``theirs`` and its first codec that we speak.

    ``current`` is kept where it is still among them, so that a re-ordered list in a re-INVITE does
    not change the codec in mid-call. ``peer_host`` is the IPv4 address that their signalling comes
    from: RTP is sent there where they name an address of another kind. Serves for an offer and for
    the answer to ours. Raises NoCommonCodec.
    """
    for line, media in enumerate(theirs.media):
        if media.media != "audio" or media.port == 0 or media.proto not in _PLAIN_RTP:
            continue
        host = _host_of(theirs, media, peer_host)
        codec = _choose(media.codecs, current)
        if host is None or codec is None or not 0 < media.port < 65536:
            continue
        law: Law = "PCMU" if codec.encoding_name.upper() == "PCMU" else "PCMA"
        keys = [c for c in media.codecs if _is(c, "TELEPHONE-EVENT") and c.payload_type < 128]
        return Agreement(
            line=line,
            law=law,
            payload_type=codec.payload_type,
            keys_payload_type=keys[0].payload_type if keys else None,
            remote=(host, media.port),
            direction=_direction(theirs, media, host),
        )
    raise NoCommonCodec("the offer holds no audio in PCMU or PCMA over plain RTP and IPv4")


def write_answer(offer: SdpMessage, agreed: Agreement, ours: OurMedia) -> str:
    """The answer to ``offer``: each line of it mirrored, all but the agreed one declined."""
    formats = [(agreed.payload_type, agreed.law)]
    audio = _audio_line(
        ours.port,
        formats,
        agreed.keys_payload_type,
        agreed.direction,
        proto=offer.media[agreed.line].proto,
    )
    media = [
        audio
        if line == agreed.line
        else MediaDescription(media=m.media, port=0, proto=m.proto, formats=list(m.formats))
        for line, m in enumerate(offer.media)
    ]
    return _describe(ours, media)


def write_offer(ours: OurMedia) -> str:
    """Our own offer, where the other side leaves it to us."""
    formats = [(payload_type, law) for law, payload_type in _STATIC.items()]
    return _describe(ours, [_audio_line(ours.port, formats, OUR_KEYS_PAYLOAD_TYPE, "sendrecv")])


def _choose(codecs: list[Codec], current: Law | None) -> Codec | None:
    usable = [c for c in codecs if (_is(c, "PCMU") or _is(c, "PCMA")) and c.payload_type < 128]
    kept = [c for c in usable if current is not None and _is(c, current)]
    return next(iter(kept or usable), None)


def _is(codec: Codec, name: str) -> bool:
    return codec.encoding_name.upper() == name and codec.clock_rate == 8000


def _host_of(sdp: SdpMessage, media: MediaDescription, peer_host: str) -> str | None:
    """The IPv4 address to send to; None where there is none.

    Phones on a host with IPv6 name that address even to a peer whom they reach over IPv4; where
    they called from serves until their RTP comes and tells. A name is not looked up: that would
    block the event loop.
    """
    connection = media.connection or sdp.connection
    if connection is None:
        return None
    try:
        return str(ipaddress.IPv4Address(connection.address.split("/")[0]))
    except ValueError:
        return peer_host or None


def _direction(sdp: SdpMessage, media: MediaDescription, host: str) -> str:
    theirs = "sendrecv"
    for attributes in (media.attributes, sdp.attributes):
        stated = [name for name in _MIRRORED if name in attributes]
        if stated:
            theirs = stated[0]
            break
    if host == "0.0.0.0":  # hold as RFC 2543 had it
        theirs = "inactive" if theirs == "inactive" else "sendonly"
    return _MIRRORED[theirs]


def _audio_line(
    port: int,
    formats: list[tuple[int, Law]],
    keys_payload_type: int | None,
    direction: str,
    proto: str = "RTP/AVP",
) -> MediaDescription:
    types = [payload_type for payload_type, _ in formats]
    maps = [f"{payload_type} {law}/8000" for payload_type, law in formats]
    attributes: dict[str, list[str]] = {"rtpmap": maps}
    if keys_payload_type is not None:
        types.append(keys_payload_type)
        maps.append(f"{keys_payload_type} telephone-event/8000")
        attributes["fmtp"] = [f"{keys_payload_type} 0-15"]
    attributes["ptime"] = ["20"]
    attributes[direction] = []
    return MediaDescription(
        media="audio",
        port=port,
        proto=proto,
        formats=[str(payload_type) for payload_type in types],
        attributes=attributes,
    )


def _describe(ours: OurMedia, media: list[MediaDescription]) -> str:
    origin = Origin(
        session_id=str(ours.session), session_version=str(ours.version), address=ours.host
    )
    connection = ConnectionData(address=ours.host)
    return serialize_sdp(
        SdpMessage(origin=origin, session_name="-", connection=connection, media=media)
    )
