"""The doors that calls come through, built from the settings, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter

from voicebot.config import Settings
from voicebot.figures.sip import sip_figures
from voicebot.telephony._api import CallDoor, Dialer, Reception
from voicebot.telephony.sip import MediaPolicy, SipServer
from voicebot.web.metrics import Figure, Histogram


class Doors:
    """Every door; those that the settings leave shut are built and not opened."""

    def __init__(self, settings: Settings, reception: Reception) -> None:
        self._settings = settings
        self.sip = _sip_server(settings, reception)
        self._doors: tuple[CallDoor, ...] = (*([self.sip] if settings.sip.enabled else []),)

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """What the doors need of the HTTP side."""
        return ()

    @property
    def dialer(self) -> Dialer | None:
        """The door that calls go out through; None while there is none that can."""
        return None

    async def open(self) -> None:
        """Raises CallError for the first door that cannot be opened."""
        for door in self._doors:
            await door.start()

    @property
    def rates(self) -> tuple[int, ...]:
        """Sample rates in Hz that calls may have, the usual one first."""
        wide = self._settings.sip.enabled and {"opus", "G722"} & set(self._settings.sip.codecs)
        return (8000, 16_000) if wide else (8000,)

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
        policy=MediaPolicy(codecs=sip.codecs, tone_keys=sip.tone_keys),
    )
