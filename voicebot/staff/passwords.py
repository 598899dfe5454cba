"""Passwords: Argon2id (RFC 9106) with the parameters of OWASP's Password Storage Cheat Sheet.

Hashing takes a core for some hundredths of a second, and that in a thread of its own: calls go on
meanwhile. One at a time, and only so many may wait, so that a flood of sign-ins cannot have all
cores and all memory. Lengths and rules are those of NIST SP 800-63B: long is good, rules about
kinds of characters are not asked for. Left out on purpose: lists of leaked passwords.
"""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from voicebot.errors import StaffBusy, StaffError

SHORTEST: Final = 10
LONGEST: Final = 256
"""Characters."""
_LEAST_DIFFERENT: Final = 5
MOST_WAITING: Final = 32
"""Sign-ins that may wait for their turn."""


def check_new_password(password: str, name: str) -> None:
    """Raises StaffError for one that is too easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise StaffError(
            f"a password has {SHORTEST} to {LONGEST} characters; a short sentence does"
        )
    if len(set(password)) < _LEAST_DIFFERENT:
        raise StaffError(
            f"the password should have {_LEAST_DIFFERENT} different characters or more"
        )
    if password.casefold() == name:
        raise StaffError("the password should not be the user's name")


class Passwords:
    """Makes and checks hashes off the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1)])
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._decoy = ""

    async def hash(self, password: str) -> str:
        """Raises StaffBusy when too many wait."""
        return await self._run(password, None)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password. Takes as long where there is no hash to compare with (None:
        nobody has that name). Raises StaffBusy when too many wait."""
        if not self._decoy:
            self._decoy = await self._run("", None)
        right = await self._run(password[: LONGEST + 1], password_hash or self._decoy)
        return bool(right) and password_hash is not None and len(password) <= LONGEST

    async def _run(self, password: str, compare: str | None) -> str:
        """A hash; or where there is one to compare with, that one or nothing."""
        if self._waiting >= MOST_WAITING:
            raise StaffBusy("too many are signing in; try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._work, password, compare)
        finally:
            self._waiting -= 1

    def _work(self, password: str, compare: str | None) -> str:
        plain = unicodedata.normalize("NFC", password).encode(errors="surrogatepass")
        if compare is None:
            return self._hasher.hash(plain)
        try:
            return compare if self._hasher.verify(plain, compare) else ""
        except PwdlibError:
            return ""  # no hash of ours, such as an empty one
