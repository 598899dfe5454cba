"""The doors that calls come through, built from the settings, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter

from voicebot.config import Settings
from voicebot.figures.sip import sip_figures
from voicebot.figures.streams import stream_figures
from voicebot.telephony._api import CallDoor, Reception
from voicebot.telephony.audiosocket import AudioSocketServer, Desk
from voicebot.telephony.mediastream import MediaStreamDoor
from voicebot.telephony.sip import SipServer
from voicebot.web.api.audiosocket import audiosocket_router
from voicebot.web.api.mediastream import Carrier, mediastream_router
from voicebot.web.metrics import Figure, Histogram


class Doors:
    """Every door; those that the settings leave shut are built and not opened."""

    def __init__(self, settings: Settings, reception: Reception) -> None:
        self._settings = settings
        self.sip = _sip_server(settings, reception)
        self.audiosocket = _audiosocket_server(settings, reception)
        self.mediastream = MediaStreamDoor(
            reception=reception, media_timeout_s=settings.mediastream.media_timeout_s
        )
        self._doors: tuple[CallDoor, ...] = (
            *([self.sip] if settings.sip.enabled else []),
            *([self.audiosocket] if settings.audiosocket.enabled else []),
            *([self.mediastream] if settings.mediastream.public_url else []),
        )

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """What the doors need of the HTTP side."""
        routers = []
        if self._settings.audiosocket.enabled:
            token = self._settings.audiosocket.token.get_secret_value()
            routers.append(audiosocket_router(Desk(self.audiosocket.book), token))
        if self._settings.mediastream.public_url:
            routers.append(mediastream_router(self.mediastream, _carrier(self._settings)))
        return tuple(routers)

    async def open(self) -> None:
        """Raises CallError for the first door that cannot be opened."""
        for door in self._doors:
            await door.start()

    def drain(self) -> None:
        """Refuse new calls from now on."""
        for door in self._doors:
            door.drain()

    async def close(self) -> None:
        """Hang up what is left and close every door."""
        for door in self._doors:
            await door.stop()

    def figures(self) -> Iterator[Figure | Histogram]:
        """What the doors count (`MetricSource`)."""
        yield from sip_figures(self.sip.counters())
        yield from stream_figures("audiosocket", self.audiosocket.counters())
        yield from stream_figures("mediastream", self.mediastream.counters())


def _sip_server(settings: Settings, reception: Reception) -> SipServer:
    sip = settings.sip
    return SipServer(
        host=sip.host,
        port=sip.port,
        rtp_ports=sip.rtp_ports,
        reception=reception,
        advertised_host=sip.advertised_host,
        media_timeout_s=sip.media_timeout_s,
        transfer_timeout_s=sip.transfer_timeout_s,
    )


def _audiosocket_server(settings: Settings, reception: Reception) -> AudioSocketServer:
    audiosocket = settings.audiosocket
    return AudioSocketServer(
        host=audiosocket.host,
        port=audiosocket.port,
        reception=reception,
        allow=audiosocket.allow,
        announced_only=audiosocket.announced_only,
        uuid_timeout_s=audiosocket.uuid_timeout_s,
        silence_timeout_s=audiosocket.silence_timeout_s,
        line_timeout_s=audiosocket.line_timeout_s,
    )


def _carrier(settings: Settings) -> Carrier:
    mediastream = settings.mediastream
    token = mediastream.auth_token.get_secret_value() if mediastream.check_signature else None
    return Carrier(mediastream.public_url, token)
