"""SIP messages: a strict gate in front of aiosipua's lenient parser, and the answers we build.

aiosipua's parser takes three words of noise for a request, and its accessors raise only when they
are used. Here a message is checked in one place (RFC 3261 sections 7, 8.1.1 and 18.3; the rules are
in `syntax`): what gets past `parse_message` can be read anywhere without further care.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiosipua import (
    SipMessage,
    SipRequest,
    SipResponse,
    generate_tag,
    parse_address,
    parse_via,
    stringify_via,
)

from voicebot.telephony.sip.syntax import (
    MAX_CSEQ,
    MalformedMessage,
    answerable_vias,
    check_body,
    check_headers,
    check_size,
    check_start_line,
)

__all__ = ["MalformedMessage"]

Message: TypeAlias = SipRequest | SipResponse

ALLOWED_METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "NOTIFY", "INFO", "UPDATE")
KNOWN_METHODS: Final = frozenset(
    {*ALLOWED_METHODS, "REGISTER", "PRACK", "REFER", "SUBSCRIBE", "MESSAGE", "PUBLISH"}
)
"""Names that may become a metric's label; any other counts as 'other'."""

REASONS: Final[Mapping[int, str]] = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    505: "Version Not Supported",
    603: "Decline",
}

_REQUIRED: Final = ("via", "from", "to", "call-id", "cseq")


@dataclass(frozen=True, slots=True)
class Head:
    """What every handler needs of a message, read once. Tags are empty where there is none."""

    call_id: str
    from_tag: str
    to_tag: str
    cseq: int
    method: str
    branch: str
    sent_by: tuple[str, int]


def parse_message(data: bytes) -> tuple[Message, Head]:
    """Read one whole message. Raises MalformedMessage, and nothing else."""
    message: Message | None = None
    try:
        check_size(data)
        message = SipMessage.parse(data)
        check_start_line(data)
        check_headers(message)
        head = _read_head(message)
        _check_length(message)
        check_body(message)
    except Exception as error:
        problem = error
        if not isinstance(error, MalformedMessage):
            problem = MalformedMessage(f"unreadable: {type(error).__name__}")
        assert isinstance(problem, MalformedMessage)
        problem.request = message if isinstance(message, SipRequest) else None
        raise problem from error
    return message, head


def _read_head(message: Message) -> Head:
    missing = [name for name in _REQUIRED if not message.headers.get(name)]
    if missing:
        raise MalformedMessage(f"lacks {', '.join(missing)}")
    from_addr = parse_address(message.headers.get("from")[0])
    to_addr = parse_address(message.headers.get("to")[0])
    number, method = message.headers.get("cseq")[0].split()
    if not number.isascii() or not number.isdigit() or int(number) >= MAX_CSEQ:
        raise MalformedMessage("CSeq without a number")
    if isinstance(message, SipRequest) and method.upper() != message.method.upper():
        raise MalformedMessage("CSeq names another method")
    via = parse_via(message.headers.get("via")[0])
    port = 5060 if via.port is None else via.port
    if not via.host or not 0 < port < 65536:
        raise MalformedMessage("Via without an address")
    for contact in message.headers.get("contact"):
        parse_address(contact)
    return Head(
        call_id=message.headers.get("call-id")[0],
        from_tag=from_addr.params.get("tag") or "",
        to_tag=to_addr.params.get("tag") or "",
        cseq=int(number),
        method=method.upper(),
        branch=via.params.get("branch") or "",
        sent_by=(via.host, port),
    )


def _check_length(message: Message) -> None:
    declared = message.headers.get_first("content-length")
    if declared is None:
        return
    # aiosipua has cut what is beyond the length already; what is short cannot be mended.
    if not re.fullmatch(r"\d{1,9}", declared, re.ASCII) or int(declared) != len(message.body):
        raise MalformedMessage("a body that is not as long as it says")


def stamp_via(request: SipRequest, peer: tuple[str, int]) -> None:
    """Write where the request really came from into its topmost Via (RFC 3261 18.2.1, RFC 3581)."""
    values = request.headers.get("via")
    via = parse_via(values[0])
    wants_port = "rport" in via.params and not via.params["rport"]
    if via.host == peer[0] and not wants_port:
        return
    via.params["received"] = peer[0]
    if wants_port:
        via.params["rport"] = str(peer[1])
    values[0] = stringify_via(via)


def reply_port(request: SipRequest, head: Head, peer: tuple[str, int]) -> int:
    """The UDP port that answers go to: the source's when the Via asks so, else the one it names."""
    via = parse_via(request.headers.get("via")[0])
    return peer[1] if "rport" in via.params else head.sent_by[1]


def build_answer(
    request: SipRequest,
    status: int,
    *,
    to_tag: str = "",
    headers: Mapping[str, str | tuple[str, ...]] | None = None,
    sdp: str = "",
) -> SipResponse:
    """An answer to ``request``: its Via, From, To, Call-ID and CSeq, and what is given.

    An answer other than 100 gets a To tag: ``to_tag``, or a fresh one where the request has none. A
    header with several values stands there once for each.
    """
    answer = SipResponse(status_code=status, reason_phrase=REASONS.get(status, "Refused"))
    for name in ("Via", "Record-Route"):
        for value in request.headers.get(name):
            answer.headers.append(name, value)
    for name in ("From", "To", "Call-ID", "CSeq"):
        answer.headers.set_single(name, request.headers.get(name)[0])
    to_value = request.headers.get("to")[0]
    if status > 100 and not parse_address(to_value).params.get("tag"):
        answer.headers.set_single("To", f"{to_value};tag={to_tag or generate_tag()}")
    for name, given in (headers or {}).items():
        for value in (given,) if isinstance(given, str) else given:
            answer.headers.append(name, value)
    if sdp:
        answer.text = sdp
        answer.headers.set_single("Content-Type", "application/sdp")
    return answer


def refusal(
    message: Message, status: int, peer: tuple[str, int], headers: Mapping[str, str] | None = None
) -> tuple[SipResponse, int] | None:
    """An answer to a request that is not to be served, however little of it can be read, and the
    port it goes to. None where there must be none: to a response, an ACK, or without a Via."""
    vias = answerable_vias(message.headers.get("via"))
    if not isinstance(message, SipRequest) or message.method.upper() == "ACK" or not vias:
        return None
    answer = SipResponse(status_code=status, reason_phrase=REASONS[status])
    for value in vias:
        answer.headers.append("Via", value)
    for name in ("From", "To", "Call-ID", "CSeq"):
        for value in message.headers.get(name)[:1]:
            if name == "To" and "tag=" not in value:
                value = f"{value};tag={generate_tag()}"
            answer.headers.set_single(name, value)
    for name, value in (headers or {}).items():
        answer.headers.set_single(name, value)
    via = parse_via(vias[0])
    port = peer[1] if "rport" in via.params or via.port is None else via.port
    return answer, port if 0 < port < 65536 else peer[1]


def body_problem(invite: SipRequest) -> int:
    """Why an INVITE's body or its wish for one cannot be met: 415, 406, or 0 where it can."""
    kind = (invite.headers.get_first("content-type") or "").split(";")[0].strip().lower()
    optional = "handling=optional" in (invite.headers.get_first("content-disposition") or "")
    if invite.body and kind != "application/sdp" and not optional:
        return 415
    accepted = [value.split(";")[0].strip().lower() for value in invite.headers.get("accept")]
    if accepted and not {"application/sdp", "application/*", "*/*"}.intersection(accepted):
        return 406
    return 0


def body_type(message: Message) -> str:
    """The body's media type in lower case, without parameters."""
    return (message.headers.get_first("content-type") or "").split(";")[0].strip().lower()


def has_sdp(message: Message) -> bool:
    """Whether the body is a session description."""
    return bool(message.body) and body_type(message) == "application/sdp"
