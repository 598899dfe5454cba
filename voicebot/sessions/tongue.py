"""What hears and speaks one language on a call."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.sessions.ears import Recognize
from voicebot.speech.prompts import PromptRenderer


@dataclass(frozen=True, slots=True)
class Tongue:
    """A recogniser and a voice of the same language."""

    recognize: Recognize
    renderer: PromptRenderer
