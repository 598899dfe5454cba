"""How often one address may ask: a bucket each, refilled evenly.

Pure; ``now`` is in seconds on any clock. An IPv6 network of /64 counts as one address, since one
household has all of it. Addresses not seen for longest are forgotten beyond a bound.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

MOST_ADDRESSES: Final = 10_000


class RateLimit:
    """``per_minute`` requests on average, as many in one burst."""

    def __init__(self, per_minute: int, most: int = MOST_ADDRESSES) -> None:
        self._burst = float(per_minute)
        self._per_s = per_minute / 60
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str, now: float) -> float:
        """0 where a request of ``address`` may come now (and is counted), else the seconds until
        the next may."""
        key = _network(address)
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_s

    def __len__(self) -> int:
        return len(self._buckets)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
