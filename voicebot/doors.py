"""The doors that calls come through, built from the settings, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter

from voicebot.config import Settings
from voicebot.figures.sip import sip_figures
from voicebot.figures.webrtc import webrtc_figures
from voicebot.sessions.captions import caption_of
from voicebot.sessions.feed import LiveEvent
from voicebot.telephony._api import CallDoor, Dialer, Reception
from voicebot.telephony.sip import SipServer
from voicebot.telephony.webrtc import IceServers, WebRtcDoor
from voicebot.web.api.webrtc import PagePolicy, webrtc_router
from voicebot.web.caller_page import caller_page_router
from voicebot.web.metrics import Figure, Histogram


class Doors:
    """Every door; those that the settings leave shut are built and not opened."""

    def __init__(self, settings: Settings, reception: Reception) -> None:
        self.sip = _sip_server(settings, reception)
        self.webrtc = _webrtc_door(settings, reception)
        self._settings = settings
        self._doors: tuple[CallDoor, ...] = (
            *([self.sip] if settings.sip.enabled else []),
            *([self.webrtc] if settings.webrtc.enabled else []),
        )

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """What the doors need of the HTTP side."""
        webrtc = self._settings.webrtc
        if not webrtc.enabled:
            return ()
        policy = PagePolicy(tuple(webrtc.origins), webrtc.requests_per_minute)
        return (webrtc_router(self.webrtc, policy), caller_page_router())

    def tell_caller(self, event: LiveEvent) -> None:
        """Show a live event of a call to its caller, where the door has something to show it on."""
        caption = caption_of(event)
        if caption is not None:
            self.webrtc.tell(event.call_id, caption)

    @property
    def dialer(self) -> Dialer | None:
        """The door that calls go out through; None while there is none that can."""
        return None

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
        yield from webrtc_figures(self.webrtc.counters())


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


def _webrtc_door(settings: Settings, reception: Reception) -> WebRtcDoor:
    webrtc = settings.webrtc
    return WebRtcDoor(
        host=webrtc.host,
        ports=webrtc.ports,
        reception=reception,
        advertised_host=webrtc.advertised_host,
        ice_servers=IceServers(
            tuple(webrtc.ice_servers),
            webrtc.turn_username,
            webrtc.turn_credential,
            webrtc.turn_secret,
        ),
        media_timeout_s=webrtc.media_timeout_s,
        connect_timeout_s=webrtc.connect_timeout_s,
        token_ttl_s=webrtc.token_ttl_s,
    )
