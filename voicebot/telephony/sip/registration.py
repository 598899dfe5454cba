"""Telling providers where we are: REGISTER, and again before it lapses (RFC 3261 section 10).

One `Registration` per provider runs as a task. Its servers are tried in turn; when none takes us it
waits, longer each time and with chance in it, so that a provider that comes back is not met by all
its customers at once (RFC 5626 section 4.5). `RetryPause` and `refresh_after` are pure.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiosipua import SipResponse, generate_call_id, generate_tag

from voicebot.errors import CallError
from voicebot.telephony.sip.dialog import build_request, contact
from voicebot.telephony.sip.digest import answer_challenge, is_stale
from voicebot.telephony.sip.door import Door, resolve
from voicebot.telephony.sip.in_dialog import challenges_of
from voicebot.telephony.sip.paths import Paths
from voicebot.telephony.sip.providers import Provider, Route, Server

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S: Final = 8.0
"""How long a server may take before the next one is asked."""
MOST_TRIES: Final = 4
LONGEST_S: Final = 86_400
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """How it stands with one provider. ``server`` is the one that knows us; ``problem`` says why
    none does, empty while it works or has not been tried."""

    registered: bool = False
    server: str = ""
    problem: str = ""
    failures: int = 0


class RetryPause:
    """Pauses in seconds between rounds that failed: doubled each time, half of it by chance."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._longest = _FIRST_PAUSE_S

    def next(self) -> float:
        pause = self._longest * (0.5 + 0.5 * self._chance())
        self._longest = min(2 * self._longest, _LONGEST_PAUSE_S)
        return pause

    def reset(self) -> None:
        self._longest = _FIRST_PAUSE_S


def refresh_after(granted_s: int, chance: float) -> float:
    """When to register again: well before the end, so that there is time for a second server."""
    return granted_s * (0.75 + 0.1 * chance)


def granted(answer: SipResponse, ours: str, asked_s: int) -> int:
    """For how many seconds a 2xx knows us: our own Contact's expires, or Expires, or as asked."""
    address = ours.strip("<>").partition(";")[0]
    for value in answer.headers.get("contact"):
        if address in value:
            for parameter in value.rpartition(">")[2].split(";"):
                name, _, number = parameter.partition("=")
                if name.strip().lower() == "expires" and number.strip().isdigit():
                    return max(1, min(int(number), LONGEST_S))
    plain = (answer.headers.get_first("expires") or "").strip()
    return max(1, min(int(plain), LONGEST_S)) if plain.isdigit() else asked_s


class Registration:
    """Keeps us registered with one provider."""

    def __init__(self, door: Door, paths: Paths, provider: Provider) -> None:
        self.provider = provider
        self.state = RegistrationState()
        self._door = door
        self._paths = paths
        self._pause = RetryPause()
        self._call_id = generate_call_id(provider.domain)
        self._tag = generate_tag()
        self._cseq = 0
        self._expires_s = provider.expires_s
        self._at: Server | None = None

    def servers(self) -> tuple[Server, ...]:
        """The provider's servers, the one that knows us first."""
        known = self._at
        if known is None:
            return self.provider.servers
        return (known, *(server for server in self.provider.servers if server != known))

    async def run(self) -> None:
        """Register, and go on for ever."""
        while True:
            seconds = await self._round()
            if seconds is None:
                pause = self._pause.next()
                log.warning(
                    "sip_not_registered",
                    provider=self.provider.name,
                    problem=self.state.problem,
                    again_in_s=round(pause),
                )
            else:
                self._pause.reset()
                pause = refresh_after(seconds, random.random())
            await asyncio.sleep(pause)

    async def leave(self) -> None:
        """Be unknown again at the server that knows us."""
        if self._at is not None and self.state.registered:
            self.state = RegistrationState()
            await self._register(self._at, 0)

    async def _round(self) -> int | None:
        """Ask each server once; the seconds that were granted, None where no server took us."""
        problem = ""
        for server in self.servers():
            try:
                seconds = await self._register(server, self._expires_s)
            except CallError as failure:
                problem = f"{server}: {failure}"
                continue
            if not self.state.registered or self._at != server:
                log.info("sip_registered", provider=self.provider.name, server=str(server))
            self._at = server
            self.state = RegistrationState(True, str(server), "", self.state.failures)
            return seconds
        self.state = RegistrationState(False, "", problem, self.state.failures + 1)
        return None

    async def _register(self, server: Server, expires_s: int) -> int:
        """Register at one server; give the seconds granted. Raises CallError with the reason."""
        proof: dict[str, str] = {}
        for _ in range(MOST_TRIES):
            answer, ours = await self._ask(server, expires_s, proof)
            status = answer.status_code
            if status < 300:
                return granted(answer, ours, expires_s)
            if status in {401, 407}:
                challenges = challenges_of(answer)
                if proof and not is_stale(status, challenges):
                    raise CallError(f"{status}, the user or password is wrong")
                found = answer_challenge(
                    status, challenges, self.provider.credentials, "REGISTER", self._uri
                )
                if found is None:
                    raise CallError(f"{status} with a challenge that we cannot answer")
                proof = dict([found])
            elif status == 423 and (least := _seconds(answer, "min-expires")) > expires_s:
                expires_s = self._expires_s = least
            else:
                raise CallError(f"refused with {status}")
        raise CallError(f"no end after {MOST_TRIES} tries")

    async def _ask(
        self, server: Server, expires_s: int, proof: Mapping[str, str]
    ) -> tuple[SipResponse, str]:
        hop = await self._paths.to(server)
        here = self._door.here(hop.peer[0])
        ours = contact(here, hop.transport, self.provider.credentials.user)
        self._cseq += 1
        headers = {
            "From": f"<{self.provider.address}>;tag={self._tag}",
            "To": f"<{self.provider.address}>",
            "Call-ID": self._call_id,
            "CSeq": f"{self._cseq} REGISTER",
            "Contact": ours,
            "Expires": str(expires_s),
            "Allow": self._door.allow,
            **proof,
        }
        request, branch = build_request(
            "REGISTER", self._uri, headers, here=here, transport=hop.transport
        )
        answer = await self._door.requests.request(request, branch, hop, give_up_s=ANSWER_WITHIN_S)
        if answer is None:
            raise CallError("no answer")
        return answer, ours

    @property
    def _uri(self) -> str:
        return f"sip:{self.provider.domain}"


class Registrations:
    """All registrations of the door. ``trust`` is told the addresses of the providers' servers, as
    their calls come from there and bring no password."""

    def __init__(
        self,
        door: Door,
        paths: Paths,
        providers: Sequence[Provider],
        trust: Callable[[frozenset[str]], None],
    ) -> None:
        self._providers = tuple(providers)
        self._all = {
            provider.name: Registration(door, paths, provider)
            for provider in providers
            if provider.register
        }
        self._trust = trust
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to register; returns at once."""
        loop = asyncio.get_running_loop()
        for name, registration in self._all.items():
            self._tasks.append(loop.create_task(registration.run(), name=f"register {name}"))
        if self._providers:
            self._tasks.append(loop.create_task(self._find_addresses(), name="providers"))

    async def stop(self, timeout_s: float) -> None:
        """Stop, and tell the providers for ``timeout_s`` at most."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        leaving = [registration.leave() for registration in self._all.values()]
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*leaving, return_exceptions=True)
        except TimeoutError:
            log.info("sip_not_unregistered")

    def states(self) -> Mapping[str, RegistrationState]:
        """How it stands, by the provider's name."""
        return {name: registration.state for name, registration in self._all.items()}

    def ordered(self, routes: tuple[Route, ...]) -> tuple[Route, ...]:
        """Routes through a provider, its server that knows us first."""
        provider = routes[0].provider
        registration = self._all.get(provider.name) if provider else None
        if registration is None:
            return routes
        order = registration.servers()
        return tuple(sorted(routes, key=lambda route: order.index(route.server)))

    async def _find_addresses(self) -> None:
        """Look the providers' servers up now and then: their addresses may change."""
        while True:
            found = set()
            for provider in self._providers:
                for server in provider.servers:
                    try:
                        found.add(await resolve(server.host))
                    except CallError:
                        continue
            self._trust(frozenset(found))
            await asyncio.sleep(300)


def _seconds(answer: SipResponse, header: str) -> int:
    value = (answer.headers.get_first(header) or "").strip()
    return min(int(value), LONGEST_S) if value.isdigit() else 0
