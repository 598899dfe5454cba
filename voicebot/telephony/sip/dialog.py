"""The dialog with one caller (RFC 3261 section 12): what our requests to them must carry.

The values of From, To, Contact and Record-Route are kept as they came. aiosipua's own Dialog parses
and rewrites them, which breaks tel URIs, and turns the route set round, which is the caller's order
and not ours (section 12.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aiosipua import SipRequest, generate_branch, generate_tag

from voicebot.telephony.sip.messages import Head

_IN_BRACKETS: Final = re.compile(r"<([^<>]+)>")


class Dialog:
    """The dialog that an INVITE opens; we are its called side, reached at ``host``:``port``."""

    def __init__(self, invite: SipRequest, head: Head, host: str, port: int) -> None:
        self.call_id = head.call_id
        self.remote_tag = head.from_tag
        self.local_tag = generate_tag()
        self._remote = invite.headers.get("from")[0]
        self._local = f"{invite.headers.get('to')[0]};tag={self.local_tag}"
        self._routes = tuple(invite.headers.get("record-route"))
        self._target = _contact_uri(invite) or invite.uri
        self._remote_cseq = head.cseq
        self._local_cseq = 0
        self._host = host
        self._port = port

    def accept(self, request: SipRequest, head: Head) -> bool:
        """Whether a request of the caller is in order; takes over its new Contact.

        False for one that is older than the last (section 12.2.2).
        """
        if head.cseq <= self._remote_cseq:
            return False
        self._remote_cseq = head.cseq
        if head.method == "INVITE":
            self._target = _contact_uri(request) or self._target
        return True

    def contact(self, transport: str) -> str:
        """Our Contact, where the caller's requests in this dialog are to come."""
        parameter = ";transport=tcp" if transport == "TCP" else ""
        return f"<sip:{self._host}:{self._port}{parameter}>"

    def identity(self) -> str:
        """The address that the caller called, as a header's value without tag."""
        return _uri_of(self._local)

    def request(
        self, method: str, transport: str, headers: Mapping[str, str] | None = None
    ) -> tuple[SipRequest, str]:
        """The next request to the caller, and the branch that its answer will carry."""
        self._local_cseq += 1
        branch = generate_branch()
        request = SipRequest(method=method, uri=self._target)
        via = f"SIP/2.0/{transport} {self._host}:{self._port};branch={branch};rport"
        request.headers.append("Via", via)
        for route in self._routes:
            request.headers.append("Route", route)
        for name, value in {
            "From": self._local,
            "To": self._remote,
            "Call-ID": self.call_id,
            "CSeq": f"{self._local_cseq} {method}",
            "Max-Forwards": "70",
            "Contact": self.contact(transport),
            **(headers or {}),
        }.items():
            request.headers.set_single(name, value)
        return request, branch


def _contact_uri(request: SipRequest) -> str:
    values = request.headers.get("contact")
    return _uri_of(values[0]).strip("<>") if values else ""


def _uri_of(address: str) -> str:
    """The address in angle brackets, without display name and parameters."""
    found = _IN_BRACKETS.search(address)
    return found[0] if found else f"<{address.split(';', 1)[0].strip()}>"
