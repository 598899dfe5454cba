"""What those who wait are told of their position and the wait: our own words, or the designer's.

    words:
      en-US:
        position: "You are number {position}."
        wait: "It will take about {minutes} minutes."

Words that a language leaves out are ours. Left out on purpose: plural forms beyond one minute and
several, which is all that these sentences need in the languages we speak.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicebot.document import Node
from voicebot.flows.model import nearest_language
from voicebot.queues.fields import Fields, mapping, text
from voicebot.types import Language

_PLACES: Final = {"position": "{position}", "wait": "{minutes}"}
"""What a sentence must hold."""
_LONGEST_MIN: Final = 60
"""A longer estimate is not told: it is too far from what will be."""


@dataclass(frozen=True, slots=True)
class WaitingWords:
    """``first`` is for who is next, ``position`` for the others, ``soon`` for a wait of at most a
    minute, ``wait`` for a longer one, ``lost`` for whose agent's line has died, ``written`` for who
    writes while they wait in text. Empty ones are not said."""

    first: str
    position: str
    soon: str
    wait: str
    lost: str
    written: str

    def of(self, position: int, wait_s: float | None) -> str:
        """The announcement at this position (1 is next) with this wait, None for 'unknown'."""
        said = [self.first if position == 1 else self.position.replace("{position}", str(position))]
        if wait_s is not None:
            minutes = math.ceil(wait_s / 60)
            if minutes <= 1:
                said.append(self.soon)
            elif minutes <= _LONGEST_MIN:
                said.append(self.wait.replace("{minutes}", str(minutes)))
        return " ".join(each for each in said if each)


OURS: Final[Mapping[Language, WaitingWords]] = {
    Language("en-US"): WaitingWords(
        "You are next in line.",
        "You are number {position} in line.",
        "Somebody will be with you in about a minute.",
        "The wait is about {minutes} minutes.",
        "Sorry, the line to my colleague broke. Please stay, you are next.",
        "Thank you. A colleague will read this when it is your turn.",
    ),
    Language("zh-CN"): WaitingWords(
        "下一位就是您。",
        "您排在第{position}位。",
        "大约一分钟内会有人为您服务。",
        "预计等待{minutes}分钟。",
        "对不起，与客服的线路中断了。请不要挂机，下一位就是您。",
        "谢谢。轮到您时，客服会看到这条消息。",
    ),
    Language("de-DE"): WaitingWords(
        "Sie sind als Nächstes an der Reihe.",
        "Sie sind auf Platz {position}.",
        "In etwa einer Minute ist jemand für Sie da.",
        "Die Wartezeit beträgt etwa {minutes} Minuten.",
        "Die Leitung ist leider abgebrochen. Bitte bleiben Sie dran, Sie sind als Nächstes dran.",
        "Danke. Das wird gelesen, sobald Sie an der Reihe sind.",
    ),
}


def words_for(
    language: Language, own: Mapping[Language, WaitingWords] | None = None
) -> WaitingWords:
    """The words of a language: a queue's ``own``, else ours, else ours in English."""
    for known in (own or {}, OURS):
        if found := nearest_language(language, known):
            return known[found]
    return OURS[Language("en-US")]


def read_words(node: Node) -> Mapping[Language, WaitingWords]:
    """Read a queue's ``words``. Raises FlowError at the place of the fault."""
    return {
        Language(name): _read(words_for(Language(name)), each)
        for name, each in mapping(node, "'words'").entries.items()
    }


def _read(usual: WaitingWords, node: Node) -> WaitingWords:
    fields = Fields(node, WaitingWords.__slots__, "words of a language")
    said = {}
    for key in WaitingWords.__slots__:
        said[key] = fields.read(key, text, getattr(usual, key))
        if (place := _PLACES.get(key)) and place not in said[key]:
            raise fields.place_of(key).error(f"'{key}' does not say {place}", f"Write {place}.")
    return WaitingWords(**said)
