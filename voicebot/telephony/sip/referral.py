"""Blind transfer by REFER (RFC 3515, RFC 3892): what we send, and what the reports about it mean.

The caller's phone is asked to call the target itself. The context travels twice: as headers of the
REFER, for a PBX that acts on it in our stead, and inside the Refer-To URI (RFC 3261 section
19.1.1), from where a phone copies it into its INVITE to the target. Attended transfer
(`SipLeg.transfer_to_leg`) is reported on alike.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from aiosipua import SipRequest

from voicebot.errors import TransferFailed

MAX_HEADERS: Final = 16
MAX_VALUE: Final = 256
"""Characters; a REFER should still fit into few UDP packets."""

_TARGET: Final = re.compile(
    r"(?:sips?:[^\s<>\"@]+@?[^\s<>\"@]*|tel:[+\d][\d.()\-;=\w]*)\Z", re.IGNORECASE
)
_NOT_A_TOKEN: Final = re.compile(r"[^A-Za-z0-9-]+")
_SPACES: Final = re.compile(r"\s+")
_UNESCAPED: Final = "[]/?:+$-_.!~*'()"
"""What may stand as it is in a URI's header values (hnv-unreserved and unreserved)."""


def context_headers(context: Mapping[str, str]) -> dict[str, str]:
    """SIP headers of ``context``: 'order' becomes X-Voicebot-Order, a name in X- stays.

    Line ends and other white space in values become single spaces; values are cut at 256
    characters, more than 16 are not sent.
    """
    headers = {}
    for name, value in list(context.items())[:MAX_HEADERS]:
        token = "-".join(
            part.capitalize() for part in _NOT_A_TOKEN.sub("-", name).split("-") if part
        )
        if token:
            full = token if token.startswith("X-") else f"X-Voicebot-{token}"
            headers[full] = _SPACES.sub(" ", value).strip()[:MAX_VALUE]
    return headers


def refer_to(target: str, headers: Mapping[str, str]) -> str:
    """The Refer-To value: ``target`` with ``headers`` escaped into it. Raises TransferFailed."""
    uri = target.strip()
    if not uri.lower().startswith(("sip:", "sips:", "tel:")):
        uri = f"sip:{uri}"
    base = uri.partition("?")[0]
    if not _TARGET.match(base):
        raise TransferFailed(target, 0, "not a SIP address")
    if base.lower().startswith("tel:"):
        return f"<{base}>"  # a tel URI has no room for headers
    escaped = "&".join(f"{name}={quote(value, safe=_UNESCAPED)}" for name, value in headers.items())
    joint = "&" if "?" in uri else "?"
    return f"<{uri}{joint}{escaped}>" if escaped else f"<{uri}>"


class Referral:
    """One transfer under way: takes the reports, and knows in the end what came of it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._result: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, status: int | None, *, reports: bool = True) -> None:
        """The REFER itself got its final answer; None when it got none.

        Where the phone will send no ``reports`` (RFC 4488) it took the transfer on, and more nobody
        will ever tell us.
        """
        if status is None:
            self._fail(0, "the caller's phone does not answer")
        elif status >= 300:
            self._fail(status, "refused by the caller's phone")
        elif not reports:
            self._succeed()

    def reported(self, notify: SipRequest) -> None:
        """A NOTIFY came. Only a final status decides, or reports that end without one.

        Reports may overtake the answer to the REFER (RFC 3515 section 2.4.4).
        """
        status = sipfrag_status(notify.text)
        state, _, parameters = (
            (notify.headers.get_first("subscription-state") or "").lower().partition(";")
        )
        if 200 <= status < 300:
            self._succeed()
        elif status >= 300:
            self._fail(status, "refused by the target")
        elif state.strip() == "terminated":
            reason = "gave it up" if "rejected" in parameters else "stopped reporting"
            self._fail(0, f"the caller's phone {reason}")

    def leg_ended(self) -> None:
        """The caller is gone; whether they reached the target nobody will ever tell us."""
        self._fail(0, "the caller hung up")

    async def outcome(self, timeout_s: float) -> None:
        """Wait for the end. Raises TransferFailed when it is a bad one, or none in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._result)
        except TimeoutError:
            self._fail(0, f"not answered in {timeout_s:g} s")
            await self._result

    def _succeed(self) -> None:
        if not self._result.done():
            self._result.set_result(None)

    def _fail(self, status: int, reason: str) -> None:
        if not self._result.done():
            self._result.set_exception(TransferFailed(self._target, status, reason))
            self._result.exception()  # seen: nobody may be waiting any more


def sipfrag_status(body: str) -> int:
    """The status in a message/sipfrag body (RFC 3420); 0 where there is none."""
    words = body.strip().split(None, 2)
    if len(words) < 2 or words[0].upper() != "SIP/2.0" or not words[1].isdigit():
        return 0
    return int(words[1])
