"""What desks need of the rest of the server: contracts that the assembly fills."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from voicebot.desk.notes import NoteRecords
from voicebot.sessions.history import Histories
from voicebot.sessions.records import CallArchive
from voicebot.sessions.talk import Talk
from voicebot.sessions.waking import CallLater, on_the_loop
from voicebot.telephony._api import Dialer, Reception
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article that may help: ``title`` is a question it answers, ``confidence`` 0 to 1."""

    title: str
    text: str
    confidence: float


Suggest: TypeAlias = Callable[[Language, str], Awaitable[Sequence[Suggestion]]]
"""Finds articles for a sentence, away from the event loop; the best first, none where nothing
fits. Never raises."""

Heard: TypeAlias = Callable[[str, str, bool], None]
"""Takes what was said: by 'caller' or 'agent', the words, and whether they may still change."""

Listen: TypeAlias = Callable[[Talk, Language, Heard], Awaitable[None]]
"""Writes a conversation down until it is cancelled."""


class PageCalls(Protocol):
    """The door through which an agent's page calls. Both may raise CallRefused."""

    def issue_right(self, reception: Reception) -> str:
        """A token for one call, whose leg goes to ``reception``."""
        ...

    def browser_ice_servers(self) -> list[dict[str, str]]: ...


@dataclass(frozen=True, slots=True)
class DeskServices:
    """``histories`` and ``listen`` are None where there are none. ``targets`` are SIP URIs by the
    names that agents choose from, ``address_of`` makes one of a number that an agent typed (empty:
    numbers may not be called), and ``dialer`` calls them, None where no door can."""

    calls: PageCalls | None
    archive: CallArchive
    histories: Histories | None
    notes: NoteRecords
    suggest: Suggest
    listen: Listen | None = None
    targets: Mapping[str, str] = field(default_factory=dict)
    address_of: Callable[[str], str] = lambda number: ""
    dialer: Callable[[], Dialer | None] = lambda: None
    ring_s: float = 30.0
    pauses: Sequence[str] = ()
    clock: Callable[[], float] = time.time
    call_later: CallLater = on_the_loop


Answer: TypeAlias = Mapping[str, Any]
"""What an order of the page's is answered with, ready for JSON."""
