"""Notes beside recordings of what is still to be made silent in them, for a process that is killed.

``.<recording>.mute`` stands from the moment a secret is known until the sound is silent there: a
line for each stretch, with two numbers of seconds. Who finds one after a start makes up for what
was left undone (`recorder`), and nobody plays a recording meanwhile. A note that cannot be read
stands for the whole recording.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from voicebot.errors import AudioError
from voicebot.media.muting import Stretch

NOTE: Final = ".mute"
"""Ends the name of a note, which begins with a dot."""
ALL: Final[Stretch] = (0.0, 1e9)
_PRIVATE: Final = 0o600


def note_of(recording: Path) -> Path:
    """Where the note for ``recording`` lies, if there is one."""
    return recording.with_name(f".{recording.name}{NOTE}")


def note(recording: Path, stretch: Stretch) -> None:
    """Add to the note that ``stretch`` has to fall silent. Raises AudioError."""
    since, until = stretch
    file = note_of(recording)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(f"{since:.3f} {until:.3f}\n")
    except OSError as error:
        raise AudioError(str(file), f"cannot be written: {error.strerror}") from None


def noted(recording: Path) -> list[Stretch]:
    """What the note says; empty where there is none."""
    try:
        lines = note_of(recording).read_text("ascii").splitlines()
        return [_stretch(line) for line in lines] or [ALL]
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        return [ALL]


def _stretch(line: str) -> Stretch:
    since, until = map(float, line.split())
    return since, until


def left_behind(folder: Path) -> Iterator[Path]:
    """The recordings in the days of ``folder`` that have a note."""
    for file in sorted(folder.glob(f"*/.*{NOTE}")):
        yield file.with_name(file.name[1 : -len(NOTE)])
