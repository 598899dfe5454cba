"""What holds for all grammars: samples match again, and no input does harm."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from voicebot.errors import GrammarError
from voicebot.grammar.active import ActiveGrammar, Progress
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import coverage
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.lint.ambiguity import ambiguities
from voicebot.grammar.lint.report import Engine, inspect
from voicebot.grammar.matcher import best_match
from voicebot.grammar.network import GrammarNetwork
from voicebot.grammar.sampler import sample
from voicebot.grammar.store import compile_linked, compile_source, link_source
from voicebot.grammar.words import word_lattice
from voicebot.types import Language

HEADER = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $r0;\n"
_quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_words = st.sampled_from(["a", "b", "c", "don't", '"New York"', "7", "$NULL", "$GARBAGE", "$VOID"])
_references = st.sampled_from(["$r1", "$r2"])
_repeats = st.sampled_from(["<0-1>", "<2>", "<1-3>", "<0->", "<2->", "<0- /0.4/>", "<0>"])
_weights = st.sampled_from(["", "/0.5/ ", "/3/ ", "/0/ "])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({' '.join(items)})"),
        st.lists(st.tuples(_weights, inner), min_size=1, max_size=3).map(
            lambda items: f"({' | '.join(weight + item for weight, item in items)})"
        ),
        st.tuples(inner, _repeats).map(lambda pair: f"({pair[0]}){pair[1]}"),
        inner.map(lambda item: f"[{item}]"),
        inner.map(lambda item: f"({item}){{t}}"),
    )


_expansions = st.recursive(st.one_of(_words, _references), _grow, max_leaves=8)


def _compile(rules: str) -> CompiledGrammar:
    return compile_source(SourceFile("test.gram", (HEADER + rules).encode()), Path())


@_quick
@given(st.tuples(_expansions, _expansions, _expansions))
def test_samples_match_again_by_tree_and_by_network(rules: tuple[str, str, str]) -> None:
    try:
        grammar = _compile("\n".join(f"$r{index} = {rule};" for index, rule in enumerate(rules)))
        sentences = list(islice(sample(grammar, seed=1), 5))
    except GrammarError:
        return  # left recursion, or nothing to say
    network = GrammarNetwork([grammar])
    active = ActiveGrammar(grammar.key, Language("en-US"), [("t", grammar)])
    for words in sentences:
        found = best_match(grammar, word_lattice(words, "en-US"))
        assert found is not None
        assert found[1] <= 0
        state: int | None = network.start
        for word in words:
            assert state is not None
            state = network.advance(state, word)
        assert state is not None
        assert network.is_final(state)
        assert active.words_status(words) in (Progress.COMPLETE, Progress.COMPLETE_OPEN)


@_quick
@given(
    st.tuples(_expansions, _expansions, _expansions),
    st.lists(st.sampled_from(["a", "b", "c", "x"]), min_size=1, max_size=5),
)
def test_tree_and_network_hold_the_same_words(
    rules: tuple[str, str, str], words: list[str]
) -> None:
    try:
        grammar = _compile("\n".join(f"$r{index} = {rule};" for index, rule in enumerate(rules)))
    except GrammarError:
        return
    network = GrammarNetwork([grammar])
    state: int | None = network.start
    for word in words:
        state = None if state is None else network.advance(state, word)
    held = state is not None and network.is_final(state)
    assert (best_match(grammar, word_lattice(words, "xx")) is not None) == held


@_quick
@given(st.tuples(_expansions, _expansions, _expansions))
def test_checks_end_and_covering_sentences_match(rules: tuple[str, str, str]) -> None:
    text = HEADER + "\n".join(f"$r{index} = {rule};" for index, rule in enumerate(rules))
    try:
        linked = link_source(SourceFile("test.gram", text.encode()), Path())
        grammar = compile_linked(linked)
    except GrammarError:
        return
    for sentence in islice(coverage(grammar), 30):
        assert len(sentence.places) == len(sentence.words)
        assert best_match(grammar, word_lattice(sentence.words, "xx")), sentence.words
    inspect(linked, grammar, Engine(pronounce="_".join))


_pieces = st.lists(
    st.sampled_from(
        [
            *"$=|;()[]<>{}/!\"'~*+#\\\n \t:,.-\0é\ud7ff𐀀\u2028",
            *("$r0", "$a", "word", "<2->", "{!{", "}!}", "/*", "*/", "//", "public ", "root $a;"),
            *("mode dtmf;", "language en;", "$<x.gram#y>", "~<m/t>", "{out = 1}", "!fr", "/0.5/"),
            "tag-format <semantics/1.0>;",
        ]
    ),
    max_size=30,
).map("".join)


@_quick
@given(_pieces)
@example("$r0 = " + "a<1000>" * 500 + ";")
@example("$r0 = " + "[" * 10_000)
@example("$r0 = a" + "<2>" * 5_000 + ";")
@example("$r0 = " + "{" * 10_000 + ";")
@example("/*" * 20_000)
@example("$r0 = $r0" + " | $r0" * 5_000 + ";")
def test_no_text_raises_anything_but_a_grammar_error(text: str) -> None:
    for source in (text, HEADER + text, f"{HEADER}$r0 = x {text};"):
        try:
            grammar = compile_source(SourceFile("t.gram", source.encode()), Path("/nowhere"))
            best_match(grammar, word_lattice(("word", "a"), "en-US"))
        except GrammarError:
            continue


@_quick
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_grammar_error(data: bytes) -> None:
    for source in (data, b"#ABNF 1.0;\n" + data, b"\xff\xfe" + data, b"#ABNF 1.0 cp1252;\n" + data):
        try:
            compile_source(SourceFile("t.gram", source), Path("/nowhere"))
        except GrammarError:
            continue


@_quick
@given(st.text(max_size=80), st.text(alphabet="0123456789*#ABCD", max_size=20))
def test_no_input_of_a_caller_raises(text: str, keys: str) -> None:
    grammar = _compile("$r0 = $GARBAGE one (two | 7)<0-> | 1 2 three;")
    active = ActiveGrammar(grammar.key, Language("en-US"), [("t", grammar)])
    active.match_words([text])
    active.words_status([text])
    active.match_keys(keys)
    active.keys_status(keys)


def test_long_chain_of_rules_does_no_harm() -> None:
    chain = "\n".join(f"$r{index} = $r{index + 1};" for index in range(3_000))
    grammar = _compile(f"{chain}\n$r3000 = x;")
    assert best_match(grammar, word_lattice(("x",), "en-US")) is None  # nested beyond reason
    network = GrammarNetwork([grammar])
    assert set(network.arcs(0)) == {"x"}
    assert [sentence.words for sentence in coverage(grammar)] == [("x",)]
    assert not list(ambiguities(_compile(f"{chain}\n$r3000 = x | x {{t}};")))
