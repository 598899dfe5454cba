"""The language that a dialled number stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.config import load_settings
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId
from voicebot.voice_calls import dialled_language


@pytest.mark.parametrize("callee", ["8001", "sip:8001@127.0.0.1", "sips:8001@shop.example"])
def test_number_of_a_language_begins_in_it(tmp_path: Path, callee: str) -> None:
    file = tmp_path / "voicebot.toml"
    file.write_text('[calls]\nlanguages = {"8001" = "zh-CN"}\n')
    settings = load_settings(file, {})

    info = LegInfo(CallId("a"), "sip", "1001", callee)

    assert dialled_language(settings, info) == {"language": "zh-CN"}
    other = LegInfo(CallId("b"), "sip", "1001", "8002")
    assert dialled_language(settings, other) == {}
