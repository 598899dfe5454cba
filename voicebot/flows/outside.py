"""Names that live outside the flows: grammars, actions, targets, queues, articles and pictures.

They are checked where the caller gives the lists of what is there. Intents have a file of their
own, `flows.intent_routes`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.cards import missing_images
from voicebot.flows.commands import QUEUE_PREFIX
from voicebot.flows.facts import BUILTIN_ACTIONS, CALLER_ARGUMENT
from voicebot.flows.model import FlowSet
from voicebot.flows.queue_steps import missing_queues
from voicebot.flows.references import Reference
from voicebot.flows.steps import ActStep, AnswerStep
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class Known:
    """What exists outside the flows; None where nobody can tell.

    Grammars that begin with ``builtin:`` are never reported here. An action maps its arguments
    to whether they must be given. ``knowledge`` are the languages that have articles.
    """

    grammars: Collection[str] | None = None
    actions: Mapping[str, Mapping[str, bool]] | None = None
    broken_actions: Collection[str] = ()
    """Those that are there, with faults that are told elsewhere."""
    transfers: Collection[str] | None = None
    intents: Mapping[Language, Collection[str] | None] | None = None
    """The names of each language's intents, None where they cannot be read; a language without
    any is not among them."""
    knowledge: Collection[Language] | None = None
    queues: Collection[str] | None = None
    """The names in queues.yaml."""
    images: Collection[str] | None = None
    """The pictures of cards."""


NOTHING_KNOWN = Known()


def missing_outside(flows: FlowSet, known: Known) -> Iterator[FlowError]:
    """What the flows name that is not among ``known``, and actions that are not used as they are
    declared."""
    # A translation's grammars are those of the flow, unless its language has its own.
    written = FlowSet(flows.flows)
    yield from _missing(written.grammars(), known.grammars, "grammar", "Write grammars/{}.gram.")
    actions = None if known.actions is None else {**BUILTIN_ACTIONS, **known.actions}
    called = (each for each in flows.actions() if each.name not in known.broken_actions)
    yield from _missing(called, actions, "action", "Define it in actions.yaml.")
    yield from _arguments(flows, actions or {})
    yield from _callers(flows, actions or {})
    yield from missing_transfers(flows, known.transfers)
    yield from missing_queues(flows, known.queues)
    yield from _without_knowledge(flows, known.knowledge)
    yield from missing_images(flows.cards(), known.images)


def missing_transfers(flows: FlowSet, transfers: Collection[str] | None) -> Iterator[FlowError]:
    """Transfer targets that are neither a SIP URI nor a name among ``transfers``.

    A call runs all the same: such a transfer fails, and takes the path of failure.
    """
    if transfers is None:
        return
    for reference in flows.transfers():
        name = reference.name
        if name not in transfers and not name.startswith(("sip:", "sips:", QUEUE_PREFIX)):
            near = suggest(name, transfers)
            yield reference.place.error(
                f"the settings have no transfer target '{name}'",
                near
                if near.startswith("Did")
                else f'Under [transfers] in voicebot.toml, write: {name} = "sip:...".',
            )


def _missing(
    references: Iterable[Reference], known: Collection[str] | None, what: str, remedy: str
) -> Iterator[FlowError]:
    if known is None:
        return
    for reference in references:
        if reference.name not in known and not reference.name.startswith("builtin:"):
            near = suggest(reference.name, known)
            text = near if near.startswith("Did") else remedy.format(reference.name)
            yield reference.place.error(f"{what} '{reference.name}' does not exist", text)


def _arguments(flows: FlowSet, actions: Mapping[str, Mapping[str, bool]]) -> Iterator[FlowError]:
    for step in (step for flow in flows for step in flow.steps.values()):
        if not isinstance(step, ActStep) or step.act.name not in actions:
            continue
        declared = actions[step.act.name]
        for name in sorted(set(step.arguments) - set(declared)):
            yield step.act.place.error(
                f"action '{step.act.name}' has no argument '{name}'", suggest(name, declared)
            )
        for name, required in declared.items():
            if required and name not in step.arguments:
                yield step.act.place.error(
                    f"action '{step.act.name}' needs the argument '{name}'",
                    "Add it to 'arguments'.",
                )


def _callers(flows: FlowSet, actions: Mapping[str, Mapping[str, bool]]) -> Iterator[FlowError]:
    for flow in flows:
        if flow.caller is None or flow.caller.name not in actions:
            continue
        declared = actions[flow.caller.name]
        others = [name for name in declared if declared[name] and name != CALLER_ARGUMENT]
        if CALLER_ARGUMENT not in declared or others:
            yield flow.caller.place.error(
                f"action '{flow.caller.name}' cannot tell who calls: it is given the argument "
                f"'{CALLER_ARGUMENT}' alone",
                f"Declare it: 'arguments: {{{CALLER_ARGUMENT}: text}}', and no other that must be "
                "given.",
            )


def _without_knowledge(
    flows: FlowSet, languages: Collection[Language] | None
) -> Iterator[FlowError]:
    """Answer steps in whose language there is no article."""
    if languages is None:
        return
    known = {language.partition("-")[0] for language in languages}
    for flow in flows.in_all_languages():
        for step in flow.steps.values():
            if isinstance(step, AnswerStep) and flow.language.partition("-")[0] not in known:
                yield step.answer.place.error(
                    f"there is no knowledge in {flow.language}",
                    f"Write articles: knowledge/{flow.language}/NAME.md.",
                )
