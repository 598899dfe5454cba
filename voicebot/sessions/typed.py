"""What was typed, as the flow would hear it: the one place that understands typed lines.

Chats, the terminal and the tests of flows share it. Grammars first, as they are; then the lists
that take near misses; then the words of the grammars with slips forgiven. What understands free
text beyond the grammars has its place after these.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from voicebot.flows.commands import (
    Ambiguous,
    FlowEvent,
    InputMatched,
    Listen,
    NoInput,
    NoMatch,
    SlotGrammar,
)
from voicebot.grammar.active import Match
from voicebot.grammar.spelling import respell
from voicebot.sessions.grammars import MAX_OPTIONS, NEAR_CONFIDENCE, ListenGrammars, Wanted
from voicebot.types import KEYS, Heard, Mode


class TypedInput:
    """Makes a typed line what the flow would hear. At once and on the thread that asks."""

    def __init__(self, grammars: ListenGrammars) -> None:
        self._grammars = grammars

    def event(self, line: str, listen: Listen) -> FlowEvent:
        """A line as a whole: nothing is silence, keys alone are keys, the rest is words."""
        line = line.strip()
        if not line:
            return NoInput()
        if all(character in KEYS for character in line):
            return self.pressed(line, listen)
        return self.said(line, listen)

    def pressed(self, line: str, listen: Listen, *, today: date | None = None) -> FlowEvent:
        """What comes of pressing these keys; ``today`` as in `said`."""
        heard = self.keys(line, listen, today)
        return InputMatched(heard) if heard is not None else NoMatch()

    def said(
        self, line: str, listen: Listen, mode: Mode = Mode.TEXT, *, today: date | None = None
    ) -> FlowEvent:
        """What comes of these words, those that are near to what is listened for among them.

        ``today`` is the day for words such as 'tomorrow', None for the local date.
        """
        heard = self.words(line, listen, today)
        if heard is not None:
            return InputMatched(replace(heard, mode=mode))
        event = self._grammars.nearest_now(listen.grammars, NoMatch(line), mode)
        if isinstance(event, NoMatch) and mode is Mode.TEXT:
            return self._respelled(line, listen, today)
        return event

    def keys(self, line: str, listen: Listen, today: date | None = None) -> Heard | None:
        """What pressing these keys means; None for a nomatch."""
        keys = line if line in listen.keys else line.removesuffix(listen.termchar or " ")
        if keys in listen.keys:
            return Heard(keys, listen.keys[keys], 1.0, Mode.DTMF)
        return _heard(self._grammars.now(listen.grammars).match_keys(keys, today), Mode.DTMF)

    def words(self, line: str, listen: Listen, today: date | None = None) -> Heard | None:
        """What these words mean; None for a nomatch."""
        return self._match(line, listen.grammars, today)

    def slot(self, line: str, slot: SlotGrammar, today: date | None = None) -> Heard | None:
        """What a line means for one slot of a form, in its own grammars; None for nothing."""
        heard = self._match(line, slot.grammars, today)
        if heard is None:
            event = self._grammars.nearest_now(slot.grammars, NoMatch(line), Mode.TEXT)
            heard = event.heard if isinstance(event, InputMatched) else None
        return heard

    def _match(self, line: str, wanted: Wanted, today: date | None) -> Heard | None:
        if not wanted:
            return None
        return _heard(self._grammars.now(wanted).match_words([line], today), Mode.TEXT)

    def _respelled(self, line: str, listen: Listen, today: date | None) -> FlowEvent:
        if not listen.grammars:
            return NoMatch(line)
        active = self._grammars.now(listen.grammars)
        meant: list[Heard] = []
        for near in respell(active.network(), line, str(active.language)):
            heard = _heard(active.match_words(near.words, today), Mode.TEXT)
            if heard is not None and all(heard.semantics != other.semantics for other in meant):
                meant.append(replace(heard, confidence=NEAR_CONFIDENCE * near.likeness))
        if len(meant) > 1:
            return Ambiguous(tuple(heard.text for heard in meant[:MAX_OPTIONS]), line)
        return InputMatched(meant[0]) if meant else NoMatch(line)


def _heard(match: Match | None, mode: Mode) -> Heard | None:
    return Heard(match.text, match.semantics, 1.0, mode, match.grammar) if match else None
