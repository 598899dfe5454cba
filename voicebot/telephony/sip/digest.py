"""Digest authentication, as far as both sides of it do the same (RFC 7616, RFC 8760 for SIP).

Pure. SHA-256 and MD5, with ``qop=auth`` and, towards old servers, without. Left out on purpose:
``auth-int`` (bodies change on their way through an SBC), the ``-sess`` variants and SHA-512-256,
which no provider asks for.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiosipua.headers import parse_auth

ALGORITHMS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "SHA-256": hashlib.sha256,
    "MD5": hashlib.md5,
}

_ANSWERED_WITH: Final = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DigestInput:
    """What goes into a response besides the password. ``nc`` and ``cnonce`` are empty where the
    challenge has no qop."""

    algorithm: str
    user: str
    realm: str
    nonce: str
    method: str
    uri: str
    nc: str = ""
    cnonce: str = ""


def digest_response(given: DigestInput, password: str) -> str:
    """The ``response`` of RFC 7616 section 3.4.1, in hex. Raises KeyError for another algorithm."""
    algorithm = ALGORITHMS[given.algorithm.upper()]

    def hashed(text: str) -> str:
        return str(algorithm(text.encode()).hexdigest())

    secret = hashed(f"{given.user}:{given.realm}:{password}")
    asked = hashed(f"{given.method}:{given.uri}")
    if given.nc:
        return hashed(f"{secret}:{given.nonce}:{given.nc}:{given.cnonce}:auth:{asked}")
    return hashed(f"{secret}:{given.nonce}:{asked}")


def auth_params(value: str) -> dict[str, str]:
    """The parameters of a Digest header's value, names in lower case; empty for anything else."""
    parsed = parse_auth(value)
    if parsed.scheme.lower() != "digest":
        return {}
    return {name.lower(): text for name, text in parsed.params.items()}


def answer_challenge(
    status: int,
    headers: Mapping[str, Sequence[str]],
    credentials: Credentials,
    method: str,
    uri: str,
) -> tuple[str, str] | None:
    """The header's name and value that answer a 401 or 407; None where nothing we know would.

    ``headers`` has 'www-authenticate' and 'proxy-authenticate', each with its values in order: the
    first one that we can compute is answered (RFC 8760 section 2.4).
    """
    if status not in _ANSWERED_WITH:
        return None
    asked_in, answered_in = _ANSWERED_WITH[status]
    for value in headers.get(asked_in, ()):
        params = auth_params(value)
        modes = [mode.strip().lower() for mode in params.get("qop", "").split(",") if mode.strip()]
        known = params.get("algorithm", "MD5").upper() in ALGORITHMS
        if params.get("nonce") and known and (not modes or "auth" in modes):
            return answered_in, _credentials_header(params, credentials, method, uri, bool(modes))
    return None


def is_stale(status: int, headers: Mapping[str, Sequence[str]]) -> bool:
    """Whether a challenge says that only the nonce was too old, not the password wrong."""
    asked_in = _ANSWERED_WITH.get(status, ("", ""))[0]
    return any(
        auth_params(value).get("stale", "").lower() == "true" for value in headers.get(asked_in, ())
    )


def _credentials_header(
    challenge: Mapping[str, str], credentials: Credentials, method: str, uri: str, qop: bool
) -> str:
    given = DigestInput(
        algorithm=challenge.get("algorithm", "MD5"),
        user=credentials.user,
        realm=challenge.get("realm", ""),
        nonce=challenge["nonce"],
        method=method,
        uri=uri,
        # Every request gets a challenge of its own, so each nonce is used once.
        nc="00000001" if qop else "",
        cnonce=secrets.token_hex(8) if qop else "",
    )
    quoted = {
        "username": given.user,
        "realm": given.realm,
        "nonce": given.nonce,
        "uri": given.uri,
        "response": digest_response(given, credentials.password),
    }
    if "opaque" in challenge:
        quoted["opaque"] = challenge["opaque"]
    if qop:
        quoted["cnonce"] = given.cnonce
    parts = [f'{name}="{value}"' for name, value in quoted.items()]
    parts.append(f"algorithm={given.algorithm}")
    if qop:
        parts += ["qop=auth", f"nc={given.nc}"]
    return "Digest " + ", ".join(parts)
