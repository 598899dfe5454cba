"""Waveforms are made once for each file as it is, and the oldest are forgotten."""

from __future__ import annotations

from pathlib import Path

from voicebot.media.waveform import Side, Waveform
from voicebot.web.waveforms import MOST, Waveforms


async def test_a_file_is_read_again_when_it_has_changed_or_was_forgotten(tmp_path: Path) -> None:
    read: list[str] = []

    def look(path: Path) -> Waveform:
        read.append(path.name)
        return Waveform(0.0, 0.05, Side((), ()), Side((), ()))

    waveforms = Waveforms(look)
    file = tmp_path / "a"
    file.write_bytes(b"1")
    await waveforms.of(file)
    await waveforms.of(file)
    assert read == ["a"]
    file.write_bytes(b"longer")
    await waveforms.of(file)
    assert read == ["a", "a"]
    for number in range(MOST):
        other = tmp_path / f"other-{number}"
        other.write_bytes(b"")
        await waveforms.of(other)
    await waveforms.of(file)
    assert read[-1] == "a"
