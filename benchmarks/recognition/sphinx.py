"""PocketSphinx behind the recogniser's contract, with the same grammars, for comparison.

Its en-us model is for 16 kHz audio, so the telephone's is converted up. Grammars are written out
as JSGF. It gives no usable confidence for a grammar: what it finds counts as accepted.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.ast import (
    Alternatives,
    Expansion,
    ExternalRef,
    Grammar,
    InLanguage,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
)
from voicebot.grammar.srgs_abnf import read_abnf
from voicebot.media.resample import resample
from voicebot.speech.recognizer import Hypothesis, Recognition, Transcript
from voicebot.types import Samples

_RATE = 16_000


class PocketSphinx:
    """A `Recognizer` for grammars that consist of one file of ``folder``."""

    def __init__(self, folder: Path) -> None:
        """Load the model. Raises ImportError where the package is not installed."""
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=_RATE, lm=None, loglevel="FATAL")
        self._folder = folder
        self._known: set[str] = set()

    def recognize(
        self, audio: Samples, rate: int, grammar: ActiveGrammar, *, nbest: int = 1
    ) -> Recognition:
        del nbest
        started = time.perf_counter()
        (name,) = grammar.names
        if name not in self._known:
            file = self._folder / f"{name}.gram"
            source = read_abnf(file.name, file.read_bytes())
            self._decoder.add_jsgf_string(name, jsgf(source))
            self._known.add(name)
        self._decoder.activate_search(name)
        self._decoder.start_utt()
        self._decoder.process_raw(resample(audio, rate, _RATE).tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        match = grammar.match_words(found.hypstr.split()) if found else None
        best = (Hypothesis(match.text, match.semantics, 1.0, 0.0, name),) if match else ()
        return Recognition(
            match=match is not None,
            confidence=1.0 if match else 0.0,
            nbest=best,
            free_text="",
            complete=match is not None,
            can_continue=False,
            seconds=time.perf_counter() - started,
            audio_seconds=len(audio) / rate,
        )

    def transcribe(self, audio: Samples, rate: int) -> Transcript:
        raise NotImplementedError("only compared along grammars")


def jsgf(grammar: Grammar) -> str:
    """``grammar`` in JSGF 1.0, without its tags; its rules must all be its own."""
    rules = [f"<{rule.name}> = {_write(rule.expansion) or '<NULL>'};" for rule in grammar.rules]
    root = grammar.root.name if grammar.root else grammar.rules[0].name
    return "\n".join(
        ["#JSGF V1.0;", "grammar voicebot;", f"public <voicebot_root> = <{root}>;", *rules]
    )


def _write(expansion: Expansion) -> str:
    match expansion:
        case Token(text):
            return text.lower()
        case Tag():
            return ""
        case RuleRef(name):
            return f"<{name}>"
        case Special(name):
            return f"<{name.value}>" if name is not SpecialName.GARBAGE else "<NULL>"
        case Sequence(items):
            return " ".join(filter(None, map(_write, items)))
        case Alternatives(items):
            return f"( {' | '.join(_write(item.expansion) or '<NULL>' for item in items)} )"
        case Repeat(item, minimum, maximum):
            return _repeated(f"( {_write(item)} )", minimum, maximum)
        case InLanguage(item):
            return _write(item)
        case ExternalRef():
            raise ValueError("a grammar of one file is wanted")


def _repeated(item: str, minimum: int, maximum: int | None) -> str:
    if maximum is None:
        return f"{item} " * minimum + f"{item}*"
    # Nested, so that no two ways of leaving some out count as different sentences.
    optional = ""
    for _ in range(maximum - minimum):
        optional = f"[ {item} {optional}]"
    return f"{item} " * minimum + optional
