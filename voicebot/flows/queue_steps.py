"""Transfers to queues: what of the files can be wrong about them, and where callers go on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.commands import Listen, Transfer, TransferMode, queue_of
from voicebot.flows.lists import grammar_of
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.references import Reference, Route
from voicebot.flows.steps import OfferStep, TransferStep
from voicebot.types import Json, Language

CLOSED = "closed"
"""Why a queue takes nobody outside its hours; every other reason is an overflow."""

WHY = (CLOSED, "no_agent", "length", "wait")
"""Why a queue sends callers away."""

_OF_QUEUES = ("closed", "overflow", "callback", "callback_at")
_OF_BRIDGES = ("ring_ms",)


def way_out(step: TransferStep, why: str) -> Reference:
    """Where a caller goes on whom nobody takes; ``why`` is empty where no queue says so."""
    if not why:
        return step.on_failure
    return (step.closed if why == CLOSED else step.overflow) or step.on_failure


def choices(step: TransferStep, variables: Mapping[str, Json], language: Language) -> Listen | None:
    """What is listened for while the caller waits; None where nothing is offered."""
    offer = step.while_waiting.offer
    if offer is None:
        return None
    grammars = tuple(grammar_of(source, variables, language) for source in offer.grammar)
    return Listen(grammars=grammars, keys=offer.keys)


def choices_in_text(transfer: Transfer, flow: Flow, step: str) -> Transfer:
    """The ``transfer`` of a step as it is for who writes: keys that only offer text mean nothing,
    and where there are no others nothing is offered."""
    asked, listen = flow.steps[step], transfer.choices
    assert isinstance(asked, TransferStep)
    if listen is None or asked.while_waiting.offer is None:
        return transfer
    route = Route(asked.while_waiting.offer.steps, None)

    def offers_text(meaning: Json) -> bool:
        target = route.target(meaning)
        return target is not None and isinstance(flow.steps.get(target.name), OfferStep)

    keys = {key: meaning for key, meaning in listen.keys.items() if not offers_text(meaning)}
    if listen.keys and not keys:
        return replace(transfer, choices=None)
    return replace(transfer, choices=replace(listen, keys=keys))


def misplaced_keys(step: TransferStep) -> Iterator[FlowError]:
    """Keys of a transfer that have no effect because it leads to a queue, or to none."""
    if not queue_of(step.transfer.name):
        for key in _OF_QUEUES:
            if getattr(step, key) is not None:
                yield step.place.error(
                    f"'{key}' of step '{step.name}' has no effect: this transfer leads to no queue",
                    "Write 'transfer: queue:NAME', or leave the key out.",
                )
        if step.while_waiting.offer is not None:
            yield step.while_waiting.offer.place.error(
                f"'offer' of step '{step.name}' has no effect: this transfer leads to no queue",
                "Write 'transfer: queue:NAME', or leave the key out.",
            )
        return
    yield from _offer_problems(step)
    if step.callback_at is not None and step.callback is None:
        yield step.place.error(
            f"'callback_at' of step '{step.name}' has no effect: nobody is called back",
            "Write the number to call as 'callback', or leave the key out.",
        )
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


def _offer_problems(step: TransferStep) -> Iterator[FlowError]:
    offer = step.while_waiting.offer
    if offer is None:
        return
    if not (offer.grammar or offer.keys):
        yield offer.place.error(
            f"the offer of step '{step.name}' understands no answer", "Add 'grammar' or 'keys'."
        )
    if offer.ready and offer.still:
        yield offer.place.error(
            f"the offer of step '{step.name}' has both 'ready' and 'still'",
            "Write 'ready' to go back to the queue at once, 'still' to ask first.",
        )
    for keys, meaning in offer.keys.items():
        if Route(offer.steps, None).target(meaning) is None:
            yield offer.place.error(
                f"key {keys} of the offer of step '{step.name}' leads nowhere",
                "Add its meaning to 'steps'.",
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
