"""Who may ask how much of us: limits for each address, the same for every door.

Pure: the time is passed in, and what is to be done comes back as a `Verdict`. An address is an IPv4
address or an IPv6 /64 (a subscriber owns all of one). It has a bucket of requests, refilled
evenly, and a bucket of failures: who empties that one (a scanner, a password guesser, a broken
device) is shut out, for longer each time. What comes from trusted networks is never limited.

Memory is bounded: the addresses that have been quiet longest are forgotten first. Source addresses
of UDP can be forged, so a datagram that belongs to a running call has a small allowance of its own
(`DoorGuard.in_call`), and all strangers together have a limit as well. Left out on purpose: lists
of known offenders, which age badly, and anything that a firewall in front does better.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

import structlog

from voicebot.telephony.networks import Network, Networks, prefix
from voicebot.types import Failure, Verdict

log = structlog.get_logger(__name__)

MAX_ADDRESSES: Final = 10_000
LOG_EVERY_S: Final = 60.0
"""An offender is logged once in this time."""
MAX_LOGGED: Final = 10
"""Offenders that are logged in `LOG_EVERY_S`; the others are only counted."""
TELL_EVERY_S: Final = 1.0
"""How often an address that asks too much is told so; the rest of its requests are dropped."""
IN_CALL_PER_S: Final = 20.0
FORGIVEN_AFTER: Final = 10
"""An address that has behaved for so many times its last shutting out begins anew."""


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """The limits. ``burst`` requests may come at once, refilled at ``requests_per_s``; all that are
    not trusted share ``all_requests_per_s`` of a door (four seconds' worth may come at once).
    ``failures`` are forgiven one every ``failure_forgiven_s``. ``unconfirmed_calls`` are those of
    an address that wait for its ACK. Connections are those of one door; ``trusted`` are addresses
    or networks."""

    requests_per_s: float = 100.0
    burst: int = 400
    all_requests_per_s: float = 500.0
    failures: int = 20
    failure_forgiven_s: float = 10.0
    shut_out_s: float = 30.0
    longest_shut_out_s: float = 3600.0
    unconfirmed_calls: int = 20
    connections: int = 1000
    connections_per_address: int = 100
    trusted: Sequence[str] = ("127.0.0.1", "::1")

    def networks(self) -> tuple[Network, ...]:
        """Raises ValueError for what is no address and no network."""
        return tuple(ip_network(text, strict=False) for text in self.trusted)


@dataclass(frozen=True, slots=True)
class Offender:
    """An address that was shut out of every door; ``unlogged`` are those that were not told of
    before, for want of room in the log."""

    address: str
    door: str
    failure: Failure
    seconds: float
    unlogged: int


@dataclass(frozen=True, slots=True)
class GuardSnapshot:
    """``counts`` are since the start, by door and what was done ('slowed', 'dropped',
    'shut_out', ...); the rest is of this moment."""

    counts: Mapping[tuple[str, str], int]
    failures: Mapping[tuple[str, Failure], int]
    addresses: int
    shut_out: int


class _Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at

    def take(self, rate: float, most: float, now: float) -> bool:
        tokens = self.tokens + (now - self.at) * rate
        self.at = now
        if tokens > most:
            tokens = most
        if tokens < 1:
            self.tokens = tokens
            return False
        self.tokens = tokens - 1
        return True


@dataclass(slots=True)
class _Source:
    """What is known of one address. ``shut_until`` is 0 where it may come in."""

    trusted: bool
    requests: _Bucket
    failures: _Bucket
    in_call: _Bucket
    told_at: float = float("-inf")
    shut_until: float = 0.0
    shut_s: float = 0.0
    logged_at: float = float("-inf")


def _log_offender(offender: Offender) -> None:
    log.warning(
        "address_shut_out",
        address=offender.address,
        door=offender.door,
        failure=str(offender.failure),
        seconds=offender.seconds,
        unlogged=offender.unlogged,
    )


@dataclass
class AddressGuard:
    """All addresses that have asked something of us lately; one for all doors.

    ``report`` is told of offenders, not more often than the log can bear.
    """

    policy: GuardPolicy = field(default_factory=GuardPolicy)
    report: Callable[[Offender], None] = _log_offender
    max_addresses: int = MAX_ADDRESSES
    _sources: OrderedDict[str, _Source] = field(default_factory=OrderedDict, init=False)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _failures: Counter[tuple[str, Failure]] = field(default_factory=Counter, init=False)
    _everybody: dict[str, _Bucket] = field(default_factory=dict, init=False)
    _log_room: _Bucket | None = field(default=None, init=False)
    _unlogged: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._trusted = Networks(self.policy.networks())

    def door(self, name: str) -> DoorGuard:
        """The guard as one door sees it; ``name`` is the label of its counts."""
        return DoorGuard(self, name)

    def trusts(self, address: str) -> bool:
        """Whether ``address`` is in a trusted network. Noise is not."""
        return address in self._trusted

    def snapshot(self, now: float) -> GuardSnapshot:
        return GuardSnapshot(
            counts=dict(self._counts),
            failures=dict(self._failures),
            addresses=len(self._sources),
            shut_out=sum(source.shut_until > now for source in self._sources.values()),
        )

    def _source(self, address: str, now: float) -> _Source:
        key = address if ":" not in address else prefix(address)
        source = self._sources.get(key)
        if source is not None:
            self._sources.move_to_end(key)
            return source
        policy = self.policy
        source = _Source(
            self.trusts(address),
            _Bucket(policy.burst, now),
            _Bucket(policy.failures, now),
            _Bucket(2 * IN_CALL_PER_S, now),
        )
        self._sources[key] = source
        if len(self._sources) > self.max_addresses:
            self._sources.popitem(last=False)
        return source

    def _request(self, address: str, now: float, door: str) -> Verdict:
        source = self._source(address, now)
        if source.trusted:
            return Verdict.ALLOW
        if source.shut_until > now:
            self._counts[door, "shut_out"] += 1
            return Verdict.DROP
        policy = self.policy
        if source.requests.take(policy.requests_per_s, policy.burst, now) and self._has_room(
            door, now
        ):
            return Verdict.ALLOW
        if now - source.told_at >= TELL_EVERY_S:
            source.told_at = now
            self._counts[door, "slowed"] += 1
            return Verdict.SLOW
        self._counts[door, "dropped"] += 1
        return Verdict.DROP

    def _has_room(self, door: str, now: float) -> bool:
        rate = self.policy.all_requests_per_s
        everybody = self._everybody.get(door)
        if everybody is None:
            everybody = self._everybody[door] = _Bucket(4 * rate, now)
        return everybody.take(rate, 4 * rate, now)

    def _failed(self, address: str, now: float, door: str, failure: Failure) -> None:
        self._failures[door, failure] += 1
        source = self._source(address, now)
        policy = self.policy
        if source.trusted or source.shut_until > now:
            return
        if source.failures.take(1 / policy.failure_forgiven_s, policy.failures, now):
            return
        since = now - source.shut_until
        repeated = source.shut_s > 0 and since < FORGIVEN_AFTER * source.shut_s
        longer = 2 * source.shut_s if repeated else policy.shut_out_s
        source.shut_s = min(longer, policy.longest_shut_out_s)
        source.shut_until = now + source.shut_s
        # A quarter of its failures is left when it comes back: it need not start from nothing.
        source.failures = _Bucket(policy.failures / 4, source.shut_until)
        self._counts[door, "offenders"] += 1
        self._tell(source, Offender(address, door, failure, source.shut_s, self._unlogged), now)

    def _tell(self, source: _Source, offender: Offender, now: float) -> None:
        if self._log_room is None:
            self._log_room = _Bucket(MAX_LOGGED, now)
        if now - source.logged_at < LOG_EVERY_S:
            return
        if not self._log_room.take(MAX_LOGGED / LOG_EVERY_S, MAX_LOGGED, now):
            self._unlogged += 1
            return
        source.logged_at = now
        self._unlogged = 0
        self.report(offender)


class DoorGuard:
    """An `AddressGuard` as one door uses it. ``address`` is what the socket says, without port;
    ``now`` any clock that only goes forward, the same one for all doors."""

    __slots__ = ("_guard", "name")

    def __init__(self, guard: AddressGuard, name: str) -> None:
        self._guard = guard
        self.name = name

    @property
    def policy(self) -> GuardPolicy:
        return self._guard.policy

    def request(self, address: str, now: float) -> Verdict:
        """A request, datagram or new connection came from ``address``."""
        return self._guard._request(address, now, self.name)

    def in_call(self, address: str, now: float) -> bool:
        """Whether a request that was not allowed, but belongs to a running call, is let in after
        all: 20 a second and address, so that a call can be ended whatever else comes from there."""
        source = self._guard._source(address, now)
        return source.in_call.take(IN_CALL_PER_S, 2 * IN_CALL_PER_S, now)

    def failed(self, address: str, now: float, failure: Failure) -> None:
        """Count a failure against ``address``; too many shut it out of every door."""
        self._guard._failed(address, now, self.name, failure)

    def is_shut_out(self, address: str, now: float) -> bool:
        """Whether everything from ``address`` is dropped for now."""
        return self._guard._source(address, now).shut_until > now

    def trusts(self, address: str) -> bool:
        return self._guard.trusts(address)

    def count(self, what: str) -> None:
        """Count something else that was done to strangers: 'connection_refused', ..."""
        self._guard._counts[self.name, what] += 1
