"""What voicebot itself says, whatever the flow: why a call ends that the flow did not end."""

from __future__ import annotations

from typing import Final

from voicebot.flows.model import FlowSet
from voicebot.types import Language, Prompt

OUR_FAULT: Final = Prompt(
    ("Sorry, something went wrong on our side. Please call again in a few minutes. Goodbye.",)
)
CLOSING: Final = Prompt(
    ("Sorry, we have to close this line for a moment. Please call again shortly. Goodbye.",)
)

_IN_CHINESE: Final = {
    OUR_FAULT: Prompt(("对不起，我们这边出了点问题。请过几分钟再打来。再见。",)),
    CLOSING: Prompt(("对不起，线路要暂时关闭。请稍后再打来。再见。",)),
}


def in_language(words: Prompt, language: Language) -> Prompt:
    """One of the last words in ``language``; in English where nobody has translated it."""
    return _IN_CHINESE.get(words, words) if language.startswith("zh") else words


def everything_said(flows: FlowSet) -> list[tuple[Prompt, Language]]:
    """Every prompt of ``flows``, and the last words in each of their languages."""
    last = [
        (in_language(prompt, language), language)
        for language in flows.languages
        for prompt in (OUR_FAULT, CLOSING)
    ]
    return [*flows.prompts(), *last]
