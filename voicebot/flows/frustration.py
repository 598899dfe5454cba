"""How frustrated a caller is, 0 to 1, from what the interpreter is told. Pure.

Signs: words not understood, the more in a row the more; the same words again; asking for a person,
the second time more than the first; swearing; typing in capitals; what breaks on our side. Each
answer that is understood calms. Who calls for the third time in a few days is not at ease from the
beginning. The weights are judgement, not measurement: flows should compare
with 0.5 (short prompts, fewer offers) and 0.7 (a person). A raised voice is left out: the line's
level says more about the telephone than about the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.flows.events import (
    FREE,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TransferRefused,
)
from voicebot.types import Json, Mode

CALMING = 0.6
"""What an answer that was understood leaves of the level."""
NOMATCH, NOMATCH_IN_A_ROW = 0.15, 0.05
NOINPUT = 0.05
OUR_FAULT = 0.15
NOBODY_FREE = 0.25
SAME_AGAIN = 0.2
PERSON, PERSON_AGAIN = 0.25, 0.4
SWEARING = 0.5
CAPITALS = 0.15
OFTEN, AGAIN, AGAIN_AT_MOST = 3, 0.1, 0.3
"""From how many contacts in the last days on, what each adds to the level, and the most of it."""
MAX_WORDS = 100
"""Characters kept of the last words, to tell whether they come again."""
SENTENCE_CHARACTERS = 4
"""From how many characters on words of a language without spaces are more than a 'yes'."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

_PERSONS: Mapping[str, frozenset[str]] = {
    "en": frozenset({"agent", "operator", "person", "human", "representative", "somebody"}),
    "de": frozenset({"mitarbeiter", "mitarbeiterin", "mensch", "menschen", "berater"}),
    "zh": frozenset({"人工", "客服", "真人", "转人工"}),
}
_SWEARS: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        {"damn", "damned", "dammit", "goddamn", "hell", "shit", "bullshit", "crap", "fuck"}
        | {"fucking", "fucked", "wtf", "bloody", "stupid", "idiot", "idiots", "bastard", "ass"}
        | {"asshole", "useless", "ridiculous", "bitch"}
    ),
    "de": frozenset({"scheiße", "scheiss", "scheiß", "mist", "verdammt", "idiot", "idioten"}),
    "zh": frozenset({"他妈的", "妈的", "混蛋", "垃圾", "傻逼", "操你", "滚蛋", "白痴"}),
}
_WITHOUT_SPACES = frozenset({"zh", "ja", "th"})


@dataclass(frozen=True, slots=True)
class Mood:
    """``level`` 0..1; ``words`` the last words, for telling repetition; ``persons`` how often the
    caller asked for a person."""

    level: float = 0.0
    words: str = ""
    persons: int = 0


CALM = Mood()


def feel(mood: Mood, event: FlowEvent, in_a_row: int, language: str) -> Mood:
    """The mood after ``event``; ``in_a_row`` troubles came before it."""
    match event:
        case ContactStarted(facts):
            return _raised(mood, _called_again(facts))
        case InputMatched(heard) if heard.grammar == FREE:
            # Whether they were understood is not known yet: nothing calms.
            after = _after_words(mood, heard.text, 0.0, language)
            return Mood(max(mood.level, after.level), after.words, after.persons)
        case InputMatched(heard):
            text = "" if heard.mode is Mode.DTMF else heard.text
            return _after_words(mood, text, 0.0, language)
        case NoMatch(text):
            return _after_words(mood, text, NOMATCH + NOMATCH_IN_A_ROW * in_a_row, language)
        case NoInput():
            return _raised(mood, NOINPUT)
        case RecognitionFailed() | ActionFailed():
            return _raised(mood, OUR_FAULT)
        case TransferRefused():
            return _raised(mood, NOBODY_FREE)
    return mood


def puzzled(mood: Mood, in_a_row: int) -> Mood:
    """The mood after words were taken as they were, and nothing answers them."""
    return _raised(mood, NOMATCH + NOMATCH_IN_A_ROW * in_a_row)


def _after_words(mood: Mood, text: str, more: float, language: str) -> Mood:
    """``more`` is 0 for what was understood: that alone calms."""
    tongue = language.partition("-")[0].lower()
    words = " ".join(_WORD.findall(text.lower()))[:MAX_WORDS]
    persons = mood.persons
    if _holds_one(words, _PERSONS.get(tongue, frozenset()), tongue):
        more += PERSON_AGAIN if persons else PERSON
        persons += 1
    if _holds_one(words, _SWEARS.get(tongue, frozenset()), tongue):
        more += SWEARING
    if words == mood.words and _is_sentence(words, tongue):
        more += SAME_AGAIN
    if len(words) > 3 and text.isupper():
        more += CAPITALS
    level = mood.level if more else mood.level * CALMING
    return Mood(min(1.0, level + more), words, persons)


def _is_sentence(words: str, tongue: str) -> bool:
    """Whether this is more than a word such as 'yes', which nobody minds saying twice."""
    if tongue in _WITHOUT_SPACES:
        return len(words) >= SENTENCE_CHARACTERS
    return len(words.split()) > 1


def _holds_one(words: str, signs: frozenset[str], tongue: str) -> bool:
    if tongue in _WITHOUT_SPACES:
        return any(sign in words for sign in signs)
    return not signs.isdisjoint(words.split())


def _called_again(facts: Mapping[str, Json]) -> float:
    history = facts.get("history")
    contacts = history.get("contacts") if isinstance(history, dict) else None
    if not isinstance(contacts, int):
        return 0.0
    return min(AGAIN_AT_MOST, AGAIN * max(0, contacts - OFTEN + 1))


def _raised(mood: Mood, more: float) -> Mood:
    return Mood(min(1.0, mood.level + more), mood.words, mood.persons)
