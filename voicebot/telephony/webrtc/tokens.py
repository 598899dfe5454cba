"""The right to make one call: a random token, given to a page and taken back with its offer.

Pure; ``now`` is in seconds on any clock. 192 bits, so it cannot be guessed. After the offer the
same token addresses that call and no other.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from voicebot.telephony._api import Reception

_BYTES: Final = 24
MOST_TOKENS: Final = 4096
"""Tokens that may be out at once; the oldest are forgotten beyond that."""


@dataclass(frozen=True, slots=True)
class Right:
    """What a token stands for until ``until``: a call, one that goes on with a conversation in text
    where ``conversation`` names it, and one for ``reception`` where that is not the door's own."""

    until: float
    conversation: str = ""
    reception: Reception | None = None


class Tokens:
    """Tokens that were given out and not used."""

    def __init__(self, ttl_s: float, most: int = MOST_TOKENS) -> None:
        self.ttl_s = ttl_s
        self._most = most
        self._until: OrderedDict[str, Right] = OrderedDict()

    def issue(self, now: float, conversation: str = "", reception: Reception | None = None) -> str:
        """A new token, good for `ttl_s`; ``conversation`` and ``reception`` as in `Right`."""
        self._forget_old(now)
        while len(self._until) >= self._most:
            self._until.popitem(last=False)
        token = secrets.token_urlsafe(_BYTES)
        self._until[token] = Right(now + self.ttl_s, conversation, reception)
        return token

    def redeem(self, token: str, now: float) -> Right | None:
        """Use ``token`` up; None where there is none such, or not any more."""
        right = self._until.pop(token, None)
        return right if right is not None and right.until > now else None

    def has_reception(self, token: str) -> bool:
        """Whether ``token`` was given to somebody known, for a reception of its own."""
        right = self._until.get(token)
        return right is not None and right.reception is not None

    def __len__(self) -> int:
        return len(self._until)

    def _forget_old(self, now: float) -> None:
        while self._until:
            token, right = next(iter(self._until.items()))
            if right.until > now:
                return
            del self._until[token]
