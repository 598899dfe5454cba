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


def everything_said(flows: FlowSet) -> list[tuple[Prompt, Language]]:
    """Every prompt of ``flows``, and the last words in each of their languages."""
    languages = dict.fromkeys(flow.language for flow in flows)
    last = [(prompt, language) for language in languages for prompt in (OUR_FAULT, CLOSING)]
    return [*flows.prompts(), *last]
