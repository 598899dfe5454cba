"""``builtin:digits``: a string of digits, said one by one or as 'double seven'.

With ``check`` only numbers whose check digits are right are taken (`check_digits`).
"""

from __future__ import annotations

from voicebot.grammar.builtin.check_digits import CHECKS, checked_chain
from voicebot.grammar.builtin.numerals import DIAL, digit_chain, keypad, voice
from voicebot.grammar.builtin.parameters import Parameters

MAX_DIGITS = 20


def make(parameters: Parameters) -> tuple[str, str]:
    """Take ``length``, or ``minlength`` and ``maxlength`` (1 to 20); ``check`` with ``length``."""
    if "check" in parameters:
        return _checked(parameters)
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


def _checked(parameters: Parameters) -> tuple[str, str]:
    name = parameters.text("check", "")
    if name not in CHECKS:
        raise parameters.error(f"check is '{name}'", f"Known: {', '.join(CHECKS)}.")
    if "length" not in parameters:
        raise parameters.error(
            "check needs the number of digits", f"Write ?length=6;check={name}, check digits too."
        )
    length = parameters.whole("length", 2, 3 if name == "mod97" else 2, MAX_DIGITS)
    chains = [checked_chain(CHECKS[name], length, spoken=spoken) for spoken in (True, False)]
    return (
        voice(DIAL + "$main = $after0 {out = dial(meta.latest().text)};\n" + chains[0]),
        keypad("$main = $after0 {out = meta.latest().text.split(' ').join('')};\n" + chains[1]),
    )
