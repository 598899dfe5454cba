"""Phrases that sound alike."""

from __future__ import annotations

from collections.abc import Callable

from tests.grammar.lint.conftest import brief
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.lint.confusable import MOST_FINDINGS, sound_alikes

Compile = Callable[..., CompiledGrammar]
LITERALS = "semantics/1.0-literals"

_SOUNDS = {"x": "", "fifteen": "f_ɪ_f_t_iː_n", "fifty": "f_ɪ_f_t_i", "ph": "f"}


def letter_by_letter(word: str) -> str:
    """A pronunciation for tests: each letter is a sound."""
    return _SOUNDS.get(word, "_".join(word))


def find(grammar: CompiledGrammar) -> list[str]:
    return brief(sound_alikes(grammar, letter_by_letter))


def test_pair_is_named_with_both_places_and_a_suggestion(compile_rules: Compile) -> None:
    rules = "$main = i want $n [please];\n$n = fifteen {15}\n | fifty {50};"
    grammar = compile_rules(rules, tags=LITERALS)

    (finding,) = sound_alikes(grammar, letter_by_letter)
    assert str(finding.error) == (
        f"{grammar.main.file}:4:6: 'fifteen' sounds like 'fifty' at {grammar.main.file}:5:4. "
        'Say "one five" instead.'
    )


def test_same_meaning_may_sound_alike(compile_rules: Compile) -> None:
    assert not find(compile_rules("$main = pat {1} | bat {1};", tags=LITERALS))
    assert find(compile_rules("$main = pat {1} | bat {2};", tags=LITERALS))
    assert find(compile_rules("$main = pat | bat;"))


def test_only_what_differs_counts(compile_rules: Compile) -> None:
    long = "please tell me about the"

    assert not find(compile_rules(f"$main = {long} sun | {long} gym;"))
    (line,) = find(compile_rules(f"$main = {long} pat | {long} bat;"))
    assert line.startswith("3:34 advice: 'pat' sounds like 'bat'")


def test_homophones_are_said_to_be(compile_rules: Compile) -> None:
    assert "'fon' sounds the same as 'phon'" not in find(compile_rules("$main = fon | phon;"))
    assert find(compile_rules("$main = f | ph;"))[0].endswith(
        f"'f' sounds the same as 'ph' at {_file(compile_rules)}:3:13"
    )


def _file(compile_rules: Compile) -> str:
    return compile_rules("$main = a;").main.file


def test_pair_is_named_once(compile_rules: Compile) -> None:
    rules = "$main = $a | call $a | ask $a or $a; $a = pat | bat;"

    assert len(find(compile_rules(rules))) == 1


def test_word_without_pronunciation_is_passed_over(compile_rules: Compile) -> None:
    assert len(find(compile_rules("$main = x | pat | bat;"))) == 1


def test_numbers_are_told_in_one_line(compile_rules: Compile) -> None:
    sounds = {"sixteen": "s_ɪ_k_s_t_iː_n", "sixty": "s_ɪ_k_s_t_i", "pat": "p_a_t", "bat": "b_a_t"}
    grammar = compile_rules("$main = pat | fifteen | fifty | bat | sixteen | sixty;")
    pair, numbers = sound_alikes(grammar, (_SOUNDS | sounds).__getitem__)

    assert "'pat' sounds like 'bat'" in pair.error.problem
    assert numbers.error.problem.startswith("numbers sound alike: '")
    assert "'fifteen' and 'fifty'" in numbers.error.problem
    assert (
        numbers.error.remedy == "Ask callers to say them digit by digit, or read the answer back."
    )


def test_many_letters_are_not_all_named(compile_rules: Compile) -> None:
    letters = "bcdegptvz"
    grammar = compile_rules(f"$main = {' | '.join(letters)};")
    (finding,) = sound_alikes(grammar, {letter: f"{letter}_iː" for letter in letters}.__getitem__)

    assert finding.error.problem.startswith("letters sound alike: '")
    assert finding.error.problem.endswith(" pairs more")
    assert "bravo" in (finding.error.remedy or "")


def test_letters_are_suggested_as_pilots_say_them(compile_rules: Compile) -> None:
    names = {"b": "b_iː", "d": "d_iː"}
    (finding,) = sound_alikes(compile_rules("$main = b | d;"), names.__getitem__)

    assert finding.error.remedy == 'Say "bravo" instead.'


def test_long_list_is_bounded(compile_rules: Compile) -> None:
    words = [a + b + c + d for a in "pbtd" for b in "aeiou" for c in "mn" for d in "sfzv"]

    assert 0 < len(find(compile_rules(f"$main = {' | '.join(words)};"))) <= MOST_FINDINGS
