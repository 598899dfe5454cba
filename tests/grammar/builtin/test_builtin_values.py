"""Any value, said as people say it, comes back as the same value; and networks stay small."""

from __future__ import annotations

import random
import time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.builtin_values import TODAY, VALUES
from voicebot.grammar.active import Progress
from voicebot.grammar.builtin import KINDS, builtin_sources
from voicebot.grammar.network import GrammarNetwork
from voicebot.grammar.sampler import sample
from voicebot.grammar.store import GrammarStore, compile_source

STORE = GrammarStore(Path("/nowhere"))


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(VALUES)), st.integers(0, 1 << 32))
def test_value_said_in_words_comes_back(kind: str, seed: int) -> None:
    said, value = VALUES[kind](random.Random(seed))
    match = STORE.active([f"builtin:{kind}"]).match_words(said.split(), TODAY)
    assert match is not None, said
    assert match.semantics == value, said


def test_values_are_drawn_for_every_type() -> None:
    assert set(VALUES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_sampled_sentences_match_and_mean_something(kind: str) -> None:
    active = STORE.active([f"builtin:{kind}"])
    for words in islice(sample(STORE.load(f"builtin:{kind}"), seed=7), 150):
        match = active.match_words(words, TODAY)
        assert match is not None, words
        assert match.semantics not in (None, {}), words
        assert "NaN" not in str(match.semantics), words
        assert "undefined" not in str(match.semantics), words
        assert active.words_status(words) in (Progress.COMPLETE, Progress.COMPLETE_OPEN)


@pytest.mark.parametrize("kind", KINDS)
def test_sampled_keys_match_and_mean_something(kind: str) -> None:
    active = STORE.active([f"builtin:{kind}"])
    for keys in islice(sample(STORE.load(f"builtin:dtmf/{kind}"), seed=7), 60):
        match = active.match_keys("".join(keys), TODAY)
        assert match is not None, keys
        assert match.semantics is not None
        assert "NaN" not in str(match.semantics), keys


SIZES = {
    "boolean": (40, 100),
    "currency": (160, 3_500),
    "date": (150, 2_000),
    "digits": (100, 1_200),
    "number": (150, 1_500),
    "phone": (280, 8_000),
    "time": (60, 700),
}


@pytest.mark.parametrize("kind", KINDS)
def test_networks_stay_compact(kind: str) -> None:
    network = GrammarNetwork([STORE.load(f"builtin:{kind}")])
    known, pending, arcs = {network.start}, [network.start], 0
    while pending:
        ways = network.arcs(pending.pop())
        arcs += len(ways)
        for target, _ in ways.values():
            if target not in known:
                known.add(target)
                pending.append(target)
        assert len(known) <= SIZES[kind][0]
    assert arcs <= SIZES[kind][1]


@pytest.mark.parametrize("kind", KINDS)
def test_compiling_takes_little(kind: str) -> None:
    sources = builtin_sources(f"builtin:{kind}")
    compile_source(sources[0], Path("/nowhere"))
    taken = []
    for _ in range(5):
        started = time.process_time()
        for source in sources:
            compile_source(source, Path("/nowhere"))
        taken.append(time.process_time() - started)
    assert min(taken) < 0.05
