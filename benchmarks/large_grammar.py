"""What a list of 20,000 names costs: compiling, loading, the first utterance and every other.

    python -m benchmarks.large_grammar [--names 20000] [--json]

- `compile`: the text of the grammar to states, with each name's own tag;
- `write`, `load`: to the cache on disk and back;
- `list`: the same names as the result of an action, compiled for one call;
- `loop late`: the longest that an event loop waited for its turn while that went on in a thread;
- `first`, `later`: decoding with 20,000 names, before and after the recogniser knows its way
  around, as a multiple of decoding the same audio with a grammar of twenty names.

The names are spoken by Piper and pass through 8 kHz mu-law. Times are wall clock, in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import pickle
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.disk_cache import DiskCache
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.phrases import Phrase, compile_phrases
from voicebot.grammar.store import compile_source
from voicebot.media import g711
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.speech.piper import PiperSynthesizer
from voicebot.types import Language, Samples

RATE = 8000
SPOKEN = 20
_ENGLISH = Language("en-US")
_SEED = 2026
_T = TypeVar("_T")

_FIRST = (
    "aaron adam alan albert alice amanda amy andrea andrew angela ann anthony arthur ashley "
    "barbara benjamin betty brandon brian bruce carl carol catherine charles christine "
    "christopher cynthia daniel david deborah dennis diane donald donna dorothy douglas edward "
    "elizabeth emily emma eric ethan eugene evelyn frances frank gary george gerald gloria "
    "grace gregory hannah harold heather helen henry irene isabel jack jacob james janet jason "
    "jean jeffrey jennifer jeremy jessica joan john jonathan joseph joshua joyce judith julia "
    "justin karen katherine keith kelly kenneth kevin kimberly larry laura lauren lawrence "
    "linda lisa logan louis madison margaret maria marie marilyn mark martha martin mary megan "
    "melissa michael michelle nancy natalie nathan nicholas nicole noah olivia pamela patricia "
    "patrick paul peter philip rachel ralph raymond rebecca richard robert roger ronald rose "
    "roy russell ruth ryan samantha samuel sandra sara scott sean sharon shirley sophia "
    "stephanie stephen steven susan teresa terry theresa thomas timothy tyler victoria vincent "
    "virginia walter wayne william zachary "
)
_LAST = (
    "adams alexander allen anderson bailey baker barnes bell bennett brooks brown bryant butler "
    "campbell carter castillo chavez clark coleman collins cook cooper cox cruz davis diaz "
    "edwards ellis evans fisher flores ford foster garcia gibson gomez gonzales gonzalez graham "
    "gray green griffin gutierrez hall hamilton harris harrison hayes henderson hernandez hill "
    "howard hughes jackson jenkins jimenez johnson jones jordan kelly kennedy kim king lee "
    "lewis long lopez marshall martin martinez mason mcdonald mendoza miller mitchell moore "
    "morales morgan morris murphy murray myers nelson nguyen ortiz owens parker patel patterson "
    "perez perry peterson phillips porter powell price ramirez ramos reed reyes reynolds "
    "richardson rivera roberts robinson rodriguez rogers ross ruiz russell sanchez sanders "
    "scott simmons smith stevens stewart sullivan taylor thomas thompson torres turner vasquez "
    "walker wallace ward washington watson west white williams wilson wood woods wright young "
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure large grammars.")
    parser.add_argument("--names", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pairs = [f"{first} {last}" for first, last in itertools.product(_FIRST.split(), _LAST.split())]
    names = random.Random(_SEED).sample(pairs, min(options.names, len(pairs)))
    report: dict[str, float] = {"names": len(names)}
    large = _grammar(names, report)
    _list(names, report)
    _decoding(names[:SPOKEN], large, report)
    if options.json:
        print(json.dumps(report))
        return
    for what, figure in report.items():
        print(f"{what:24}{figure:10.0f}" if what == "names" else f"{what:24}{figure:10.3f}")


def _grammar(names: Sequence[str], report: dict[str, float]) -> ActiveGrammar:
    rules = "\n | ".join(f"{name} {{out = {number}}}" for number, name in enumerate(names))
    header = "#ABNF 1.0 UTF-8;\nlanguage en-US; root $name; tag-format <semantics/1.0>;\n"
    source = SourceFile("names.gram", f"{header}$name = {rules};\n".encode())
    report["compile"], grammar = _timed(lambda: compile_source(source, Path()))
    with tempfile.TemporaryDirectory() as folder:
        cache = DiskCache(Path(folder))
        report["write"], _ = _timed(lambda: cache.put("names.gram", "", grammar))
        report["load"], loaded = _timed(lambda: cache.get("names.gram", ""))
    assert loaded is not None
    active = ActiveGrammar(loaded.key, _ENGLISH, [("names", loaded)])
    report["first arcs"], _ = _timed(lambda: active.network().arcs(active.network().start))
    return active


def _list(names: Sequence[str], report: dict[str, float]) -> None:
    phrases = [Phrase(name, number) for number, name in enumerate(names)]
    pause = 0.001

    def compile_list() -> bytes:
        grammar = compile_phrases(phrases, _ENGLISH).grammar
        return pickle.dumps(ActiveGrammar(grammar.key, _ENGLISH, [("list", grammar)]))

    async def beside_a_loop() -> float:
        work = asyncio.create_task(asyncio.to_thread(compile_list))
        late = 0.0
        while not work.done():
            began = time.perf_counter()
            await asyncio.sleep(pause)
            late = max(late, time.perf_counter() - began - pause)
        await work
        return late

    report["list"], report["loop late"] = _timed(lambda: asyncio.run(beside_a_loop()))


def _decoding(names: Sequence[str], large: ActiveGrammar, report: dict[str, float]) -> None:
    voice = PiperSynthesizer()
    spoken = [g711.pass_through(voice.synthesize(f"{name}.", RATE)) for name in names]
    grammar = compile_phrases([Phrase(name, name) for name in names], _ENGLISH).grammar
    small = ActiveGrammar(grammar.key, _ENGLISH, [("few", grammar)])
    recognizer = MoonshineRecognizer()
    few: list[float] = []
    many: list[float] = []
    first = _decode(recognizer, spoken[0], large)
    for _ in range(2):
        # One after the other, so that another program's load falls on both.
        pairs = [
            (_decode(recognizer, audio, small), _decode(recognizer, audio, large))
            for audio in spoken
        ]
        few, many = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        report.setdefault("each once", statistics.median(many) / statistics.median(few))
    report["first"] = first / statistics.median(few)
    report["later"] = statistics.median(many) / statistics.median(few)
    report["later, mean"] = statistics.mean(many) / statistics.mean(few)
    right = [recognizer.recognize(audio, RATE, large).best for audio in spoken]
    report["right"] = statistics.mean(
        best is not None and best.text == name for best, name in zip(right, names, strict=True)
    )


def _decode(recognizer: MoonshineRecognizer, audio: Samples, grammar: ActiveGrammar) -> float:
    return recognizer.recognize(audio, RATE, grammar).seconds


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
