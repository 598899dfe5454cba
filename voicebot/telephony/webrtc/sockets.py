"""Where the media's sockets are: our addresses and ports instead of aioice's.

aioice binds a random port on each address of the machine but loopback. An operator opens a set
range in the firewall, and nothing may listen where nobody asked for it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import ifaddr
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, server_reflexive_candidate
from aiortc import RTCIceTransport

from voicebot.errors import CallError

_EVERYWHERE: Final = ("0.0.0.0", "")
_STUN_WITHIN_S: Final = 2.0
_CANDIDATE: Final = re.compile(
    r"^(a=candidate:\S+ \d+ udp \d+ )(\S+)( \d+ typ host)", re.MULTILINE | re.IGNORECASE
)


@dataclass(slots=True)
class MediaSockets:
    """``addresses`` to bind to, the ports to take, and how others see us where NAT hides that."""

    addresses: tuple[str, ...]
    ports: tuple[int, int]
    advertised: str = ""
    _turn: int = field(default=0)

    def use_for(self, transport: RTCIceTransport) -> None:
        """Make ``transport`` gather its candidates here. To be called before it gathers."""
        connection = transport._connection
        elsewhere = connection.get_component_candidates

        async def gather(component: int, addresses: list[str], **options: int) -> list[Candidate]:
            hosts = [await self._host(connection, component, each) for each in self.addresses]
            mapped = await _mapped(hosts, connection.stun_server)
            relayed = await elsewhere(component=component, addresses=[], **options)
            return [protocol.local_candidate for protocol in hosts] + mapped + relayed

        # aioice has no setting for it.
        connection.get_component_candidates = gather  # type: ignore[method-assign, assignment]

    def advertise(self, sdp: str) -> str:
        """``sdp`` with the address that others reach us at."""
        if not self.advertised:
            return sdp
        return _CANDIDATE.sub(rf"\g<1>{self.advertised}\g<3>", sdp)

    async def _host(self, connection: Connection, component: int, address: str) -> StunProtocol:
        protocol = await self._bound(connection, address)
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", address),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=address,
            port=protocol.transport.get_extra_info("sockname")[1],
            type="host",
        )
        connection._protocols.append(protocol)
        return protocol

    async def _bound(self, connection: Connection, address: str) -> StunProtocol:
        """A socket on the next free port. Raises CallError when all are taken."""
        first, last = self.ports
        count = last - first + 1
        loop = asyncio.get_running_loop()
        for _ in range(count):
            port = first + self._turn % count
            self._turn += 1
            try:
                _, protocol = await loop.create_datagram_endpoint(
                    lambda: StunProtocol(connection), local_addr=(address, port)
                )
            except OSError:
                continue
            return protocol
        raise CallError(f"no free port for media between {first} and {last} on {address}")


async def _mapped(
    hosts: Sequence[StunProtocol], stun_server: tuple[str, int] | None
) -> list[Candidate]:
    """How the STUN server sees ``hosts``, as far as it answers in time."""
    if stun_server is None:
        return []
    asked = [
        asyncio.create_task(server_reflexive_candidate(host, stun_server))
        for host in hosts
        if ipaddress.ip_address(host.local_candidate.host).version == 4
    ]
    if not asked:
        return []
    done, late = await asyncio.wait(asked, timeout=_STUN_WITHIN_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.result()[0] for task in done if task.exception() is None]


async def addresses_of(host: str) -> tuple[str, ...]:
    """The addresses that ``host`` stands for; all of the machine's but loopback for 0.0.0.0.

    Raises CallError for a name that has none.
    """
    if host in _EVERYWHERE:
        found = tuple(
            ip.ip
            for adapter in ifaddr.get_adapters()
            for ip in adapter.ips
            if isinstance(ip.ip, str) and not ip.ip.startswith("127.")
        )
        return found or ("127.0.0.1",)
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise CallError(f"{host} has no address: {error.strerror or error}") from None
    return (str(infos[0][4][0]),)
