"""Transfers to queues: what of the files can be wrong about them, and where callers go on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.commands import TransferMode, queue_of
from voicebot.flows.model import FlowSet, Reference, TransferStep

CLOSED = "closed"
"""Why a queue takes nobody outside its hours; every other reason is an overflow."""

WHY = (CLOSED, "no_agent", "length", "wait")
"""Why a queue sends callers away."""

_OF_QUEUES = ("closed", "overflow", "callback")
_OF_BRIDGES = ("ring_ms",)


def way_out(step: TransferStep, why: str) -> Reference:
    """Where a caller goes on whom nobody takes; ``why`` is empty where no queue says so."""
    if not why:
        return step.on_failure
    return (step.closed if why == CLOSED else step.overflow) or step.on_failure


def misplaced_keys(step: TransferStep) -> Iterator[FlowError]:
    """Keys of a transfer that have no effect because it leads to a queue, or to none."""
    if not queue_of(step.transfer.name):
        for key in _OF_QUEUES:
            if getattr(step, key) is not None:
                yield step.place.error(
                    f"'{key}' of step '{step.name}' has no effect: this transfer leads to no queue",
                    "Write 'transfer: queue:NAME', or leave the key out.",
                )
        return
    if step.mode is TransferMode.REFER:
        yield step.place.error(
            f"step '{step.name}' leads to a queue, whose calls voicebot bridges",
            "Leave 'mode' out.",
        )
    for key in _OF_BRIDGES:
        if getattr(step, key) is not None:
            yield step.place.error(
                f"'{key}' of step '{step.name}' has no effect: the queue says how long it rings",
                "Write 'answer_within_s' in queues.yaml.",
            )


def missing_queues(flows: FlowSet, known: Collection[str] | None) -> Iterator[FlowError]:
    """Transfers to queues that are not among ``known``; nothing where nobody can tell (None)."""
    if known is None:
        return
    for reference in flows.transfers():
        name = queue_of(reference.name)
        if name and name not in known:
            yield reference.place.error(
                f"there is no queue '{name}'",
                suggest(name, known) if known else "Define it under 'queues' in queues.yaml.",
            )
