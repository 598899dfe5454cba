"""What a server will say in the same words in every call, so that it can be rendered ahead of time.

`serve` renders what is missing of it in the background, `prompts build` all of it beforehand. Left
out: what holds a caller's values, and the queues' announcements, which hold numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.config import Settings
from voicebot.flows.model import FlowSet
from voicebot.nlu.articles import Article
from voicebot.sessions.answering import answers_said
from voicebot.sessions.last_words import everything_said
from voicebot.types import Language, Prompt


def said_ahead(
    settings: Settings, flows: FlowSet, articles: Iterable[Article]
) -> list[tuple[Prompt, Language]]:
    """Every prompt of the flows, of the answers that they may give and of the settings, which are
    in the language of the first flow; each with its language."""
    first = flows[settings.calls.flow].language
    own = [(prompt, first) for prompt in (announcement(settings), _consent(settings)) if prompt]
    return [*everything_said(flows), *own, *answers_said(flows, articles)]


def announcement(settings: Settings) -> Prompt | None:
    """What callers hear before the answer, if anything."""
    words = settings.calls.announcement
    return Prompt((words,)) if words else None


def _consent(settings: Settings) -> Prompt | None:
    """What callers are asked before they are recorded, if anything."""
    recording = settings.recording
    asks = recording.enabled and recording.consent != "none"
    return Prompt((recording.consent_prompt,)) if asks else None
