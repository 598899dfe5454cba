"""The signature of our own webhooks, in and out: HMAC-SHA256 (RFC 2104) over time and body.

``X-Voicebot-Timestamp`` holds Unix seconds, ``X-Voicebot-Signature`` is ``v1=`` and the hexadecimal
digest of the timestamp, a full stop and the body as it was sent. A request older or newer than
`WINDOW_S` is refused, so that one who overheard it cannot use it later; within the window the ids
of messages make a repetition harmless.
"""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP_HEADER = "X-Voicebot-Timestamp"
SIGNATURE_HEADER = "X-Voicebot-Signature"
WINDOW_S = 300.0


def sign(body: bytes, timestamp: int, secret: str) -> str:
    """The signature of ``body`` sent at ``timestamp``, Unix seconds."""
    said = str(timestamp).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def signed_headers(body: bytes, now: float, secret: str) -> dict[str, str]:
    """The two headers that go with ``body``."""
    return {
        TIMESTAMP_HEADER: str(int(now)),
        SIGNATURE_HEADER: sign(body, int(now), secret),
    }


def fault_in(body: bytes, timestamp: str, signature: str, now: float, secret: str) -> str:
    """Why a request is not to be believed, empty for one that is. Takes as long for a wrong
    signature as for a right one."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return f"{TIMESTAMP_HEADER} should hold Unix seconds"
    right = hmac.compare_digest(signature.encode(), sign(body, int(timestamp), secret).encode())
    if not right:
        return f"{SIGNATURE_HEADER} is not that of this body and this secret"
    if abs(now - int(timestamp)) > WINDOW_S:
        return f"the request is more than {WINDOW_S:.0f} s old, or a clock is wrong"
    return ""
