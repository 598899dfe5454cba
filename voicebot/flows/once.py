"""What is done once only: actions that change data, in one contact.

The same step with the same arguments does its action once; what that gave is remembered and given
again, however often the caller comes back to the step. The memory is part of the contact's state,
so it moves with it to another channel. The key names the doing itself: it is the same each time the
step is tried anyhow (the answer was lost, the first try failed), so that who does it can tell. Left
out on purpose: actions that only read, which are done anew each time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from voicebot.types import Json

KEY_ARGUMENT: Final = "idempotency_key"
"""The argument in which an action that changes data is given its key."""

MAX_DONE: Final = 20
"""Results that are remembered of one contact; the oldest is forgotten first."""

_SPACE: Final = uuid.UUID("6f0c9a4e-0f5c-4a55-8e0b-6a2b1d5f7c11")


@dataclass(frozen=True, slots=True)
class Once:
    """What a contact has done. ``contact`` tells it from all others, empty where nothing does: then
    nothing is remembered. ``doing`` is the key of the action under way."""

    contact: str = ""
    doing: str = ""
    done: tuple[tuple[str, Json], ...] = ()

    def key(self, place: str, action: str, arguments: Mapping[str, Json]) -> str:
        """The key of doing ``action`` at the step ``place`` with ``arguments``."""
        what = [self.contact, place, action, dict(arguments)]
        return str(uuid.uuid5(_SPACE, json.dumps(what, sort_keys=True, ensure_ascii=True)))

    def has(self, key: str) -> bool:
        return any(done == key for done, _ in self.done)

    def result(self, key: str) -> Json:
        """What doing it gave. Raises KeyError where it was not done."""
        return dict(self.done)[key]

    def begun(self, key: str) -> Once:
        return replace(self, doing=key)

    def finished(self, value: Json) -> Once:
        """The action under way, if it is one of ours, gave ``value``."""
        if not self.doing:
            return self
        done = (*self.done, (self.doing, value))[-MAX_DONE:]
        return replace(self, doing="", done=done)

    def failed(self) -> Once:
        """It gave nothing: the next try is made under the same key."""
        return replace(self, doing="")

    def to_json(self) -> Json:
        return {"contact": self.contact, "doing": self.doing, "done": [list(e) for e in self.done]}

    @classmethod
    def from_json(cls, data: Any) -> Once:
        done = tuple((str(key), value) for key, value in data["done"])
        return cls(str(data["contact"]), str(data["doing"]), done)


UNKNOWN: Final = Once()
"""Of a contact that nothing tells from others."""
