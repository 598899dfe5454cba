"""What a caller hears and may do while a queue is waited in.

The step itself, `steps.TransferStep`, holds it; `flows.meanwhile` runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.document import Place
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.template import Template
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class WaitingOffer:
    """What the caller may do meanwhile, keeping the place.

    ``steps`` are those of each meaning; a return comes back to the queue. When an agent rings,
    ``ready`` is said and the caller waits on the line again; with ``still`` they are asked whether
    they still want a person, by ``boolean``, the grammar of yes and no.
    """

    place: Place
    ask: tuple[Template, ...]
    steps: Mapping[str, Reference]
    boolean: Reference
    grammar: tuple[Reference | ListSource, ...] = ()
    keys: Mapping[str, Json] = field(default_factory=dict)
    ready: tuple[Template, ...] = ()
    still: tuple[Template, ...] = ()

    def templates(self) -> tuple[Template, ...]:
        """All that is said."""
        return (*self.ask, *self.ready, *self.still)


@dataclass(frozen=True, slots=True)
class WhileWaiting:
    """``say`` is said over and over."""

    say: tuple[Template, ...] = ()
    offer: WaitingOffer | None = None

    def __bool__(self) -> bool:
        return bool(self.say) or self.offer is not None
