"""What else a caller may have said in a single word: the rivals of a short reading.

A grammar of yes and no hears 'no' in 'nine', and what the model writes freely does not give it
away: it writes 'No.' too. What tells is how likely 'nine' is in the same audio, so the words that
people say alone are decoded beside a short reading, those apart that the grammar itself holds.

The list holds answers, digits, commands and letters. Left out on purpose: letters that sound like
half of another word, and words that nobody says alone ('the', 'so'), which lie near everything;
'bye', 'hey' and 'never', which the model writes for many a 'five', 'eight' and 'seven'; homophones
of other answers ('won', 'know').
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from voicebot.grammar.active import ActiveGrammar, WordNetwork
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.types import Language

RIVALS: Final = (
    *("yes", "yeah", "yep", "yup", "no", "nope", "nah", "none", "nothing", "okay", "oh", "ah"),
    *("um", "uh", "hmm", "hello", "hi", "goodbye", "good bye", "please", "thank you", "sorry"),
    *("what", "who", "where", "when", "why", "how", "which", "now", "not", "maybe", "right"),
    *("left", "up", "down", "stop", "go", "start", "end", "back", "next", "more", "less", "help"),
    *("again", "repeat", "cancel", "home", "sure", "correct", "wrong", "wait", "hold", "zero"),
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "hundred", "first", "last", *"ghjkquvwxz"),
)
MOST_WORDS: Final = 3
"""A reading of more words has no rivals of one."""
MOST_TOKENS: Final = 8


def rival_network() -> WordNetwork:
    """`RIVALS` as a network, all of one weight."""
    grammar = f"#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $any;\n$any = {' | '.join(RIVALS)};\n"
    compiled = compile_source(SourceFile("rivals.gram", grammar.encode()), Path())
    return ActiveGrammar(compiled.key, Language("en-US"), [("rivals", compiled)]).network()
