"""Offers and answers of one call, applied to its RTP (RFC 3264).

Whoever offers, the result is the same: an `Agreement` that the media follow. Each description that
we send counts up by one, as section 8 wants.
"""

from __future__ import annotations

import secrets

from aiosipua import SdpMessage

from voicebot.errors import NoCommonCodec
from voicebot.telephony.sip.messages import MalformedMessage
from voicebot.telephony.sip.offer_answer import (
    Agreement,
    OurMedia,
    agree,
    read_sdp,
    write_answer,
    write_offer,
)
from voicebot.telephony.sip.rtp import CallMedia


class MediaExchange:
    """The descriptions of one call.

    ``host`` is where the other party is told to send RTP, ``peer_host`` where it signals from.
    """

    def __init__(self, media: CallMedia, host: str, peer_host: str = "") -> None:
        self.media = media
        self.offered = False
        """Whether the last offer was ours, so that an answer is due with the ACK."""
        self._host = host
        self._peer_host = media.source.peer_host = peer_host
        self._session = secrets.randbits(31)
        self._version = 0
        self._said = ""

    @property
    def agreed(self) -> bool:
        """Whether there is an agreement yet."""
        return self.media.agreed is not None

    @property
    def held(self) -> bool:
        """Whether the other party put us on hold."""
        return self.media.agreed is not None and self.media.agreed.held

    def answer(self, text: str) -> str:
        """Agree to their offer; give our answer.

        Raises MalformedMessage or NoCommonCodec, and all is as before.
        """
        offer = read_sdp(text)
        agreed = self._agree(offer)
        self.media.apply(agreed)
        self.offered = False
        self._said = write_answer(offer, agreed, self._ours())
        return self._said

    def offer(self) -> str:
        """Our own offer."""
        self.offered = True
        self._said = write_offer(self._ours(), self.media.policy.codecs)
        return self._said

    def repeat(self) -> str:
        """Our last description again, with its version: nothing changes by it (section 8)."""
        return self._said

    def take_answer(self, text: str) -> None:
        """Their answer to our offer. One that is of no use leaves all as it was."""
        self.offered = False
        try:
            agreed = self._agree(read_sdp(text))
        except (MalformedMessage, NoCommonCodec):
            return
        self.media.apply(agreed)

    def _agree(self, theirs: SdpMessage) -> Agreement:
        current = self.media.agreed.codec if self.media.agreed else None
        return agree(theirs, current, self._peer_host, self.media.policy.codecs)

    def _ours(self) -> OurMedia:
        self._version += 1
        return OurMedia(self._host, self.media.port, self._session, self._version)
