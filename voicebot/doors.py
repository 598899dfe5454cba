"""The doors that calls come through, built from the settings, opened and closed together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from fastapi import APIRouter

from voicebot.config import Settings
from voicebot.config.sip_provider import SipProvider
from voicebot.errors import ConfigError
from voicebot.figures.guard import guard_figures
from voicebot.figures.sip import registration_figures, sip_figures
from voicebot.figures.streams import stream_figures
from voicebot.figures.webrtc import webrtc_figures
from voicebot.open_files import connections_of_a_door
from voicebot.sessions.captions import caption_of
from voicebot.sessions.feed import LiveEvent
from voicebot.telephony._api import CallDoor, Dialer, Reception
from voicebot.telephony.audiosocket import AudioSocketServer, Desk
from voicebot.telephony.guard import AddressGuard, GuardPolicy
from voicebot.telephony.mediastream import MediaStreamDoor
from voicebot.telephony.sip import (
    Access,
    Credentials,
    MediaPolicy,
    Provider,
    SessionPolicy,
    SipServer,
    server_of,
)
from voicebot.telephony.webrtc import IceServers, WebRtcDoor
from voicebot.types import CallId
from voicebot.web.api.audiosocket import audiosocket_router
from voicebot.web.api.health import Check
from voicebot.web.api.mediastream import Carrier, mediastream_router
from voicebot.web.api.webrtc import PagePolicy, webrtc_router
from voicebot.web.caller_page import caller_page_router
from voicebot.web.metrics import Figure, Histogram


class Doors:
    """Every door; those that the settings leave shut are built and not opened."""

    def __init__(self, settings: Settings, reception: Reception) -> None:
        self._settings = settings
        self.guard = _guard(settings)
        self.sip = _sip_server(settings, reception, self.guard)
        self.webrtc = _webrtc_door(settings, reception)
        self.audiosocket = _audiosocket_server(settings, reception, self.guard)
        self.mediastream = MediaStreamDoor(
            reception=reception, media_timeout_s=settings.mediastream.media_timeout_s
        )
        self._doors: tuple[CallDoor, ...] = (
            *([self.sip] if settings.sip.enabled else []),
            *([self.webrtc] if settings.webrtc.enabled else []),
            *([self.audiosocket] if settings.audiosocket.enabled else []),
            *([self.mediastream] if settings.mediastream.public_url else []),
        )

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """What the doors need of the HTTP side."""
        settings = self._settings
        routers = []
        if settings.webrtc.enabled:
            policy = PagePolicy(tuple(settings.webrtc.origins), settings.webrtc.requests_per_minute)
            routers += [webrtc_router(self.webrtc, policy), caller_page_router()]
        if settings.audiosocket.enabled:
            token = settings.audiosocket.token.get_secret_value()
            routers.append(audiosocket_router(Desk(self.audiosocket.book), token))
        if settings.mediastream.public_url:
            routers.append(mediastream_router(self.mediastream, _carrier(settings)))
        return tuple(routers)

    def tell_caller(self, event: LiveEvent) -> None:
        """Show a live event of a call to its caller, where the door has something to show it on."""
        caption = caption_of(event)
        if caption is not None:
            self.webrtc.tell(event.call_id, caption)

    def show_link(self, call_id: CallId, url: str) -> bool:
        """Put a link to go on in text on a caller's page; false where there is none."""
        return self.webrtc.tell(call_id, {"type": "text_offered", "url": url})

    def ask_on_page(self, call_id: CallId, key: str) -> None:
        """Have a caller's page ask whether to go on in text; ``key`` says yes, none: no more."""
        self.webrtc.tell(call_id, {"type": "text_asked", "key": key})

    @property
    def dialer(self) -> Dialer | None:
        """The door that calls go out through; None while there is none that can."""
        return self.sip if self._settings.sip.enabled else None

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
        yield from guard_figures(self.guard.snapshot(asyncio.get_running_loop().time()))
        yield from sip_figures(self.sip.counters())
        yield from registration_figures(self.sip.registrations())
        yield from webrtc_figures(self.webrtc.counters())
        yield from stream_figures("audiosocket", self.audiosocket.counters())
        yield from stream_figures("mediastream", self.mediastream.counters())

    def readiness(self) -> Mapping[str, Check]:
        """How it stands with those whom the doors depend on."""
        return {
            f"sip provider {name}": Check(
                state.registered,
                f"registered at {state.server}" if state.registered else state.problem or "trying",
            )
            for name, state in self.sip.registrations().items()
        }


def _guard(settings: Settings) -> AddressGuard:
    limits = settings.guard.model_dump()
    limits["connections"] = connections_of_a_door(settings.guard.connections)
    return AddressGuard(GuardPolicy(**limits))


def _sip_server(settings: Settings, reception: Reception, guard: AddressGuard) -> SipServer:
    sip = settings.sip
    return SipServer(
        host=sip.host,
        port=sip.port,
        rtp_ports=sip.rtp_ports,
        reception=reception,
        advertised_host=sip.advertised_host,
        media_timeout_s=sip.media_timeout_s,
        transfer_timeout_s=sip.transfer_timeout_s,
        guard=guard,
        access=Access(
            users={user: _password(variable) for user, variable in sip.users.items()},
            networks=tuple(IPv4Network(network) for network in sip.allow),
            algorithms=sip.digest,
        ),
        providers=[_provider(name, each) for name, each in sip.providers.items()],
        session=SessionPolicy(sip.session_expires_s),
        policy=MediaPolicy(codecs=sip.codecs, tone_keys=sip.tone_keys),
    )


def _provider(name: str, settings: SipProvider) -> Provider:
    servers = tuple(server_of(f"sip:{server}") for server in settings.servers)
    return Provider(
        name=name,
        servers=servers,
        domain=settings.domain or servers[0].host,
        credentials=Credentials(settings.user, _password(settings.password_env)),
        register=settings.registers,
        expires_s=settings.expires_s,
        caller=settings.caller,
    )


def _password(variable: str) -> str:
    password = os.environ.get(variable, "")
    if not password:
        raise ConfigError(variable, "is not set", "Put the SIP password into the environment.")
    return password


def _audiosocket_server(
    settings: Settings, reception: Reception, guard: AddressGuard
) -> AudioSocketServer:
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
        guard=guard,
    )


def _carrier(settings: Settings) -> Carrier:
    mediastream = settings.mediastream
    token = mediastream.auth_token.get_secret_value() if mediastream.check_signature else None
    return Carrier(mediastream.public_url, token)


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
