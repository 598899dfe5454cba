"""A dialog (RFC 3261 section 12): what our requests to the other party must carry.

We are the called side (`Dialog.called`) or the calling one (`Dialog.calling`). The values of From,
To, Contact and Record-Route are kept as they came. aiosipua's own Dialog parses and rewrites them,
which breaks tel URIs, and turns the route set round where it must not be (section 12.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote

from aiosipua import SipRequest, SipResponse, generate_branch, generate_tag

from voicebot.telephony.sip.messages import Head, Message

_IN_BRACKETS: Final = re.compile(r"<([^<>]+)>")
_NO_CSEQ: Final = -1


@dataclass(frozen=True, slots=True)
class Peers:
    """Who talks in a dialog: the values of From and To of our requests, and both tags."""

    local: str
    remote: str
    local_tag: str
    remote_tag: str


class Dialog:
    """One dialog; we are reached at ``host``:``port``. ``target`` is where requests are for."""

    def __init__(
        self,
        call_id: str,
        peers: Peers,
        *,
        target: str,
        routes: Sequence[str],
        here: tuple[str, int],
        local_cseq: int = 0,
        remote_cseq: int = _NO_CSEQ,
    ) -> None:
        self.call_id = call_id
        self.target = target
        self.routes = tuple(routes)
        self._peers = peers
        self._here = here
        self._local_cseq = local_cseq
        self._remote_cseq = remote_cseq

    @classmethod
    def called(cls, invite: SipRequest, head: Head, host: str, port: int) -> Self:
        """The dialog that an INVITE to us opens."""
        tag = generate_tag()
        local = f"{invite.headers.get('to')[0]};tag={tag}"
        peers = Peers(local, invite.headers.get("from")[0], tag, head.from_tag)
        return cls(
            head.call_id,
            peers,
            target=_contact_uri(invite) or invite.uri,
            routes=invite.headers.get("record-route"),
            here=(host, port),
            remote_cseq=head.cseq,
        )

    @classmethod
    def calling(cls, answer: SipResponse, head: Head, uri: str, here: tuple[str, int]) -> Self:
        """The dialog that an answer to our INVITE for ``uri`` opens."""
        peers = Peers(
            answer.headers.get("from")[0], answer.headers.get("to")[0], head.from_tag, head.to_tag
        )
        return cls(
            head.call_id,
            peers,
            target=_contact_uri(answer) or uri,
            # The route set lies in the order of the called side: ours is the other way round.
            routes=tuple(reversed(answer.headers.get("record-route"))),
            here=here,
            local_cseq=head.cseq,
        )

    @property
    def local_tag(self) -> str:
        return self._peers.local_tag

    @property
    def remote_tag(self) -> str:
        return self._peers.remote_tag

    @property
    def next_uri(self) -> str:
        """Where the next request is sent first: the first proxy of the route, or the target."""
        return _uri_of(self.routes[0]).strip("<>") if self.routes else self.target

    def accept(self, request: SipRequest, head: Head) -> bool:
        """Whether a request of the other party is in order; takes over its new Contact.

        False for one that is older than the last (section 12.2.2).
        """
        if head.cseq <= self._remote_cseq:
            return False
        self._remote_cseq = head.cseq
        if head.method in {"INVITE", "UPDATE"}:
            self.target = _contact_uri(request) or self.target
        return True

    def contact(self, transport: str) -> str:
        """Our Contact, where the other party's requests in this dialog are to come."""
        return contact(self._here, transport)

    def identity(self) -> str:
        """Our own address in this dialog, as a header's value without tag."""
        return _uri_of(self._peers.local)

    def replaced_by(self) -> str:
        """The Refer-To that has somebody take our place in this dialog (RFC 3891 section 3)."""
        replaces = f"{self.call_id};to-tag={self.remote_tag};from-tag={self.local_tag}"
        joint = "&" if "?" in self.target else "?"
        return f"<{self.target}{joint}Replaces={quote(replaces, safe='')}>"

    def request(
        self, method: str, transport: str, headers: Mapping[str, str] | None = None
    ) -> tuple[SipRequest, str]:
        """The next request to the other party, and the branch that its answer will carry."""
        self._local_cseq += 1
        return self._build(method, self._local_cseq, transport, headers)

    def ack(self, cseq: int, transport: str) -> SipRequest:
        """The ACK for a 2xx to our INVITE of that number."""
        return self._build("ACK", cseq, transport, None)[0]

    def _build(
        self, method: str, cseq: int, transport: str, headers: Mapping[str, str] | None
    ) -> tuple[SipRequest, str]:
        return build_request(
            method,
            self.target,
            {
                "From": self._peers.local,
                "To": self._peers.remote,
                "Call-ID": self.call_id,
                "CSeq": f"{cseq} {method}",
                "Contact": self.contact(transport),
                **(headers or {}),
            },
            here=self._here,
            transport=transport,
            routes=self.routes,
        )


def build_request(
    method: str,
    uri: str,
    headers: Mapping[str, str],
    *,
    here: tuple[str, int],
    transport: str,
    routes: Sequence[str] = (),
) -> tuple[SipRequest, str]:
    """A request of ours with a fresh Via, and the branch that its answer will carry."""
    branch = generate_branch()
    request = SipRequest(method=method, uri=uri)
    request.headers.append("Via", f"SIP/2.0/{transport} {here[0]}:{here[1]};branch={branch};rport")
    for route in routes:
        request.headers.append("Route", route)
    request.headers.set_single("Max-Forwards", "70")
    for name, value in headers.items():
        request.headers.set_single(name, value)
    return request, branch


def contact(here: tuple[str, int], transport: str, user: str = "") -> str:
    """A Contact of ours."""
    parameter = ";transport=tcp" if transport == "TCP" else ""
    name = f"{quote(user, safe='+')}@" if user else ""
    return f"<sip:{name}{here[0]}:{here[1]}{parameter}>"


def _contact_uri(message: Message) -> str:
    values = message.headers.get("contact")
    return _uri_of(values[0]).strip("<>") if values else ""


def _uri_of(address: str) -> str:
    """The address in angle brackets, without display name and parameters."""
    found = _IN_BRACKETS.search(address)
    return found[0] if found else f"<{address.split(';', 1)[0].strip()}>"
