"""Who calls whom: `LegInfo` from an INVITE (RFC 3261, RFC 3325 for P-Asserted-Identity, RFC 3966).

P-Asserted-Identity, or the older Remote-Party-ID, is believed where it is present: it is for the
SBC in front to strip what strangers wrote there (RFC 3325 section 6). Where a call was diverted
from (Diversion, RFC 5806; History-Info, RFC 7044) and what the caller's side sends along
(User-to-User, RFC 7433) are kept as they came.
"""

from __future__ import annotations

import re
import uuid
from typing import Final
from urllib.parse import unquote

from aiosipua import SipRequest

from voicebot.telephony._api import LegInfo
from voicebot.types import CallId

MAX_HEADERS: Final = 64
MAX_VALUE: Final = 1024

_USEFUL: Final = frozenset(
    {
        "accept-language",
        "alert-info",
        "call-info",
        "diversion",
        "from",
        "history-info",
        "p-asserted-identity",
        "p-called-party-id",
        "priority",
        "reason",
        "referred-by",
        "remote-party-id",
        "subject",
        "to",
        "user-agent",
        "user-to-user",
    }
)
_URI: Final = re.compile(r"(?:<\s*)?(sips?|tel):([^>\s,]*)", re.IGNORECASE)


def leg_info(invite: SipRequest) -> LegInfo:
    """What is known of the call that ``invite`` brings, with a fresh id."""
    asserted = invite.headers.get_first("p-asserted-identity") or ""
    older = invite.headers.get_first("remote-party-id") or ""
    sender = invite.headers.get_first("from") or ""
    return LegInfo(
        call_id=CallId(uuid.uuid4().hex),
        transport="sip",
        caller=party(asserted) or party(older) or party(sender) or "anonymous",
        callee=party(invite.uri),
        headers=_useful_headers(invite),
    )


def party(value: str) -> str:
    """The number or name in a header's first address: no scheme, host, password or parameters.

    Empty where there is none.
    """
    found = _URI.search(value)
    if found is None:
        return ""
    scheme, rest = found[1].lower(), found[2]
    if scheme != "tel":
        user, at, _ = rest.rpartition("@")
        if not at:
            return ""
        rest = user.split(":", 1)[0]
    return unquote(rest.split(";", 1)[0])[:MAX_VALUE]


def _useful_headers(invite: SipRequest) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for name, values in invite.headers.items():
        name = name.lower()
        if (name in _USEFUL or name.startswith("x-")) and len(chosen) < MAX_HEADERS:
            chosen[name] = ", ".join(values)[:MAX_VALUE]
    return chosen
