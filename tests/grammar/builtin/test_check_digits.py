"""Numbers with check digits: only valid ones are heard, keyed or typed."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.active import ActiveGrammar, Progress
from voicebot.grammar.builtin.check_digits import CHECKS
from voicebot.grammar.store import GrammarStore

KNOWN = [
    ("luhn", "79927398713"),
    ("luhn", "4539578763621486"),
    ("mod11", "0306406152"),
    ("iso7064", "07945"),
    ("mod97", "79444"),
]
"""Published examples: Luhn's own, an ISBN-10, and those of ISO/IEC 7064."""


def active(name: str, folder: Path) -> ActiveGrammar:
    return GrammarStore(folder).active([name])


@pytest.mark.parametrize(("check", "number"), KNOWN)
def test_published_examples_are_valid_and_one_wrong_digit_is_not(check: str, number: str) -> None:
    assert CHECKS[check].holds(number)
    for place, digit in enumerate(number):
        wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
        assert not CHECKS[check].holds(wrong)


@pytest.mark.parametrize("check", CHECKS)
def test_grammar_holds_exactly_the_valid_numbers(check: str, tmp_path: Path) -> None:
    grammar = active(f"builtin:digits?length=4;check={check}", tmp_path)
    valid = [f"{n:04}" for n in range(10_000) if CHECKS[check].holds(f"{n:04}")]
    chosen = random.Random(5)
    others = [f"{chosen.randrange(10_000):04}" for _ in range(150)]

    for number in [*chosen.sample(valid, 40), *others]:
        spoken, keyed = grammar.match_words([" ".join(number)]), grammar.match_keys(number)
        found = [match.semantics if match else None for match in (spoken, keyed)]
        assert found == [number if number in valid else None] * 2


def test_digits_may_come_in_pairs(tmp_path: Path) -> None:
    grammar = active("builtin:digits?length=4;check=luhn", tmp_path)
    assert CHECKS["luhn"].holds("5538")

    match = grammar.match_words(["double", "five", "three", "eight"], date(2026, 3, 4))

    assert match is not None
    assert match.semantics == "5538"


def test_keys_that_cannot_become_valid_are_told_at_the_last_digit(tmp_path: Path) -> None:
    grammar = active("builtin:digits?length=4;check=luhn", tmp_path)

    assert grammar.keys_status("553") is Progress.PARTIAL
    assert grammar.keys_status("5538") is Progress.COMPLETE
    assert grammar.keys_status("5539") is Progress.DEAD


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("check=luhn", "check needs the number of digits"),
        ("length=6;check=crc", "check is 'crc'"),
        ("length=2;check=mod97", "length is '2'"),
    ],
)
def test_wrong_parameters_are_told(query: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match=problem):
        active(f"builtin:digits?{query}", tmp_path)


@pytest.mark.parametrize(
    ("said", "day"),
    [("the fifteenth", "20260315"), ("the third", "20260403"), ("march third", "20270303")],
)
def test_date_to_come_fills_in_what_was_not_said(said: str, day: str, tmp_path: Path) -> None:
    grammar = active("builtin:date?when=future", tmp_path)

    match = grammar.match_words([said], date(2026, 3, 4))

    assert match is not None
    assert match.semantics == day
