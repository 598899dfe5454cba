"""How the server and the process of an application's functions talk: JSON with its length before.

Unlike the speech workers' pickles: a function is not the server's own code, and its answer must not
become an object here. Imports nothing of voicebot, as the process must start quickly.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

HEADER: Final = struct.Struct("!I")

MAX_ANSWER_BYTES: Final = 1_000_000
"""Of a function's result as JSON; the same as an HTTP answer's."""


def pack(message: dict[str, Any]) -> bytes:
    """Raises ValueError or RecursionError for what JSON cannot hold."""
    body = json.dumps(message, allow_nan=False).encode()
    return HEADER.pack(len(body)) + body
