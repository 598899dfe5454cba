"""The grammars that need no file: ``builtin:digits?length=4``, ``builtin:boolean`` and others.

They are VoiceXML 2.1's (appendix P), written in ABNF like any other. Each has a part for speech and
one for keys. English only. Parameters follow a '?' and are parted by ';' or '&'.

* ``digits``   a string of digits; ``length`` or ``minlength`` and ``maxlength`` (1 to 20)
* ``boolean``  true or false; ``y`` and ``n`` are the keys for them (1 and 2)
* ``number``   a whole number from 0 to 999,999
* ``phone``    a telephone number: 3 to 15 digits, keyed or said one by one
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

from voicebot.errors import GrammarError
from voicebot.grammar.linker import SourceFile

BUILTIN = "builtin:"
MAX_DIGITS = 20

_HEADER = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode {mode};\nroot $main;\n{tag_format}\n"
_SCRIPT = "tag-format <semantics/1.0>;"


def builtin_sources(name: str) -> tuple[SourceFile, ...]:
    """Give the documents of a built-in grammar: first that for speech, then that for keys.

    Raises GrammarError for an unknown name or parameter.
    """
    kind, _, query = name.removeprefix(BUILTIN).partition("?")
    make = _KINDS.get(kind)
    if make is None:
        near = difflib.get_close_matches(kind, _KINDS, n=1, cutoff=0.5)
        remedy = f"Did you mean '{BUILTIN}{near[0]}'?" if near else f"Known: {', '.join(_KINDS)}."
        raise GrammarError(name, 0, 0, f"there is no built-in grammar '{kind}'", remedy)
    parameters = _parameters(name, query)
    voice, keys = make(name, parameters)
    if parameters:
        unknown = next(iter(parameters))
        raise GrammarError(
            name, 0, 0, f"'{kind}' has no parameter '{unknown}'", "Remove it from the name."
        )
    return (
        SourceFile(name, voice.encode()),
        SourceFile(f"{name} (keys)", keys.encode()),
    )


def _parameters(name: str, query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in filter(None, re.split("[;&]", query)):
        key, equals, value = part.partition("=")
        if not equals or not key or not value:
            raise GrammarError(
                name, 0, 0, f"'{part}' is no parameter", "Write it as ?length=4 or ?y=7;n=9."
            )
        parameters[key] = value
    return parameters


def _length(name: str, parameters: dict[str, str], key: str, default: int) -> int:
    written = parameters.pop(key, str(default))
    if not written.isdecimal() or not 1 <= int(written) <= MAX_DIGITS:
        raise GrammarError(
            name, 0, 0, f"{key} is '{written}'", f"Use a number from 1 to {MAX_DIGITS}."
        )
    return int(written)


def _digits(name: str, parameters: dict[str, str]) -> tuple[str, str]:
    if "length" in parameters:
        least = most = _length(name, parameters, "length", 1)
    else:
        least = _length(name, parameters, "minlength", 1)
        most = _length(name, parameters, "maxlength", MAX_DIGITS)
    if least > most:
        raise GrammarError(name, 0, 0, "minlength is more than maxlength", "Swap them.")
    return _digit_grammars(least, most)


def _digit_grammars(least: int, most: int) -> tuple[str, str]:
    main = f"$main = {{out = ''}} ($digit {{out += rules.latest()}})<{least}-{most}>;\n"
    names = ("(zero | oh)", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    spoken = " | ".join(f"{word} {{out = '{digit}'}}" for digit, word in enumerate(names))
    keyed = " | ".join("0123456789")
    return (
        f"{_HEADER.format(mode='voice', tag_format=_SCRIPT)}{main}$digit = {spoken};\n",
        f"{_HEADER.format(mode='dtmf', tag_format=_SCRIPT)}{main}$digit = {keyed};\n",
    )


def _boolean(name: str, parameters: dict[str, str]) -> tuple[str, str]:
    yes, no = parameters.pop("y", "1"), parameters.pop("n", "2")
    for key in (yes, no):
        if key not in set("0123456789*#"):
            raise GrammarError(name, 0, 0, f"'{key}' is no key", "Use 0 to 9, * or #.")
    if yes == no:
        raise GrammarError(name, 0, 0, "yes and no have the same key", "Use two keys.")
    voice = _HEADER.format(mode="voice", tag_format=_SCRIPT) + (
        "$main = $yes {out = true} | $no {out = false};\n"
        "$yes = (yes | yeah | yep | yup | sure | correct | right | ok | okay | absolutely"
        " | of course | that is (right | correct) | that's (right | correct)) [please]"
        " | yes (it is | that's (right | correct) | that is (right | correct) | I do);\n"
        "$no = (no | nope | nah | wrong | incorrect | not really) [thanks | thank you]"
        " | no (it isn't | it is not | that's wrong | that is wrong | I don't);\n"
    )
    keys = _HEADER.format(mode="dtmf", tag_format=_SCRIPT) + (
        f'$main = "{yes}" {{out = true}} | "{no}" {{out = false}};\n'
    )
    return voice, keys


def _number(_name: str, _parameters: Mapping[str, str]) -> tuple[str, str]:
    units = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    teens = [
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

    def choice(words: list[str], first: int, step: int) -> str:
        return " | ".join(
            f"{word} {{out = {first + step * index}}}" for index, word in enumerate(words)
        )

    voice = _HEADER.format(mode="voice", tag_format=_SCRIPT) + (
        "$main = zero {out = 0} | $whole {out = rules.latest()};\n"
        "$whole = {out = 0} ($hundreds thousand {out = 1000 * rules.latest()}"
        " [[and] $hundreds {out += rules.latest()}] | $hundreds {out = rules.latest()});\n"
        "$hundreds = {out = 0} ((a {out = 100} | $unit {out = 100 * rules.latest()}) hundred"
        " [[and] $tens {out += rules.latest()}] | $tens {out = rules.latest()});\n"
        "$tens = $unit | $teen | $ten {out = rules.latest()} [$unit {out += rules.latest()}];\n"
        f"$unit = {choice(units, 1, 1)};\n$teen = {choice(teens, 10, 1)};\n"
        f"$ten = {choice(tens, 20, 10)};\n"
    )
    _, keys = _digit_grammars(1, 6)
    keys = keys.replace("$main =", "$digits =").replace(
        "$digit = ", "$main = $digits {out = Number(rules.latest())};\n$digit = "
    )
    return voice, keys


def _phone(_name: str, _parameters: Mapping[str, str]) -> tuple[str, str]:
    return _digit_grammars(3, 15)


_KINDS: dict[str, Callable[[str, dict[str, str]], tuple[str, str]]] = {
    "digits": _digits,
    "boolean": _boolean,
    "number": _number,
    "phone": _phone,
}
