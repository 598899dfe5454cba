"""The page for receivers tells the truth, and its code can be run."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, get_args

from voicebot.config.event_hooks import EventKind
from voicebot.notices.model import Kind
from voicebot.sending.signature import signed_headers

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_code_that_checks_signatures_does() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(code, names)
    is_genuine = names["is_genuine"]
    body, secret, now = b'{"id": "x"}', "s" * 32, time.time()
    headers = signed_headers(body, now, secret)
    assert is_genuine(body, headers, secret)
    assert not is_genuine(body + b" ", headers, secret)
    assert not is_genuine(body, headers, "t" * 32)
    assert not is_genuine(body, {}, secret)
    assert not is_genuine(body, signed_headers(body, now - 600, secret), secret)


def test_every_kind_is_in_the_table_and_in_the_settings() -> None:
    assert re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", PAGE, re.MULTILINE) == [
        "call.started",
        "call.answered",
        "deflection.reached",
        "queue.noted",
        "call.ended",
    ]
    assert set(get_args(EventKind)) == {kind.value for kind in Kind}
