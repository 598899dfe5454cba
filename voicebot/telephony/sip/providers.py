"""Where calls of ours go: addresses, and the providers that take them (RFC 3261 section 19.1).

Pure but for `resolve`. A provider is a list of servers, tried in order; DNS SRV is left out on
purpose: an operator who has two servers writes both down, and sees which one is in use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from voicebot.errors import DialFailed
from voicebot.telephony.sip.digest import Credentials

_URI: Final = re.compile(
    r"sip:(?:(?P<user>[^@\s<>\"?]+)@)?(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<parameters>(?:;[^\s<>?\"]*)?)\Z",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\+?[\d*#]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a provider."""

    host: str
    port: int = 5060
    transport: Literal["UDP", "TCP"] = "UDP"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Provider:
    """Who takes our calls and sends us some.

    ``domain`` stands in our address there (``sip:user@domain``). ``register`` says whether we tell
    it where we are; ``expires_s`` is for how long we ask to be known.
    """

    name: str
    servers: tuple[Server, ...]
    domain: str
    credentials: Credentials
    register: bool = True
    expires_s: int = 600
    caller: str = ""

    @property
    def address(self) -> str:
        return f"sip:{self.credentials.user}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to call: the Request-URI, and where the INVITE is sent."""

    uri: str
    server: Server
    provider: Provider | None = None


def routes_to(target: str, providers: Mapping[str, Provider]) -> tuple[Route, ...]:
    """The ways to ``target``, the best first.

    A number (or ``tel:``), and an address in a provider's domain, goes through that provider; any
    other SIP address straight to its host. ``name/number`` chooses the provider of that name.
    Raises DialFailed for what is no address, or a number without a provider.
    """
    chosen, slash, rest = target.strip().partition("/")
    if slash and chosen in providers:
        return _through(providers[chosen], rest)
    number = _number(target)
    if number:
        provider = next(iter(providers.values()), None)
        if provider is None:
            raise DialFailed(target, "unreachable")
        return _through(provider, number)
    found = _URI.match(target.strip())
    if found is None:
        raise DialFailed(target, "failed")
    provider = next((one for one in providers.values() if one.domain == found["host"]), None)
    if provider is not None and found["user"]:
        return _through(provider, found["user"])
    return (Route(target.strip(), server_of(target)),)


def server_of(uri: str) -> Server:
    """Where a SIP URI is sent to. Raises DialFailed for one that we cannot send to."""
    found = _URI.match(uri.strip())
    port = int(found["port"] or 5060) if found else 0
    if found is None or not 0 < port < 65536:
        raise DialFailed(uri, "failed")
    over_tcp = "transport=tcp" in found["parameters"].lower().split(";")
    return Server(found["host"], port, "TCP" if over_tcp else "UDP")


def _number(target: str) -> str:
    text = target.strip()
    if text.lower().startswith("tel:"):
        text = text[4:].split(";")[0]
    text = re.sub(r"[ ().-]", "", text)
    return text if _NUMBER.match(text) else ""


def _through(provider: Provider, user: str) -> tuple[Route, ...]:
    user = _number(user) or user
    if not re.match(r"[^@\s<>\"?;]+\Z", user):
        raise DialFailed(user, "failed")
    uri = f"sip:{user}@{provider.domain}"
    return tuple(Route(uri, server, provider) for server in provider.servers)
