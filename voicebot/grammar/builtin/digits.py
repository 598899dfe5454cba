"""``builtin:digits``: a string of digits, said one by one or as 'double seven'."""

from __future__ import annotations

from voicebot.grammar.builtin.numerals import DIAL, digit_chain, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

MAX_DIGITS = 20


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``length``, or ``minlength`` and ``maxlength`` (1 to 20)."""
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
    main = f"$main = {{out = ''}} ($digit {{out += rules.latest()}})<{least}-{most}>;\n"
    return (
        voice(
            DIAL + "$main = $after0 {out = dial(meta.latest().text)};\n" + digit_chain(least, most)
        ),
        keypad(main + "$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;\n"),
    )
