"""What a carrier is told to do with a call, in Twilio's markup (TwiML)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_HEADER_NAME: Final = re.compile(r"[^A-Za-z0-9-]+")
_MOST_HEADERS: Final = 16
_LONGEST_HEADERS: Final = 1000
"""Characters of all headers together; carriers take about 1024."""


def connect(stream_url: str, next_url: str) -> str:
    """Answer, open a stream to ``stream_url``, and ask ``next_url`` when it is over."""
    stream = f"<Stream url={quoteattr(stream_url)}/>"
    return _response(f"<Connect action={quoteattr(next_url)}>{stream}</Connect>")


def reject() -> str:
    """Do not answer: the caller hears busy."""
    return _response('<Reject reason="busy"/>')


def nothing() -> str:
    """An answer that asks for nothing."""
    return _response("")


def hang_up() -> str:
    return _response("<Hangup/>")


def dial(target: str, context: Mapping[str, str]) -> str:
    """Connect the caller with ``target``, a SIP or tel URI.

    A SIP address gets ``context`` as headers, 'order' as X-Voicebot-Order; a number has no room
    for it.
    """
    scheme, _, rest = target.partition(":")
    if scheme.lower() == "tel":
        return _response(f"<Dial><Number>{escape(rest.partition(';')[0])}</Number></Dial>")
    return _response(f"<Dial><Sip>{escape(target + _headers(target, context))}</Sip></Dial>")


def _headers(target: str, context: Mapping[str, str]) -> str:
    written = ""
    for name, value in list(context.items())[:_MOST_HEADERS]:
        token = "-".join(
            part.capitalize() for part in _HEADER_NAME.sub("-", name).split("-") if part
        )
        full = token if token.startswith("X-") else f"X-Voicebot-{token}"
        header = f"{'&' if written or '?' in target else '?'}{full}={quote(value, safe='')}"
        if token and len(written) + len(header) <= _LONGEST_HEADERS:
            written += header
    return written


def _response(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'
