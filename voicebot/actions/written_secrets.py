"""Tells texts that look like secrets: they belong into the environment, not into a file.

A guess, on the safe side of both: a name that says so (``Authorization``, ``api_key``) with a text
of its own, a password in a URL, the known beginnings of services' keys, and long random tokens.
Numbers of resources, UUIDs and long words pass. Nothing that looks like a secret is ever shown.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from typing import Final

REMEDY: Final = "Keep it in the environment, and write ${env:NAME} here."

MIN_TOKEN: Final = 20
MIN_CHANGES: Final = 3
"""Changes between letters and digits: a name with a number behind it has one."""

MIN_BITS: Final = 3.0
"""Entropy of a token's characters, in bits: random hexadecimal digits have about 3.6."""

_NAMES = re.compile(
    r"(?i)(?:^|[-_])(?:(?:proxy-?)?authorization|cookie|pass(?:word|wd|phrase)?|secret|token"
    r"|api-?_?key|access-?_?key|private-?_?key|signature)$"
)
_PREFIXES = re.compile(
    r"\b(?:sk_(?:live|test)_|ghp_|github_pat_|xox[abpr]-|AKIA[0-9A-Z]{12}|glpat-|eyJ[\w-]{10,}\.eyJ)"
)
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@{}$]+@", re.IGNORECASE)
_TOKEN = re.compile(rf"[A-Za-z0-9]{{{MIN_TOKEN},}}")
_SCHEME = re.compile(r"(?i)^\s*(?:bearer|basic|token|digest|apikey)?\s*$")
_QUERY = re.compile(r"[?&](?P<name>[^=&#]+)=(?P<value>[^&#]*)")


def secret_name(name: str) -> bool:
    """Whether what is called so is a secret: ``Authorization``, ``X-Api-Key``, ``SHOP_TOKEN``."""
    return _NAMES.search(name) is not None


def secret_text(text: str) -> bool:
    """Whether the text holds what looks like a password or a key, whatever it is called."""
    if _PREFIXES.search(text) or _PASSWORD_IN_URL.search(text):
        return True
    return any(_random(token) for token in _TOKEN.findall(text))


def secret_value(name: str, literal: str) -> bool:
    """Whether ``literal``, the fixed part of a value called ``name``, is a secret."""
    return secret_text(literal) or (secret_name(name) and not _SCHEME.match(literal))


def secret_query(url: str) -> bool:
    """Whether a parameter of the URL is named like a secret and stands there as it is."""
    return any(
        secret_name(each["name"]) and "{" not in each["value"] and each["value"]
        for each in _QUERY.finditer(url)
    )


def _random(token: str) -> bool:
    kinds = [character.isdigit() for character in token]
    if sum(one != other for one, other in itertools.pairwise(kinds)) < MIN_CHANGES:
        return False
    shares = [count / len(token) for count in Counter(token).values()]
    return -sum(share * math.log2(share) for share in shares) >= MIN_BITS
