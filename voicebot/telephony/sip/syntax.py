"""What a SIP message must look like before anything is done with it (RFC 3261 sections 7, 20, 25).

aiosipua's parser takes what it can get; these are the rules that RFC 4475 tests a receiver with.
Where that RFC leaves the choice, what harms nobody and is seen in the wild is let in: display names
that should have been quoted, blanks inside angle brackets, strange dates. What could be read in two
ways is refused. Sizes are bounded first, as parsing costs by the byte.
"""

from __future__ import annotations

import re
from typing import Final

from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.framing import MAX_HEAD

MAX_VALUES: Final = 512
"""Header values of one message, counted by commas."""
MAX_SDP: Final = 16 * 1024
MAX_STREAMS: Final = 32
"""Media descriptions of one body; reading thousands would hold all calls up."""
MAX_CSEQ: Final = 2**31

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE: Final = re.compile(rb"([A-Za-z0-9\-.!%*_+`'~]{1,64}) ([!-;=?-~\x80-\xff]+) SIP/2\.0")
_OTHER_VERSION: Final = re.compile(rb"\S+ \S+ SIP/\d+\.\d+")
_STATUS_LINE: Final = re.compile(rb"SIP/2\.0 [1-6]\d\d(?: .*)?", re.DOTALL)
_VIA: Final = re.compile(r"(?i)SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+(?=[^\s;,])")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_EMPTY_PARAMETER: Final = re.compile(r";\s*(?:;|$)")
_EMPTY_PARAMETERS: Final = re.compile(r"(?:;\s*)+(?=;|$)")
_SINGLE: Final = (
    "from",
    "to",
    "call-id",
    "cseq",
    "max-forwards",
    "content-length",
    "content-type",
)
_ADDRESSES: Final = ("from", "to", "contact")


class MalformedMessage(ValueError):
    """What came is no SIP message that could be acted on; the text never quotes it.

    ``request`` is there where it may be answered, with ``status``.
    """

    def __init__(self, problem: str, *, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status
        self.request: SipRequest | None = None


def check_size(data: bytes) -> None:
    """Raises MalformedMessage for a head that would take long to parse."""
    found = _HEAD_END.search(data, 0, MAX_HEAD + 4)
    if found is None and len(data) > MAX_HEAD:
        raise MalformedMessage(f"headers of more than {MAX_HEAD} bytes")
    head = data[: found.start()] if found else data
    if head.count(b",") > MAX_VALUES:
        raise MalformedMessage(f"more than {MAX_VALUES} values")


def check_body(message: SipRequest | SipResponse) -> None:
    """Raises MalformedMessage with 413 for a session description that would take long to read."""
    body = message.body
    if len(body) > MAX_SDP or body.count(b"m=") > MAX_STREAMS:
        kind = message.headers.get_first("content-type") or ""
        if kind.strip().lower().startswith("application/sdp"):
            raise MalformedMessage("too large a session description", status=413)


def check_start_line(data: bytes) -> None:
    """Raises MalformedMessage; with 505 for another version of SIP."""
    first = data.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r")
    if first.startswith(b"SIP/"):
        if not _STATUS_LINE.fullmatch(first):
            raise MalformedMessage("a status line that is no SIP/2.0")
        return
    if _REQUEST_LINE.fullmatch(first):
        return
    if _OTHER_VERSION.fullmatch(first) and not first.endswith(b"SIP/2.0"):
        raise MalformedMessage("another version of SIP", status=505)
    raise MalformedMessage("a request line that is no SIP/2.0")


def check_headers(message: SipRequest | SipResponse) -> None:
    """Raises MalformedMessage for headers that can be read in two ways or not at all."""
    headers = message.headers
    if isinstance(message, SipRequest) and _has_headers(message.uri):
        raise MalformedMessage("a Request-URI with headers")
    for name in _SINGLE:
        if len(headers.get(name)) > 1:
            raise MalformedMessage(f"more than one {name}")
    for name in _ADDRESSES:
        for value in headers.get(name):
            _check_address(name, value)
    hops = headers.get_first("max-forwards")
    if hops is not None and not (hops.isascii() and hops.isdigit() and int(hops) <= 255):
        raise MalformedMessage("a max-forwards beyond 0 to 255")
    vias = headers.get("via")
    vias[:] = [_tidy_via(via) for via in vias]


def _has_headers(uri: str) -> bool:
    """Whether headers hang on a SIP URI; a question mark may also stand in its user part."""
    before, at, after = uri.partition("@")
    return uri.lower().startswith(("sip:", "sips:")) and "?" in (after if at else before)


def _check_address(name: str, value: str) -> None:
    bare = _QUOTED.sub("", value)
    if '"' in bare:
        raise MalformedMessage(f"a quote without end in {name}")
    if bare.count("<") != bare.count(">"):
        raise MalformedMessage(f"an angle bracket without end in {name}")
    if "<" not in bare and "?" in bare:
        raise MalformedMessage(f"an address with headers outside angle brackets in {name}")


def _tidy_via(value: str) -> str:
    """A Via without the blanks that may stand around its slashes."""
    protocol = _VIA.match(value)
    if protocol is None or _EMPTY_PARAMETER.search(value):
        raise MalformedMessage("a via that is none")
    return f"SIP/2.0/{protocol[1]} {value[protocol.end() :].strip()}"


def answerable_vias(values: list[str]) -> list[str]:
    """The Vias of a malformed request as they may stand in its answer; empty where the topmost
    cannot be read, so that nobody would know whose the answer is."""
    readable = [_EMPTY_PARAMETERS.sub("", value) for value in values if _VIA.match(value)]
    return readable if values and _VIA.match(values[0]) else []
