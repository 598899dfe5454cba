"""How soon a caller could have a person: the wait of the queue where the way leads. Pure.

Known are the fact ``queues`` for transfers to queues, and for others the fact ``waiting_s``, which
somebody outside may give. A queue that is closed or has no agents brings nobody.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from voicebot.flows.commands import queue_of
from voicebot.flows.graph import edges
from voicebot.flows.model import Flow
from voicebot.flows.steps import AskStep, FormStep, OfferStep, Step, TransferStep
from voicebot.types import Json


def transfer_ahead(flow: Flow, name: str) -> TransferStep | None:
    """The transfer that comes before the next question, from the step ``name`` on, if any."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        step = flow.steps.get(todo.pop())
        if isinstance(step, TransferStep):
            return step
        if step is not None and step.name not in seen and not _asks(step):
            seen.add(step.name)
            todo += [edge.target.name for edge in edges(step)]
    return None


def wait_s(flow: Flow, step: OfferStep, variables: Mapping[str, Json]) -> float | None:
    """How long somebody who declines the offer ``step`` would wait for a person: seconds, infinite
    where nobody would come, None where nobody knows.

    Where the way does not lead to a transfer by itself, it is the shortest wait of those that the
    flow has, for a caller who asks for a person.
    """
    ahead = transfer_ahead(flow, (step.skipped or step.declined).name)
    transfers = [each for each in flow.steps.values() if isinstance(each, TransferStep)]
    waits = _waits(transfers if ahead is None else [ahead], variables.get("queues"))
    if not waits:
        told = variables.get("waiting_s")
        return told if isinstance(told, int | float) else None
    known = [each for each in waits if each is not None and not math.isinf(each)]
    if known:
        return min(known)
    return None if None in waits else math.inf


def _waits(transfers: Collection[TransferStep], queues: Json) -> list[float | None]:
    """The waits of those queues among the targets of which something is known."""
    found: list[float | None] = []
    for step in transfers:
        queue = queues.get(queue_of(step.transfer.name)) if isinstance(queues, dict) else None
        if not isinstance(queue, dict):
            continue
        told = queue.get("wait_s")
        if not queue.get("open") or not queue.get("agents"):
            found.append(math.inf)
        else:
            found.append(told if isinstance(told, int | float) else None)
    return found


def _asks(step: Step) -> bool:
    return isinstance(step, AskStep | FormStep | OfferStep)
