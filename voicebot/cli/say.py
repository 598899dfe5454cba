"""``voicebot say``: speak a text into a sound file, as a caller would hear it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
import typer

from voicebot.config import load_settings
from voicebot.errors import AudioError, UsageError
from voicebot.speech.segments import plan
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voices import load_synthesizer
from voicebot.types import Language, Prompt, Samples


def say(
    text: Annotated[str, typer.Argument(help="What to say; numbers and dates are read out.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Sound file to write.")],
    engine: Annotated[str, typer.Option(help="piper or pyttsx3; empty: as configured.")] = "",
    voice: Annotated[str, typer.Option(help="Voice of the engine; its default if empty.")] = "",
    language: Annotated[str, typer.Option(help="BCP 47 tag, such as de-DE.")] = "",
    rate: Annotated[int, typer.Option(min=8000, max=48000, help="Samples a second.")] = 8000,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Speak TEXT into a sound file."""
    if not text.strip():
        raise UsageError("there is nothing to say. Give a text")
    settings = load_settings().speech
    engine = engine or settings.synthesizer
    if not voice and engine == settings.synthesizer:
        voice = settings.voice
    tag = Language(language or settings.language)
    synthesizer = load_synthesizer(engine, voice, tag)
    started = time.perf_counter()
    samples = _speak(synthesizer, text, tag, rate)
    seconds = time.perf_counter() - started
    _write(output, samples, rate)
    report = {
        "file": str(output),
        "voice": synthesizer.voice,
        "rate": rate,
        "seconds": round(seconds, 3),
        "audio_seconds": round(len(samples) / rate, 3),
    }
    if as_json:
        typer.echo(json.dumps(report))
    else:
        typer.echo(f"{output}: {report['audio_seconds']} s of speech by {synthesizer.voice}")


def _speak(synthesizer: Synthesizer, text: str, language: Language, rate: int) -> Samples:
    parts: list[Samples] = []
    for segment in plan(Prompt((text,)), language):
        parts.append(synthesizer.synthesize(segment.text, rate))
        parts.append(np.zeros(rate * segment.pause_ms // 1000, dtype=np.int16))
    if not parts:
        raise UsageError("there is nothing in the text that can be spoken")
    return np.concatenate(parts)


def _write(output: Path, samples: Samples, rate: int) -> None:
    try:
        soundfile.write(output, samples, rate, subtype="PCM_16")
    except TypeError:
        raise UsageError(f"{output}: unknown kind of sound file. Name it .wav or .flac") from None
    except (soundfile.SoundFileError, ValueError, OSError) as error:
        raise AudioError(str(output), f"cannot be written ({error})") from error
