"""``builtin:digits``: a string of digits, said one by one or as 'double seven'.

With ``check`` only numbers whose check digits are right are taken (`check_digits`).
"""

from __future__ import annotations

from voicebot.grammar.builtin.check_digits import CHECKS, KEYED, SPOKEN, checked_chain
from voicebot.grammar.builtin.numerals import DIAL, digit_chain, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

MAX_DIGITS = 20


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``length``, or ``minlength`` and ``maxlength`` (1 to 20); ``check`` with ``length``."""
    if "check" in parameters:
        return _checked(parameters)
    least, most = bounds(parameters)
    main = f"$main = {{out = ''}} ($digit {{out += rules.latest()}})<{least}-{most}>;\n"
    return (
        voice(
            DIAL + "$main = $after0 {out = dial(meta.latest().text)};\n" + digit_chain(least, most)
        ),
        keypad(main + "$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;\n"),
    )


def bounds(parameters: Parameters) -> tuple[int, int]:
    """The least and the most digits. Raises GrammarError."""
    if "length" in parameters:
        if "minlength" in parameters or "maxlength" in parameters:
            raise parameters.error(
                "length does not go with minlength and maxlength", "Keep one or the others."
            )
        least = most = parameters.whole("length", 1, 1, MAX_DIGITS)
    else:
        least = parameters.whole("minlength", 1, 1, MAX_DIGITS)
        most = parameters.whole("maxlength", MAX_DIGITS, 1, MAX_DIGITS)
    if least > most:
        raise parameters.error("minlength is more than maxlength", "Swap them.")
    return least, most


def checked_length(parameters: Parameters) -> tuple[str, int]:
    """The check, and how many digits there are with it. Raises GrammarError."""
    name = parameters.text("check", "")
    if name not in CHECKS:
        raise parameters.error(f"check is '{name}'", f"Known: {', '.join(CHECKS)}.")
    if "length" not in parameters:
        raise parameters.error(
            "check needs the number of digits", f"Write ?length=6;check={name}, check digits too."
        )
    return name, parameters.whole("length", 2, 3 if name == "mod97" else 2, MAX_DIGITS)


def _checked(parameters: Parameters) -> tuple[str, str]:
    name, length = checked_length(parameters)
    spoken = checked_chain(CHECKS[name], length, SPOKEN, repeats=True)
    keyed = checked_chain(CHECKS[name], length, KEYED)
    return (
        voice(DIAL + "$main = $after0 {out = dial(meta.latest().text)};\n" + spoken),
        keypad("$main = $after0 {out = meta.latest().text.split(' ').join('')};\n" + keyed),
    )
