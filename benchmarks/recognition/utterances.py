"""The utterances of each part: audio, grammar, meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.recognition import sounds
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.types import Json, Samples

GRAMMARS: Final = GrammarStore(Path(__file__).parents[1] / "grammars")
DEMO: Final = GrammarStore(Path(__file__).parents[2] / "grammars")
NOISE_DB: Final = (6, 9, 12, 15, 18, 21, 24)

ANSWERS: Final = (
    "yes", "no", "yeah", "nope", "yep", "yes please", "no thanks", "correct", "right",
)  # fmt: skip
COMMANDS: Final = (
    "help", "operator", "repeat", "back", "main menu", "pardon", "agent", "goodbye", "returns",
    "person", "hours",
)  # fmt: skip
OTHER_WORDS: Final = (
    "who", "now", "go", "stop", "night", "far", "hello", "house", "note", "door", "sale", "bad",
    "bus",
)  # fmt: skip

_SEED: Final = 2026
_NUMBERS: Final = 60
_ANNOUNCEMENTS: Final = 80


class Utterance(NamedTuple):
    """Audio at 8 kHz, the grammar to hear it by, what it means (None: nothing in the grammar)."""

    samples: Samples
    grammar: ActiveGrammar
    meaning: Json


def digits(folder: Path) -> list[Utterance]:
    """Isolated digits."""
    active = GRAMMARS.active(["digit"])
    return [
        Utterance(sounds.read(file), active, file.name[0]) for file in sorted(folder.glob("*.flac"))
    ]


def orders(folder: Path) -> list[Utterance]:
    """Spoken coffee orders, right when every slot is right."""
    active = GRAMMARS.active(["coffee"])
    return [
        Utterance(sounds.read(folder / name), active, slots) for name, slots in order_labels(folder)
    ]


def noisy_orders(folder: Path, snr_db: int) -> list[Utterance]:
    """The same with kitchen noise, mixed at 16 kHz before the line, as the data's authors do."""
    active = GRAMMARS.active(["coffee"])
    chance = np.random.default_rng(_SEED + snr_db)
    kitchen, rate = read_speech(next(folder.glob("noise-*")))
    found: list[Utterance] = []
    for name, slots in order_labels(folder):
        samples, own_rate = read_speech(folder / name)
        mixed = sounds.mix(resample(samples, own_rate, rate), kitchen, snr_db, chance)
        found.append(Utterance(sounds.line(mixed, rate), active, slots))
    return found


def numbers() -> list[Utterance]:
    """4 to 8 digits put together from recordings, with pauses of 0 to 0.4 s."""
    chance = np.random.default_rng(_SEED)
    active = GRAMMARS.active(["digits"])
    return [
        Utterance(
            _dictated(figures, (0.05, 0.2, 0.4)[place % 3], chance),
            active,
            "".join(map(str, figures)),
        )
        for place in range(_NUMBERS)
        for figures in [chance.integers(0, 10, 4 + place % 5).tolist()]
    ]


def long_numbers() -> list[Utterance]:
    """16 digits with pauses, longer than the model takes at once."""
    chance = np.random.default_rng(_SEED)
    active = GRAMMARS.active(["builtin:digits?length=16"])
    return [
        Utterance(_dictated(figures, 0.7, chance), active, "".join(map(str, figures)))
        for _ in range(20)
        for figures in [chance.integers(0, 10, 16).tolist()]
    ]


def announcements(store: GrammarStore, *names: str) -> list[Utterance]:
    """Human prompts that none of the grammars holds, each against all ``names`` together."""
    chance = np.random.default_rng(_SEED)
    folders = (sounds.ALLISON / "phonetic", sounds.ALLISON / "letters", sounds.ALLISON)
    files = sorted(
        file
        for folder in folders
        for file in folder.glob("*.wav")
        if not file.name.startswith(("silence", "beep", "ascending", "descending"))
    )
    chosen = [files[index] for index in chance.permutation(len(files))[:_ANNOUNCEMENTS]]
    active = store.active(list(names))
    return [
        Utterance(samples, active, None)
        for samples in map(sounds.read, chosen)
        if len(samples) < 20 * sounds.RATE
    ]


def foreign(utterances: list[Utterance], active: ActiveGrammar, every: int = 1) -> list[Utterance]:
    """What was said in answer to something else, heard by ``active``."""
    return [Utterance(said.samples, active, None) for said in utterances[::every]]


def spoken(phrases: Sequence[str], active: ActiveGrammar) -> list[Utterance]:
    """Each phrase in ten synthetic voices; what ``active`` does not hold is foreign to it."""
    found: list[Utterance] = []
    for phrase in phrases:
        match = active.match_words(phrase.split())
        meaning = None if match is None else match.semantics
        found += [Utterance(said, active, meaning) for said in sounds.voices(phrase)]
    return found


def order_labels(folder: Path) -> list[tuple[str, Json]]:
    """The files of the orders and what each means."""
    labels: dict[str, Json] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return sorted(labels.items())


def _dictated(figures: list[int], longest: float, chance: np.random.Generator) -> Samples:
    parts = [sounds.pause(0.2)]
    for figure in figures:
        spoken = sounds.read(sounds.ALLISON / f"digits/{figure}.wav")
        parts.append(sounds.without_silence(spoken))
        parts.append(sounds.pause(float(chance.uniform(longest / 4, longest))))
    return np.concatenate([*parts, sounds.pause(0.3)])
