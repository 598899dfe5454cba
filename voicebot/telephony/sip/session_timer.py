"""Session timers (RFC 4028): one side says now and then that the call is still there.

What is asked and agreed is pure (`asked_for`, `agreed`); `SessionClock` calls when a refresh is due
or was missed. A call whose other end vanished without BYE is found by its silence long before
(`media_timeout_s`); the timer serves proxies in between and calls on hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiosipua import SipRequest, SipResponse
from aiosipua.session_timer import parse_session_expires, watchdog_delay

from voicebot.telephony.sip.messages import Message

LEAST_S: Final = 90
"""The shortest interval that anybody may insist on (section 5)."""
LONGEST_S: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """``expires_s`` is what we ask for, 0 for no timer; ``least_s`` the shortest that we accept."""

    expires_s: int = 1800
    least_s: int = LEAST_S


@dataclass(frozen=True, slots=True)
class Session:
    """What was agreed: refreshed within ``interval_s``, by us or by the other side."""

    interval_s: int
    we_refresh: bool


class IntervalTooSmall(ValueError):
    """The other side asks for a shorter interval than we accept (422)."""


def asked_for(request: SipRequest, policy: SessionPolicy) -> Session | None:
    """The session that a request asks for, we being asked; None where it asks for none.

    Raises IntervalTooSmall.
    """
    interval, refresher = _read(request)
    if interval is None:
        return None
    supported = _lists(request, "supported", "timer")
    if interval < policy.least_s:
        raise IntervalTooSmall
    # Without support on their side only we can refresh (section 9).
    return Session(interval, we_refresh=refresher == "uas" or not supported)


def agreed(answer: SipResponse) -> Session | None:
    """The session that the answer to our own request agrees to; None where there is no timer."""
    interval, refresher = _read(answer)
    return None if interval is None else Session(interval, we_refresh=refresher != "uas")


def answer_headers(session: Session | None, request: SipRequest) -> dict[str, str]:
    """What our 2xx to ``request`` says about ``session``."""
    headers = {"Supported": "timer"}
    if session is not None:
        refresher = "uas" if session.we_refresh else "uac"
        headers["Session-Expires"] = f"{session.interval_s};refresher={refresher}"
        if not session.we_refresh or _lists(request, "supported", "timer"):
            headers["Require"] = "timer"
    return headers


def request_headers(interval_s: int, least_s: int, refresher: str = "") -> dict[str, str]:
    """What our own INVITE or UPDATE asks for."""
    if not interval_s:
        return {"Supported": "timer"}
    who = f";refresher={refresher}" if refresher else ""
    return {
        "Supported": "timer",
        "Session-Expires": f"{max(interval_s, least_s)}{who}",
        "Min-SE": str(least_s),
    }


def least_interval(answer: SipResponse) -> int:
    """What a 422 wants at least; 0 where it does not say."""
    value = (answer.headers.get_first("min-se") or "").split(";")[0].strip()
    return min(int(value), LONGEST_S) if value.isdigit() else 0


def allows(message: Message, method: str) -> bool:
    """Whether the sender of ``message`` says that it takes ``method``."""
    return _lists(message, "allow", method)


def _read(message: Message) -> tuple[int | None, str | None]:
    value = message.headers.get_first("session-expires") or message.headers.get_first("x")
    if value is None:
        return None, None
    interval, refresher = parse_session_expires(value)
    return (min(interval, LONGEST_S), refresher) if interval > 0 else (None, None)


def _lists(message: Message, header: str, word: str) -> bool:
    values = ",".join(message.headers.get(header)).split(",")
    return word.lower() in {value.strip().lower() for value in values}


class SessionClock:
    """Runs the timer of one call: ``refresh`` at half the interval where that is ours to do,
    ``expired`` when the other side has missed its own time (section 10)."""

    def __init__(self, refresh: Callable[[], None], expired: Callable[[], None]) -> None:
        self._refresh = refresh
        self._expired = expired
        self._timer: asyncio.TimerHandle | None = None

    def run(self, session: Session | None) -> None:
        """Begin anew with what was agreed now."""
        self.stop()
        if session is None:
            return
        loop = asyncio.get_running_loop()
        if session.we_refresh:
            self._timer = loop.call_later(session.interval_s / 2, self._refresh)
        else:
            self._timer = loop.call_later(watchdog_delay(session.interval_s), self._expired)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
