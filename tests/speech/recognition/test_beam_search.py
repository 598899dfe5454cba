"""The search alone, on a scripted decoder: no audio, no weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.speech.recognition.conftest import GrammarMaker
from voicebot.grammar.active import ActiveGrammar
from voicebot.speech.moonshine import beam
from voicebot.speech.moonshine.constraint import Constraint, Vocabulary
from voicebot.speech.moonshine.model import Floats, Ints
from voicebot.speech.moonshine.readings import Readings, gather, hypotheses
from voicebot.speech.moonshine.tokenizer import END, Tokenizer

WORDS = ("one", "two", "three", "noise")
LETTERS = [b"\xe2\x96\x81" + word.encode() for word in WORDS]
MARKS = (".", "!")
PIECES = [b""] * 259 + LETTERS + [mark.encode() for mark in MARKS]
TOKENS = {word: 259 + place for place, word in enumerate((*WORDS, *MARKS))} | {"END": END}


class ScriptedDecoder:
    """Gives each history of words the next-word probabilities that the script says."""

    def __init__(self, script: Mapping[str, Mapping[str, float]]) -> None:
        self._script = script
        self._histories: list[tuple[int, ...]] = [()]
        self.rows: list[int] = []

    @property
    def logits(self) -> Floats:
        self.rows.append(len(self._histories))
        logits = np.full((len(self._histories), len(PIECES)), -30.0, np.float32)
        names = {token: word for word, token in TOKENS.items()}
        for row, history in enumerate(self._histories):
            spoken = " ".join(names[token] for token in history)
            for word, probability in self._script.get(spoken, {"END": 1.0}).items():
                logits[row, TOKENS[word]] = np.log(probability)
        return logits

    def advance(self, parents: Ints, tokens: Ints) -> None:
        self._histories = [
            (*self._histories[parent], int(token))
            for parent, token in zip(parents, tokens, strict=True)
        ]


@pytest.fixture
def constrain() -> Vocabulary:
    return Vocabulary(Tokenizer(PIECES))


def _search(
    script: Mapping[str, Mapping[str, float]],
    active: ActiveGrammar,
    vocabulary: Vocabulary,
    width: int = 4,
    limit: int = 12,
) -> Readings:
    constraint = Constraint(active.network(), vocabulary)
    return gather(beam.search(ScriptedDecoder(script), constraint, width, limit), constraint)


def _words(readings: Sequence[object]) -> list[str]:
    return [" ".join(getattr(reading, "words", ())) for reading in readings]


def test_likeliest_sentence_of_the_grammar_wins_over_likelier_noise(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"noise": 0.9, "one": 0.02, "two": 0.08}}
    found = _search(script, grammar("one | two"), constrain)
    assert _words(found.complete) == ["two", "one"]
    assert found.complete[0].score == pytest.approx(np.log(0.08), abs=1e-3)


def test_free_decode_ignores_the_grammar(grammar: GrammarMaker, constrain: Vocabulary) -> None:
    script = {"": {"noise": 0.7, "one": 0.3}, "noise": {"noise": 0.5, "END": 0.4}}
    found = _search(script, grammar("one"), constrain)
    assert found.evidence.free_tokens == 2
    assert found.evidence.free == pytest.approx(np.log(0.7 * 0.5 / 0.9), abs=1e-3)


def test_wide_beam_finds_what_a_narrow_one_loses(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {
        "": {"noise": 1.0},
        "noise": {"noise": 1.0},
        "noise noise": {"one": 0.6, "two": 0.4},
        "noise noise one": {"three": 0.01, "END": 0.99},
        "noise noise two": {"three": 0.99, "END": 0.01},
    }
    active = grammar("noise noise (one | two) three")
    narrow, wide = (_search(script, active, constrain, width=width) for width in (1, 2))
    assert _words(narrow.complete) == ["noise noise one three"]
    assert _words(wide.complete)[0] == "noise noise two three"


def test_first_word_has_more_room_than_the_beam_is_wide(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {
        "": {"one": 0.6, "two": 0.4},
        "one": {"three": 0.01, "END": 0.99},
        "two": {"three": 0.99, "END": 0.01},
    }
    found = _search(script, grammar("(one | two) three"), constrain, width=1)
    assert _words(found.complete)[0] == "two three"


def test_punctuation_does_not_crowd_out_other_words(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    marks = {".": 0.5, "!": 0.5}
    script = {
        "": {"one": 0.9, "two": 0.1},
        **dict.fromkeys(("one", "one .", "one !"), marks),
        "two": {"two": 1.0},
        "two two": {"two": 1.0},
    }
    found = _search(script, grammar("one three | two two two"), constrain, width=2)
    assert _words(found.complete) == ["two two two"]


def test_words_around_a_keyword_are_garbage(grammar: GrammarMaker, constrain: Vocabulary) -> None:
    script = {
        "": {"noise": 0.9, "one": 0.1},
        "noise": {"two": 0.9, "noise": 0.1},
        "noise two": {"noise": 0.8, "END": 0.2},
        "noise two noise": {"END": 1.0},
    }
    active = grammar('$GARBAGE (one {out = "first"} | two {out = "second"}) $GARBAGE')
    best = hypotheses(_search(script, active, constrain), active)[0]
    assert best.semantics == "second"
    assert best.text == "noise two noise"


def test_beginning_of_a_sentence_is_found_as_partial(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"one": 0.9, "two": 0.1}, "one": {"END": 0.95, "two": 0.05}}
    found = _search(script, grammar("one two"), constrain)
    assert _words(found.partial[:1]) == ["one"]
    assert _words(found.complete) == ["one two"]
    assert found.best is not None
    assert found.best.words == ("one",)


def test_babbling_is_cut_off(grammar: GrammarMaker, constrain: Vocabulary) -> None:
    script = {" ".join(["noise"] * n): {"noise": 1.0} for n in range(40)}
    found = _search(script, grammar("one"), constrain, limit=7)
    assert found.evidence.free_tokens == 7


def test_hopeless_hypotheses_are_given_up(grammar: GrammarMaker, constrain: Vocabulary) -> None:
    script = {"": {"one": 1.0, "two": 1e-6}, "one": {"two": 1.0}, "one two": {"END": 1.0}}
    decoder = ScriptedDecoder(script)
    active = grammar("(one | two) two")
    beam.search(decoder, Constraint(active.network(), constrain), 4, 12)
    assert max(decoder.rows) == 2  # the one hypothesis, and the free decode


def test_search_stops_when_nothing_like_the_grammar_was_said(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    decoder = ScriptedDecoder({"": {"noise": 1.0}})
    active = grammar("one<20>")
    found = beam.search(decoder, Constraint(active.network(), constrain), 4, 40)
    assert found.complete == []
    assert len(decoder.rows) < 5


def test_nothing_said_matches_nothing(grammar: GrammarMaker, constrain: Vocabulary) -> None:
    found = _search({"": {"END": 1.0}}, grammar("one"), constrain)
    assert found.evidence.free_tokens == 0
    assert found.best is not None
    assert found.best.words == ()


def test_equal_meanings_are_joined_and_share_their_probability(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"one": 0.3, "two": 0.25, "three": 0.4}}
    active = grammar('(one | two) {out = "low"} | three {out = "high"}')
    ranked = hypotheses(_search(script, active, constrain), active)
    assert [hypothesis.semantics for hypothesis in ranked] == ["low", "high"]
    assert ranked[0].text == "one"
    # The joint score, and a little off for what cannot be believed altogether.
    joint = np.log(0.55 / 0.95) + beam.EXCUSED * -np.log(0.4 / 0.95)
    assert joint - 0.05 < ranked[0].score < joint


def test_reading_that_stops_before_the_caller_did_yields_to_a_less_likely_one(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"one": 1.0}, "one": {"END": 0.004, "two": 0.002, "noise": 0.9}}
    active = grammar('one {out = "short"} [two {out = "long"}]')
    found = _search(script, active, constrain)
    assert found.complete[0].words == ("one",)
    assert [hypothesis.semantics for hypothesis in hypotheses(found, active)] == ["long", "short"]


def test_words_and_slots_are_as_sure_as_the_readings_that_agree(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"one": 1.0}, "one": {"two": 0.75, "three": 0.25}}
    active = grammar('one {out.first = 1} (two {out.second = "2"} | three {out.second = "3"})')
    best, other = hypotheses(_search(script, active, constrain), active)
    trust = best.confidence / 0.75
    assert [word.text for word in best.words] == ["one", "two"]
    assert best.words[0].confidence == pytest.approx(best.slots["first"])
    assert best.words[0].confidence == pytest.approx(trust, rel=0.01)
    assert other.semantics == {"first": 1, "second": "3"}
    assert best.words[1].confidence == pytest.approx(best.slots["second"])
    assert best.slots["second"] == pytest.approx(0.75 * trust, rel=0.01)
    assert min(word.confidence for word in best.words) >= best.confidence - 1e-9


def test_word_in_noise_is_not_held_against_the_longer_sentence(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    script = {"": {"one": 1.0}, "one": {"END": 0.12, "two": 0.1, "noise": 0.4, "three": 0.38}}
    found = _search(script, grammar("one [two]"), constrain)
    assert found.complete[0].words == ("one", "two")
    assert found.complete[0].score < found.complete[1].score


def test_search_goes_on_in_the_next_piece_where_the_last_one_ended(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    active = grammar("one two three")
    constraint = Constraint(active.network(), constrain)
    first = ScriptedDecoder({"": {"one": 1.0}, "one": {"two": 1.0}, "one two": {"END": 1.0}})
    second = ScriptedDecoder({"": {"three": 0.5, "noise": 0.5}})
    begun = beam.search(first, constraint, 4, 12)
    assert begun.best < -20
    found = gather(beam.search(second, constraint, 4, 12, after=begun), constraint)
    assert found.complete[0].words == ("one", "two", "three")
    assert found.complete[0].score == pytest.approx(np.log(0.5), abs=1e-3)
    assert found.evidence.free_tokens == 3


def test_two_hearings_add_up_and_keep_the_free_decode_of_the_better(
    grammar: GrammarMaker, constrain: Vocabulary
) -> None:
    constraint = Constraint(grammar("one | two").network(), constrain)
    hearings = [
        beam.search(ScriptedDecoder({"": script}), constraint, 4, 12)
        for script in ({"one": 0.3, "noise": 0.5}, {"one": 0.1, "two": 0.9})
    ]
    found = gather(hearings[0].joined(hearings[1]), constraint)
    assert found.complete[0].words == ("two",)
    assert found.complete[1].score == pytest.approx(np.log(0.3 / 0.8 + 0.1), abs=1e-3)
    assert found.evidence.free == pytest.approx(np.log(0.9), abs=1e-3)


def test_free_decoding_alone(tokenizer: Tokenizer) -> None:
    script = {"": {"two": 1.0}, "two": {"one": 1.0}, "two one": {"END": 1.0}}
    path = beam.decode_freely(ScriptedDecoder(script), 9)
    assert path.tokens == (TOKENS["two"], TOKENS["one"])
