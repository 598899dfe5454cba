"""The SIP door as a `Dialer`: calls out, each an `OutgoingLeg` once it is answered."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiosipua import generate_call_id, generate_tag

from voicebot.errors import CallError, DialFailed
from voicebot.telephony._api import LegInfo
from voicebot.telephony.sip.call_setup import Ask, CallSetup
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.identity import party
from voicebot.telephony.sip.leg_core import LegCore
from voicebot.telephony.sip.outgoing_leg import OnEarly, OutgoingLeg
from voicebot.telephony.sip.paths import Paths
from voicebot.telephony.sip.providers import Provider, Route, routes_to
from voicebot.telephony.sip.referral import context_headers
from voicebot.types import CallId

log = structlog.get_logger(__name__)

_SHOWN: Final = re.compile(r"[\w+.-]{0,64}\Z", re.ASCII)


class SipDialer:
    """Calls out. ``keep`` is told of each leg with its Call-ID and our tag, ``forget`` when it is
    over; ``ordered`` puts a provider's servers in order, the one that is known to work first."""

    def __init__(
        self,
        door: Door,
        paths: Paths,
        providers: Mapping[str, Provider],
        keep: Callable[[tuple[str, str], OutgoingLeg], None],
        forget: Callable[[LegCore], None],
        ordered: Callable[[tuple[Route, ...]], tuple[Route, ...]] = lambda routes: routes,
    ) -> None:
        self._door = door
        self._paths = paths
        self._providers = providers
        self._keep = keep
        self._forget = forget
        self._ordered = ordered

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        on_early: OnEarly | None = None,
    ) -> OutgoingLeg:
        """See `Dialer.dial`; ``target`` may also be a number, which goes through a provider.

        ``on_early`` gets each 20 ms that is heard before the answer: ringing, announcements.
        """
        if not _SHOWN.match(caller):
            raise DialFailed(target, "failed")
        routes = self._ordered(routes_to(target, self._providers))
        provider = routes[0].provider
        info = LegInfo(
            CallId(uuid.uuid4().hex), "sip", caller, party(routes[0].uri), direction="outbound"
        )
        leg = OutgoingLeg(
            self._door,
            info,
            self._forget,
            on_early,
        )
        ask = self._ask(caller, headers or {}, provider, routes[0].server.host)
        self._keep((ask.call_id, ask.tag), leg)
        setup = CallSetup(self._door, self._paths, leg, target, list(routes), ask)
        await _run(setup, leg, target, timeout_s)
        return leg

    def _ask(
        self, caller: str, headers: Mapping[str, str], provider: Provider | None, host: str
    ) -> Ask:
        here = self._door.host_towards(host)
        tag = generate_tag()
        extra = context_headers(headers)
        if provider is None:
            address = f"sip:{caller}@{here}" if caller else f"sip:{here}"
        else:
            shown = caller or provider.caller
            address = f"sip:{shown}@{provider.domain}" if shown else provider.address
            if shown:
                # Providers let only their own numbers pass; which is ours to ask for (RFC 3325).
                extra["P-Preferred-Identity"] = f"<{address}>"
        return Ask(
            headers=extra,
            call_id=generate_call_id(here),
            from_=f"<{address}>;tag={tag}",
            tag=tag,
            least_s=self._door.session.least_s,
        )


async def _run(setup: CallSetup, leg: OutgoingLeg, target: str, timeout_s: float) -> None:
    """Run a set-up for ``timeout_s`` at most, and end ``leg`` where it comes to nothing."""
    try:
        async with asyncio.timeout(timeout_s):
            await setup.run()
    except TimeoutError:
        outcome = "no answer" if setup.sign_of_life else "unreachable"
        leg.give_up(outcome)
        raise DialFailed(target, outcome) from None
    except DialFailed as failure:
        leg.give_up(failure.outcome)
        raise
    except CallError as problem:
        leg.give_up(str(problem))
        raise DialFailed(target, "failed") from problem
    except BaseException:
        leg.give_up("cancelled")
        raise
