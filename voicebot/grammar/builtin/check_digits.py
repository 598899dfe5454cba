"""Check digits as automata: which digits may follow, so that only valid numbers can be heard.

A number with check digits is a regular language. Laid out as rules of a grammar, the decoder never
hears a number that cannot be right, and a caller's slip is no match instead of a wrong order. Of
two digits that sound alike, at most one usually survives.

``luhn``     Luhn's formula (ISO/IEC 7812-1, annex B): cards, many order numbers
``mod11``    the sum of digits by weights n..1 is a multiple of 11 (as in ISBN-10, without X)
``iso7064``  ISO/IEC 7064 MOD 11,10: one digit
``mod97``    ISO/IEC 7064 MOD 97-10: two digits, as in an IBAN
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from voicebot.grammar.builtin.numerals import UNITS


@dataclass(frozen=True, slots=True)
class Check:
    """``step(state, digit, left)`` gives the next state; ``left`` digits follow this one. A number
    is valid that ends in the state ``valid``."""

    start: int
    step: Callable[[int, int, int], int]
    valid: int

    def holds(self, digits: str) -> bool:
        """Whether a whole number is valid."""
        state = self.start
        for left, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
            state = self.step(state, int(digit), left)
        return state == self.valid


def _luhn(state: int, digit: int, left: int) -> int:
    doubled = 2 * digit if left % 2 else digit
    return (state + doubled - (9 if doubled > 9 else 0)) % 10


def _mod11(state: int, digit: int, left: int) -> int:
    return (state + digit * (left + 1)) % 11


def _iso7064(state: int, digit: int, left: int) -> int:
    added = (state + digit) % 10
    return added if left == 0 else 2 * (added or 10) % 11


def _mod97(state: int, digit: int, left: int) -> int:
    return (10 * state + digit) % 97


CHECKS: dict[str, Check] = {
    "luhn": Check(0, _luhn, 0),
    "mod11": Check(0, _mod11, 0),
    "iso7064": Check(10, _iso7064, 1),
    "mod97": Check(0, _mod97, 1),
}

Names: TypeAlias = Sequence[Sequence[str]]
"""For each digit what is said or pressed for it."""

SPOKEN: Names = (("zero", "oh"), *((name,) for name in UNITS))
KEYED: Names = tuple((str(digit),) for digit in range(10))


def checked_chain(check: Check, length: int, names: Names, *, repeats: bool = False) -> str:
    """Write rules, the first ``$after0``, for all valid numbers of ``length`` digits; no tags.

    One rule for each number of digits read and each state of the check that a valid number can go
    through there. With ``repeats`` digits may come as 'double seven' or 'triple five'.
    """
    alive = _alive(check, length)
    rules = [f"$after0 = {_rule(0, check.start)};\n"]
    for read in range(length):
        for state in sorted(alive[read]):
            ways = [
                f"{said}{_rest(read + times, after, length)}"
                for digit in range(10)
                for times, said in _ways(names[digit], repeats)
                if read + times <= length
                and (after := _advance(check, state, digit, read, times, length))
                in alive[read + times]
            ]
            rules.append(f"{_rule(read, state)} = {' | '.join(ways)};\n")
    return "".join(rules)


def _ways(names: Sequence[str], repeats: bool) -> list[tuple[int, str]]:
    befores = ((1, ""), (2, "double "), (3, "triple ")) if repeats else ((1, ""),)
    return [(times, before + name) for times, before in befores for name in names]


def _advance(check: Check, state: int, digit: int, read: int, times: int, length: int) -> int:
    for more in range(times):
        state = check.step(state, digit, length - read - more - 1)
    return state


def _alive(check: Check, length: int) -> list[set[int]]:
    """For each number of digits read, the states on the way from the start to a valid end."""
    reached = [{check.start}]
    for read in range(length):
        left = length - read - 1
        reached.append({check.step(s, digit, left) for s in reached[-1] for digit in range(10)})
    alive = [set[int]() for _ in range(length)] + [reached[length] & {check.valid}]
    for read in range(length - 1, -1, -1):
        left = length - read - 1
        alive[read] = {
            state
            for state in reached[read]
            if any(check.step(state, digit, left) in alive[read + 1] for digit in range(10))
        }
    return alive


def _rule(read: int, state: int) -> str:
    return f"$after{read}s{state}"


def _rest(read: int, state: int, length: int) -> str:
    return "" if read == length else f" {_rule(read, state)}"
