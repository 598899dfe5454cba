"""Network addresses as text, looked up quickly: in a flood of forged ones each is new."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_MAPPED: Final = bytes(10) + b"\xff\xff"


@lru_cache(maxsize=4096)
def prefix(address: str) -> str:
    """The /64 of an IPv6 address; that of a mapped IPv4 address is the IPv4 address."""
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed) >> 64 << 64, 64)))


class Networks:
    """Networks as numbers and masks: an address is looked up in about a microsecond."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._families: dict[int, list[tuple[int, int]]] = {4: [], 16: []}
        for network in networks:
            base, mask = int(network.network_address), int(network.netmask)
            self._families[network.max_prefixlen // 8].append((base, mask))

    def __contains__(self, address: str) -> bool:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            packed = socket.inet_pton(family, address.partition("%")[0])
        except (OSError, ValueError):
            return False
        if packed[:12] == _MAPPED:
            packed = packed[12:]
        number = int.from_bytes(packed, "big")
        return any(number & mask == base for base, mask in self._families[len(packed)])
