"""What two parties agree on about audio: SDP offer and answer (RFC 3264, RFC 8866, RFC 4733).

Pure. aiosipua reads and writes the SDP; the agreement is ours, because aiosipua's answers with its
own number for telephone events and its caller's packet time, and looks neither at hold on session
level nor at whether the address can be sent to. We speak the codecs of `codecs` in 20 ms packets
over plain RTP and IPv4: anything else (SRTP, video) is declined line by line. In answers the
caller's order counts, in our own offers that of the settings.
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
from voicebot.telephony.codecs import CODECS, CodecFacts, CodecName, usable
from voicebot.telephony.sip.messages import MalformedMessage

OUR_KEYS: Final = {8000: 101, 48_000: 102}
"""Payload types of our telephone events, one for each clock."""
EVERY_CODEC: Final = tuple(CODECS)
_BROADCAST: Final = ipaddress.IPv4Address("255.255.255.255")
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
    ``keys_payload_type`` is None where the other side has no telephone events, ``keys_clock_rate``
    their clock. ``noise_payload_type`` is that of comfort noise.
    """

    line: int
    codec: CodecName
    payload_type: int
    keys_payload_type: int | None
    remote: tuple[str, int]
    direction: str
    keys_clock_rate: int = 8000
    noise_payload_type: int = 13

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


def agree(
    theirs: SdpMessage,
    current: CodecName | None = None,
    peer_host: str = "",
    ours: tuple[CodecName, ...] = EVERY_CODEC,
) -> Agreement:
    """Choose the first usable audio line of ``theirs`` and its first codec that is among ``ours``.

    ``current`` is kept where it is still among them, so that a re-ordered list in a re-INVITE does
    not change the codec in mid-call. ``peer_host`` is the IPv4 address that their signalling comes
    from: RTP is sent there where they name an address of another kind. Serves for an offer and for
    the answer to ours. Raises NoCommonCodec.
    """
    ours = usable(ours)
    for line, media in enumerate(theirs.media):
        if media.media != "audio" or media.port == 0 or media.proto not in _PLAIN_RTP:
            continue
        host = _host_of(theirs, media, peer_host)
        chosen = _choose(media.codecs, current, ours)
        if host is None or chosen is None or not 0 < media.port < 65536:
            continue
        codec, facts = chosen
        keys = _keys(media.codecs, facts.clock_rate)
        return Agreement(
            line=line,
            codec=facts.name,
            payload_type=codec.payload_type,
            keys_payload_type=keys.payload_type if keys else None,
            remote=(host, media.port),
            direction=_direction(theirs, media, host),
            keys_clock_rate=keys.clock_rate if keys else 8000,
            noise_payload_type=_noise(media.codecs),
        )
    raise NoCommonCodec(f"the offer holds no audio in {', '.join(ours)} over plain RTP and IPv4")


def write_answer(offer: SdpMessage, agreed: Agreement, ours: OurMedia) -> str:
    """The answer to ``offer``: each line of it mirrored, all but the agreed one declined."""
    keys = agreed.keys_payload_type
    audio = _audio_line(
        ours.port,
        [(agreed.payload_type, CODECS[agreed.codec])],
        [] if keys is None else [(keys, agreed.keys_clock_rate)],
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


def write_offer(ours: OurMedia, codecs: tuple[CodecName, ...] = EVERY_CODEC) -> str:
    """Our own offer, where the other side leaves it to us; ``codecs`` in order of preference."""
    formats = [(CODECS[name].payload_type, CODECS[name]) for name in usable(codecs)]
    clocks = dict.fromkeys(facts.clock_rate for _, facts in formats)
    keys = [(OUR_KEYS[clock], clock) for clock in sorted(clocks)]
    return _describe(ours, [_audio_line(ours.port, formats, keys, "sendrecv")])


def _choose(
    codecs: list[Codec], current: CodecName | None, ours: tuple[CodecName, ...]
) -> tuple[Codec, CodecFacts] | None:
    known = {name.upper(): CODECS[name] for name in ours}
    found = [
        (codec, facts)
        for codec in codecs
        if codec.payload_type < 128
        and (facts := known.get(codec.encoding_name.upper())) is not None
        and codec.clock_rate == facts.clock_rate
    ]
    kept = [pair for pair in found if pair[1].name == current]
    return next(iter(kept or found), None)


def _keys(codecs: list[Codec], clock_rate: int) -> Codec | None:
    """Their telephone events: those on the audio's clock, where there are some."""
    events = [
        codec
        for codec in codecs
        if codec.encoding_name.upper() == "TELEPHONE-EVENT"
        and codec.payload_type < 128
        and codec.clock_rate in {8000, clock_rate}
    ]
    fitting = [codec for codec in events if codec.clock_rate == clock_rate]
    return next(iter(fitting or events), None)


def _noise(codecs: list[Codec]) -> int:
    named = [codec for codec in codecs if codec.encoding_name.upper() == "CN"]
    return next((codec.payload_type for codec in named if codec.clock_rate == 8000), 13)


def _host_of(sdp: SdpMessage, media: MediaDescription, peer_host: str) -> str | None:
    """The IPv4 address to send to; None where there is none, or one that stands for many: whoever
    calls may not have us talk to a whole network.

    Phones on a host with IPv6 name that address even to a peer whom they reach over IPv4; where
    they called from serves until their RTP comes and tells. A name is not looked up: that would
    block the event loop.
    """
    connection = media.connection or sdp.connection
    if connection is None:
        return None
    try:
        address = ipaddress.IPv4Address(connection.address.split("/")[0])
    except ValueError:
        return peer_host or None
    return None if address.is_multicast or address == _BROADCAST else str(address)


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
    formats: list[tuple[int, CodecFacts]],
    keys: list[tuple[int, int]],
    direction: str,
    proto: str = "RTP/AVP",
) -> MediaDescription:
    types = [payload_type for payload_type, _ in formats]
    maps = [f"{payload_type} {facts.format}" for payload_type, facts in formats]
    parameters = [f"{number} {facts.parameters}" for number, facts in formats if facts.parameters]
    for payload_type, clock_rate in keys:
        types.append(payload_type)
        maps.append(f"{payload_type} telephone-event/{clock_rate}")
        parameters.append(f"{payload_type} 0-15")
    attributes: dict[str, list[str]] = {"rtpmap": maps}
    if parameters:
        attributes["fmtp"] = parameters
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
