"""What callers read who have a place in a queue in text.

Left out on purpose: the designer's own words for these, which the flow has no step for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicebot.flows.model import nearest_language
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class MovedWords:
    """``kept``: somebody will write when the turn comes; ``nobody``: the place is kept, and nobody
    is there who writes; ``call``: the number that ends in ``{ending}`` is called instead;
    ``not_called``: they asked for that in vain."""

    kept: str
    nobody: str
    call: str
    not_called: str

    def call_at(self, number: str) -> str:
        return self.call.replace("{ending}", number[-2:])


OURS: Final[Mapping[Language, MovedWords]] = {
    Language("en-US"): MovedWords(
        "You keep your place in line. When it is your turn, a colleague will write to you here.",
        "You keep your place in line, but none of those who write here is there at the moment.",
        "You keep your place in line. When it is your turn, we will call you at the number "
        "ending in {ending}.",
        "I'm sorry, we cannot call you. You keep your place in line, and a colleague will write to "
        "you here.",
    ),
    Language("zh-CN"): MovedWords(
        "您的排队位置已保留。轮到您时，客服会在这里回复您。",
        "您的排队位置已保留，但目前没有文字客服在线。",
        "您的排队位置已保留。轮到您时，我们会拨打尾号为{ending}的号码。",
        "很抱歉，我们无法给您打电话。您的排队位置已保留，客服会在这里回复您。",
    ),
    Language("de-DE"): MovedWords(
        "Sie behalten Ihren Platz. Wenn Sie an der Reihe sind, schreibt Ihnen hier jemand.",
        "Sie behalten Ihren Platz, aber gerade ist niemand da, der hier schreibt.",
        "Sie behalten Ihren Platz. Wenn Sie an der Reihe sind, rufen wir Sie unter der Nummer an, "
        "die auf {ending} endet.",
        "Leider können wir Sie nicht anrufen. Sie behalten Ihren Platz, und hier schreibt Ihnen "
        "jemand.",
    ),
}


def moved_words(language: Language) -> MovedWords:
    """The words of a language, else those in English."""
    return OURS[nearest_language(language, OURS) or Language("en-US")]
