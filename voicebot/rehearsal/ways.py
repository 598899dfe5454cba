"""What of a flow a test can reach, one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.document import Place
from voicebot.flows.events import InputMatched
from voicebot.flows.graph import Edge
from voicebot.flows.model import Flow
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class Way:
    """Something that a test can reach. ``step`` is empty for what the whole flow shares.

    ``kind`` is 'step', 'noinput', 'nomatch', 'ambiguous', a kind of `form_ways` or a `Why`;
    ``number`` tells the edges of a step, and the questions of a form, apart.
    """

    flow: str
    step: str
    kind: str
    number: int
    place: Place = field(compare=False)
    text: str = field(compare=False, default="")


def way_along(flow: Flow, step: str, number: int, edge: Edge) -> Way:
    """An edge; ``step`` is empty for those that all questions share."""
    label = f" '{edge.label}'" if edge.label else ""
    whence = f"'{step}'" if step else "any question"
    text = f"{edge.why}{label} from {whence} to '{edge.target.name}'"
    return Way(flow.name, step, edge.why, number, edge.target.place, text)


def command_in(event: InputMatched) -> str:
    """The command that this would be, if it is one."""
    meaning = event.heard.semantics
    if isinstance(meaning, dict):
        return str(meaning.get("command", ""))
    return str(meaning)


def route_key(meaning: Json) -> str:
    """The key of a route that a meaning is looked up by."""
    if isinstance(meaning, dict):
        meaning = meaning.get("intent")
    if isinstance(meaning, bool):
        return "true" if meaning else "false"
    return str(meaning)
