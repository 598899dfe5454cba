"""The grammars that need no file: ``builtin:date``, ``builtin:digits?length=4`` and others.

They are VoiceXML 2.0's (appendix P; 2.1 keeps them), written in ABNF like any other: a part for
speech, in English or with ``language=zh-CN`` in Mandarin (`chinese`), and one for keys.
``builtin:grammar/date`` is the part for speech alone, ``builtin:dtmf/date`` that for keys, as
VoiceXML names them. Parameters follow a '?' and are parted
by ';' or '&'. What each type takes and gives stands in ``docs/builtins.md``.
"""

from __future__ import annotations

import difflib

from voicebot.errors import GrammarError
from voicebot.grammar.builtin import boolean, chinese, currency, date, digits, number, phone, time
from voicebot.grammar.builtin.parameters import Make, Parameters
from voicebot.grammar.linker import SourceFile

BUILTIN = "builtin:"

LANGUAGES = ("en", "zh")
"""Languages in which the types can be said; in any other they are said in English."""

_KINDS: dict[str, Make] = {
    "boolean": boolean.make,
    "currency": currency.make,
    "date": date.make,
    "digits": digits.make,
    "number": number.make,
    "phone": phone.make,
    "time": time.make,
}
KINDS = tuple(_KINDS)
"""The names of the types."""


def builtin_sources(name: str) -> tuple[SourceFile, ...]:
    """Give the documents of a built-in grammar: first that for speech, then that for keys.

    Raises GrammarError for an unknown name or parameter.
    """
    path, _, query = name.removeprefix(BUILTIN).partition("?")
    mode, slash, kind = path.rpartition("/")
    make = _KINDS.get(kind)
    if make is None or (slash and mode not in ("grammar", "dtmf")):
        raise _unknown(name, path, kind)
    parameters = Parameters(name, query)
    language = parameters.text("language", "en")
    voice, keys = make(parameters)
    parameters.finish(kind)
    if language.partition("-")[0] in LANGUAGES[1:]:
        voice = chinese.spoken(kind, Parameters(name, query))
    spoken = SourceFile(name, voice.encode())
    keyed = SourceFile(name if mode == "dtmf" else f"{name} (keys)", keys.encode())
    return {"grammar": (spoken,), "dtmf": (keyed,)}.get(mode, (spoken, keyed))


def _unknown(name: str, path: str, kind: str) -> GrammarError:
    near = difflib.get_close_matches(kind, _KINDS, n=1, cutoff=0.5)
    remedy = f"Did you mean '{BUILTIN}{near[0]}'?" if near else f"Known: {', '.join(KINDS)}."
    return GrammarError(name, 0, 0, f"there is no built-in grammar '{path}'", remedy)
