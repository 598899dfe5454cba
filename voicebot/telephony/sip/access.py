"""Who may call in: by address, or by password (RFC 3261 section 22, RFC 7616, RFC 8760).

Pure: ``now`` is passed in. A nonce carries the time it was given out at and our signature over it,
so that strangers who never answer a challenge cost no memory; only nonces that a right password
came with are remembered, for their counts. Which URI the digest names is not compared with the one
that was called, as SBCs rewrite it; the count keeps a response from being used twice all the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, ip_address
from typing import Final

from voicebot.telephony.sip.digest import ALGORITHMS, DigestInput, auth_params, digest_response

REALM: Final = "voicebot"
NONCE_LIFETIME_S: Final = 300.0
MAX_NONCES: Final = 4096
_NO_SUCH_PASSWORD: Final = secrets.token_hex(16)
"""Compared with where a user is not known: that must take as long as a wrong password."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call in: ``users`` with their passwords, and who comes from one of ``networks``.

    With neither everybody may. ``algorithms`` are offered in this order.
    """

    users: Mapping[str, str] | None = None
    networks: tuple[IPv4Network, ...] = ()
    algorithms: tuple[str, ...] = tuple(ALGORITHMS)

    @property
    def is_open(self) -> bool:
        return not self.users and not self.networks


class Verdict(Enum):
    """What becomes of a request."""

    WELCOME = "welcome"
    WHO_ARE_YOU = "who are you"
    """Ask for a password."""
    STALE = "stale"
    """The password was right and its nonce too old or used before: ask again."""
    WRONG = "wrong"
    """A wrong name or password: ask again."""
    FORBIDDEN = "forbidden"


class AccessControl:
    """Judges requests that belong to no call."""

    def __init__(self, access: Access, *, secret: bytes | None = None) -> None:
        self._access = access
        self._secret = secret or secrets.token_bytes(32)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten_at = float("-inf")
        self._trusted: frozenset[str] = frozenset()

    def trust(self, hosts: frozenset[str]) -> None:
        """Let these addresses in besides: the providers that we register with."""
        self._trusted = hosts

    def judge(self, method: str, authorization: Sequence[str], host: str, now: float) -> Verdict:
        """Judge a request from ``host`` with these Authorization values."""
        if self._access.is_open or host in self._trusted or self._is_near(host):
            return Verdict.WELCOME
        if not self._access.users:
            return Verdict.FORBIDDEN
        for value in authorization[:4]:
            params = auth_params(value)
            if params.get("realm") == REALM:
                return self._check(params, method, now)
        return Verdict.WHO_ARE_YOU

    def challenges(self, verdict: Verdict, now: float) -> tuple[str, ...]:
        """The WWW-Authenticate values to ask with, the preferred algorithm first."""
        nonce = self._nonce(now)
        stale = ", stale=true" if verdict is Verdict.STALE else ""
        return tuple(
            f'Digest realm="{REALM}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{stale}'
            for algorithm in self._access.algorithms
        )

    def _is_near(self, host: str) -> bool:
        address = ip_address(host)
        return any(address in network for network in self._access.networks)

    def _check(self, params: Mapping[str, str], method: str, now: float) -> Verdict:
        given = DigestInput(
            algorithm=params.get("algorithm", "MD5"),
            user=params.get("username", ""),
            realm=REALM,
            nonce=params.get("nonce", ""),
            method=method,
            uri=params.get("uri", ""),
            nc=params.get("nc", ""),
            cnonce=params.get("cnonce", ""),
        )
        offered = given.algorithm.upper() in self._access.algorithms
        if not offered or params.get("qop", "").lower() != "auth" or not _is_count(given.nc):
            return Verdict.WRONG
        password = (self._access.users or {}).get(given.user)
        expected = digest_response(given, _NO_SUCH_PASSWORD if password is None else password)
        right = hmac.compare_digest(expected.encode(), params.get("response", "").encode())
        if not right or password is None:
            return Verdict.WRONG
        return self._count(given.nonce, int(given.nc, 16), now)

    def _count(self, nonce: str, count: int, now: float) -> Verdict:
        """Whether ``nonce`` is ours, young, and used with a higher count than before."""
        given_at = self._given_at(nonce)
        if given_at is None or not 0 <= now - given_at <= NONCE_LIFETIME_S:
            return Verdict.STALE
        if count <= self._counts.get(nonce, 0) or given_at <= self._forgotten_at:
            return Verdict.STALE
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        if len(self._counts) > MAX_NONCES:
            # What is forgotten could be played again: nothing as old is believed any more.
            oldest, _ = self._counts.popitem(last=False)
            self._forgotten_at = max(self._forgotten_at, self._given_at(oldest) or 0.0)
        return Verdict.WELCOME

    def _nonce(self, now: float) -> str:
        text = f"{now:.3f}.{secrets.token_hex(6)}"
        return f"{text}.{self._signature(text)}"

    def _given_at(self, nonce: str) -> float | None:
        text, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(self._signature(text).encode(), signature.encode()):
            return None
        return float(text.rpartition(".")[0])

    def _signature(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]


def _is_count(text: str) -> bool:
    return len(text) == 8 and all(character in "0123456789abcdefABCDEF" for character in text)
